/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_PROBLEM_H
#define LARDER_HTTP_PROBLEM_H

#include "base/arena.h"
#include "base/err.h"
#include "http/request.h"

/* The errors of a request, and the JSON envelope of all errors:
 * {"success":false,"message":"…","errors":[{"field":"price","message":"…"}],"requestId":"…"}. */

enum { PROBLEM_ERRORS_MAX = 16, PROBLEM_FIELD_MAX = 100 };

struct problem_error {
    struct str field, message;
};

/* The errors of one request, collected and sent together. */
struct problem {
    struct arena *arena; /* texts that are made for this request */
    size_t count;
    struct problem_error errors[PROBLEM_ERRORS_MAX];
};

static inline void problem_init(struct problem *problem, struct arena *arena)
{
    problem->arena = arena;
    problem->count = 0;
}
/* Adds an error.  Borrows both strings.  Errors beyond PROBLEM_ERRORS_MAX are dropped. */
void problem_add(struct problem *problem, struct str field, struct str message);
/* The message is made in the arena, at most 200 bytes. */
void problem_addf(struct problem *problem, struct str field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ,"errors":[…] or nothing. */
void problem_errors_json(struct buf *out, const struct problem *problem);

/* Replaces the body by the envelope; keeps header lines (Allow, Cache-Status). problem may be NULL.
 */
void problem_write(struct request *request, unsigned status, struct str message,
                   const struct problem *problem);
/* The same, and finishes the request. */
void problem_send(struct request *request, unsigned status, struct str message,
                  const struct problem *problem);
/* The HTTP status and the text of an error.  This is the only place where errors become statuses.
 */
unsigned problem_status(enum err err, struct str *message);
/* The answer to an error. */
void problem_send_err(struct request *request, enum err err);
/* 400 "Invalid input" with the list. */
void problem_send_invalid(struct request *request, const struct problem *problem);

#endif
