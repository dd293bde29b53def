/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_PARSING_H
#define LARDER_APP_WRITE_PARSING_H

#include "app/people/auth.h"
#include "app/write/body.h"

/* A long body takes up to some milliseconds to read, in which the loop would answer nobody: it is
 * read on a thread before its handler is called. */

enum { PARSING_MIN = 4 << 10 }; /* bytes: a shorter one takes a quarter of a millisecond at most */

struct parsing;

/* Reads the body of the visit's request and calls next, later. */
void parsing_begin(struct visit *visit, void (*next)(struct visit *visit));
/* In next: what body_parse gives, once. */
enum err parsing_take(struct parsing *parsing, bool allow_array, struct problem *problem,
                      json_t **root);

#endif
