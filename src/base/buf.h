/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_BUF_H
#define LARDER_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* A growing buffer that cannot be made without its cap.  An append that would pass the cap appends
 * nothing and sets the buffer's error; later appends do nothing, so a caller checks once, at the
 * end.  The bytes move when the buffer grows: what points into it is valid until the next append.
 */
struct buf {
    char *ptr;
    size_t len, size, cap;
    enum err err; /* ERR_OK or ERR_TOO_LARGE */
};

#define BUF_INIT(bytes) ((struct buf){.cap = (bytes)})

/* Allocates nothing until the first append. */
void buf_init(struct buf *buf, size_t cap);
/* Frees the bytes; the buffer is empty and may be used again. */
void buf_free(struct buf *buf);
/* Empties it and clears the error; the memory is kept. */
void buf_reset(struct buf *buf);
/* The same, but memory of more than keep bytes is freed. */
static inline void buf_clear(struct buf *buf, size_t keep)
{
    if (buf->size > keep)
        buf_free(buf);
    else
        buf_reset(buf);
}
/* Room for more bytes behind the content: their address, or NULL (error set) past the cap. */
char *buf_reserve(struct buf *buf, size_t more);
/* Takes what was written into the reserved room into the content. */
static inline void buf_commit(struct buf *buf, size_t written)
{
    buf->len += written;
}

void buf_append(struct buf *buf, const void *ptr, size_t len);
void buf_char(struct buf *buf, char c);
void buf_uint(struct buf *buf, uint64_t value);
void buf_int(struct buf *buf, int64_t value);
/* The number in size bytes, 1 to 8, the lowest first. */
void buf_le(struct buf *buf, uint64_t value, size_t size);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void buf_str(struct buf *buf, struct str s)
{
    buf_append(buf, s.ptr, s.len);
}

static inline struct str buf_view(const struct buf *buf)
{
    return str_make(buf->ptr, buf->len);
}

#define buf_literal(buf, literal) buf_append((buf), (literal), sizeof(literal) - 1)

#endif
