/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_GATEWAY_STREAM_H
#define LARDER_TESTS_GATEWAY_STREAM_H

/* Makes FastCGI records as a web server sends them, and as none should. */
#include <fastcgi.h>
#include <string.h>

#include "base/buf.h"

#define STREAM ((struct buf)BUF_INIT(64 << 20))

static inline void add_padded(struct buf *to, int type, unsigned id, const void *content,
                              size_t len, unsigned padding)
{
    const char header[8] = {1,         (char)type,    (char)(id >> 8), (char)id, (char)(len >> 8),
                            (char)len, (char)padding, (char)0xa5 /* reserved: ignored */};
    char noise[255];

    memset(noise, 0x5a, sizeof noise);
    buf_append(to, header, sizeof header);
    buf_append(to, content, len);
    buf_append(to, noise, padding);
}

static inline void add(struct buf *to, int type, unsigned id, const void *content, size_t len)
{
    add_padded(to, type, id, content, len, 0);
}

static inline void add_begin(struct buf *to, unsigned id, unsigned role, unsigned flags)
{
    const char body[8] = {(char)(role >> 8), (char)role, (char)flags, 1, 2, 3, 4, 5};

    add(to, FCGI_BEGIN_REQUEST, id, body, sizeof body);
}

static inline void pair_len(struct buf *to, size_t len)
{
    if (len > 127) {
        buf_char(to, (char)(0x80 | len >> 24));
        buf_char(to, (char)(len >> 16));
        buf_char(to, (char)(len >> 8));
    }
    buf_char(to, (char)len);
}

static inline void pair_add(struct buf *to, struct str name, struct str value)
{
    pair_len(to, name.len);
    pair_len(to, value.len);
    buf_str(to, name);
    buf_str(to, value);
}

/* REQUEST_METHOD, REQUEST_URI and, unless NULL, CONTENT_LENGTH. */
static inline void add_params(struct buf *to, unsigned id, const char *method, const char *length)
{
    struct buf pairs = STREAM;

    pair_add(&pairs, STR("REQUEST_METHOD"), str_from(method));
    pair_add(&pairs, STR("REQUEST_URI"), STR("/api/products?limit=2"));
    if (length != NULL)
        pair_add(&pairs, STR("CONTENT_LENGTH"), str_from(length));
    add(to, FCGI_PARAMS, id, pairs.ptr, pairs.len);
    add(to, FCGI_PARAMS, id, NULL, 0);
    buf_free(&pairs);
}

static inline void add_body(struct buf *to, unsigned id, const char *text)
{
    if (*text != '\0')
        add(to, FCGI_STDIN, id, text, strlen(text));
    add(to, FCGI_STDIN, id, NULL, 0);
}

static inline void add_get(struct buf *to, unsigned id, unsigned flags)
{
    add_begin(to, id, FCGI_RESPONDER, flags);
    add_params(to, id, "GET", "");
    add_body(to, id, "");
}

#endif
