/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/le.h"
#include "base/mem.h"

enum { SIZE_MIN = 256 };

void buf_init(struct buf *buf, size_t cap)
{
    *buf = BUF_INIT(cap);
}

void buf_free(struct buf *buf)
{
    size_t cap = buf->cap;

    free(buf->ptr);
    buf_init(buf, cap);
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->err = ERR_OK;
}

char *buf_reserve(struct buf *buf, size_t more)
{
    size_t size;

    if (buf->err != ERR_OK || more > buf->cap - buf->len) {
        buf->err = ERR_TOO_LARGE;
        return NULL;
    }
    if (more > buf->size - buf->len || buf->ptr == NULL) {
        size = buf->size + buf->size / 2;
        if (size < SIZE_MIN)
            size = SIZE_MIN;
        if (size < buf->len + more)
            size = buf->len + more;
        if (size > buf->cap)
            size = buf->cap;
        buf->ptr = mem_realloc(buf->ptr, size);
        buf->size = size;
    }
    return buf->ptr + buf->len;
}

void buf_append(struct buf *buf, const void *ptr, size_t len)
{
    char *to = len > 0 ? buf_reserve(buf, len) : NULL;

    if (to != NULL) {
        memcpy(to, ptr, len);
        buf->len += len;
    }
}

void buf_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

void buf_uint(struct buf *buf, uint64_t value)
{
    char room[DECIMAL_MAX];

    buf_str(buf, str_decimal(value, room));
}

void buf_int(struct buf *buf, int64_t value)
{
    if (value < 0)
        buf_char(buf, '-');
    buf_uint(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void buf_le(struct buf *buf, uint64_t value, size_t size)
{
    char bytes[sizeof value];

    le_put(bytes, value, size);
    buf_append(buf, bytes, size);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    char room[512], *text = room;
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(room, sizeof room, format, args);
    va_end(args);
    if (len < 0)
        buf->err = ERR_TOO_LARGE;
    if (len < 0 || (len > 0 && buf_reserve(buf, (size_t)len) == NULL))
        return;
    if ((size_t)len >= sizeof room) { /* measured: once more, and to its end */
        text = mem_alloc((size_t)len + 1);
        va_start(args, format);
        (void)vsnprintf(text, (size_t)len + 1, format, args);
        va_end(args);
    }
    buf_append(buf, text, (size_t)len);
    if (text != room)
        free(text);
}
