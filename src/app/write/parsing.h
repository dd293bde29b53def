/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_PARSING_H
#define LARDER_APP_WRITE_PARSING_H

#include "app/people/auth.h"
#include "app/write/body.h"

/* Parses long bodies on a thread before the handler is called, since parsing one would block the
 * loop for milliseconds. */

enum { PARSING_MIN = 4 << 10 }; /* bytes; a shorter body takes at most a quarter of a millisecond */

struct parsing;

/* Parses the body of the visit's request, then calls next, later. */
void parsing_begin(struct visit *visit, void (*next)(struct visit *visit));
/* In next, once: the result of body_parse. */
enum err parsing_take(struct parsing *parsing, bool allow_array, struct problem *problem,
                      json_t **root);

#endif
