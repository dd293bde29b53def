/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_BUF_H
#define LARDER_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* A growing buffer with a maximum size.  An append beyond the maximum appends nothing and sets the
 * buffer's error; later appends do nothing, so a caller checks once, at the end.  The bytes move
 * when the buffer grows: pointers into it are valid until the next append. */
struct buf {
    char *ptr;
    size_t len, size, cap;
    enum err err; /* ERR_OK or ERR_TOO_LARGE */
};

#define BUF_INIT(bytes) ((struct buf){.cap = (bytes)})

/* Allocates nothing until the first append. */
void buf_init(struct buf *buf, size_t cap);
/* Frees the bytes.  The buffer is then empty and may be used again. */
void buf_free(struct buf *buf);
/* Empties the buffer and clears its error; keeps the memory. */
void buf_reset(struct buf *buf);
/* The same, but frees the memory if it is larger than keep bytes. */
static inline void buf_clear(struct buf *buf, size_t keep)
{
    if (buf->size > keep)
        buf_free(buf);
    else
        buf_reset(buf);
}
/* Reserves room behind the content.  Returns its address, or NULL (error set) beyond the maximum.
 */
char *buf_reserve(struct buf *buf, size_t more);
/* Adds bytes that were written into the reserved room to the content. */
static inline void buf_commit(struct buf *buf, size_t written)
{
    buf->len += written;
}

void buf_append(struct buf *buf, const void *ptr, size_t len);
void buf_char(struct buf *buf, char c);
void buf_uint(struct buf *buf, uint64_t value);
void buf_int(struct buf *buf, int64_t value);
/* Appends the number in size bytes, 1 to 8, little-endian. */
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
