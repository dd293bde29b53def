/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_RESPONSE_H
#define LARDER_HTTP_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* A response: header lines and a body of up to RESPONSE_PARTS parts.  One writev(2) sends the
 * parts; they are never joined. */

enum {
    RESPONSE_PARTS = 4,
    RESPONSE_HEAD_MAX = 4000, /* nginx takes a header of one 4 KiB buffer */
    RESPONSE_BODY_MAX = 4 << 20
};

/* Request headers that the answer depends on, for Vary. */
enum { VARY_ENCODING = 1, VARY_ORIGIN = 2, VARY_ACCEPT = 4 };

/* The source of the answer; NONE: no cache was used. */
enum response_cache {
    RESPONSE_NONE,
    RESPONSE_MEMORY,
    RESPONSE_REDIS,
    RESPONSE_MISS,
    RESPONSE_STALE,
    RESPONSE_BYPASS
};

struct response {
    unsigned status;
    unsigned vary;
    enum response_cache cache;
    struct buf head;                  /* "Name: value\r\n" lines */
    struct str parts[RESPONSE_PARTS]; /* the body, in order; borrowed by request_finish() */
    size_t part_count;
    struct buf body;  /* room for a body made for this request, kept for the next */
    struct buf taken; /* another one's bytes, which the parts are of; see response_take */
    bool lasting;     /* the parts' bytes stay until response_reset() */
    bool no_body;     /* HEAD, 304: the length is sent, the bytes are not */
    bool unsized;     /* the length is not sent: nobody knows it */
};

void response_init(struct response *response);
/* Frees what it holds. */
void response_free(struct response *response);
/* Empties the response for the next request.  Keeps small buffers, frees those of more than keep
 * bytes. */
void response_reset(struct response *response, size_t keep);

/* Adds a header line.  A value with CR, LF or NUL is dropped, with its header. */
void response_header(struct response *response, struct str name, struct str value);
#define response_header_lit(response, name, value)                                                 \
    response_header((response), STR(name), STR(value))
/* The value of the first line of this name, or the empty string. */
struct str response_field(const struct response *response, struct str name);
/* Writes the Vary line, at most RESPONSE_VARY_MAX bytes, or nothing; returns its end. */
enum { RESPONSE_VARY_MAX = 48 };
char *response_put_vary(const struct response *response, char *to);
/* Adds to the body; the bytes must stay until request_finish() has returned. */
void response_part(struct response *response, struct str bytes);
/* Moves the bytes of buf, which is then empty, to the response: a large body is not copied while it
 * waits to be sent.  All parts must point into these bytes, into response->body, into the request's
 * arena, or to constants. */
void response_take(struct response *response, struct buf *buf);
/* Makes the content of response->body the body. */
void response_body_done(struct response *response);
size_t response_length(const struct response *response);
/* Returns whether an answer of this status has a body (RFC 9110 sections 15.3.5 and 15.4.5). */
static inline bool response_has_content(const struct response *response)
{
    return response->status >= 200 && response->status != 204 && response->status != 304;
}
/* Returns the number of bytes of the body. */
size_t response_sent(const struct response *response, bool head);

#endif
