/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_CORS_H
#define LARDER_HTTP_CORS_H

#include "http/request.h"

/* CORS (https://fetch.spec.whatwg.org/#http-cors-protocol).  Pages of the listed origins may do
 * everything that their user may, also with the cookie.  With * in the list, every page may read,
 * without cookie and Authorization. */

struct cors {
    struct str origins; /* with commas between; borrowed */
    bool any;           /* * is among them */
    bool named;         /* some other is */
};

/* The empty text allows no origin. */
void cors_init(struct cors *cors, struct str origins);
/* Returns whether this origin is listed. */
bool cors_names(const struct cors *cors, struct str origin);
/* Returns whether this is a preflight request of an allowed origin.  It is answered with 204 and
 * the header lines of cors_answer, whatever the path. */
bool cors_is_preflight(const struct cors *cors, const struct request *request);
/* Adds the header lines to any answer. context is the struct cors.  Adds nothing if no origins are
 * set. */
void cors_answer(void *context, struct request *request);

#endif
