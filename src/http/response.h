/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_RESPONSE_H
#define LARDER_HTTP_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* What is sent back: header lines and a body of up to RESPONSE_PARTS runs of bytes, which are
 * gathered by the one writev that sends the response, never joined. */

enum {
    RESPONSE_PARTS = 4,
    RESPONSE_HEAD_MAX = 4000, /* nginx takes a header of one 4 KiB buffer */
    RESPONSE_BODY_MAX = 4 << 20
};

/* What of a request decides the answer, for caches: Vary. */
enum { VARY_ENCODING = 1, VARY_ORIGIN = 2, VARY_ACCEPT = 4 };

/* Where the answer has come from; NONE: no cache was asked. */
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
/* Empties it for the next request; keeps small buffers, frees those beyond keep bytes. */
void response_reset(struct response *response, size_t keep);

/* One header line.  A value with CR, LF or NUL is dropped whole: such a header cannot be sent. */
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
/* Makes the bytes of buf, which is empty then, the response's: a large body is not copied while it
 * waits to be sent.  All parts must be of these bytes, of response->body, of the
 * request's arena, or constants. */
void response_take(struct response *response, struct buf *buf);
/* The body is what was written into response->body. */
void response_body_done(struct response *response);
size_t response_length(const struct response *response);
/* Whether an answer of this status has a body (RFC 9110 sections 15.3.5 and 15.4.5). */
static inline bool response_has_content(const struct response *response)
{
    return response->status >= 200 && response->status != 204 && response->status != 304;
}
/* Bytes of the body that are sent. */
size_t response_sent(const struct response *response, bool head);

#endif
