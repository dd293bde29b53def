/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_REFUSED_H
#define LARDER_APP_REFUSED_H

#include "base/err.h"
#include "http/problem.h"
#include "mongo/refusal.h"

/* Answers to a write that the database refused because of its content. */

/* Whether err means that: ERR_EXISTS or ERR_REFUSED. */
bool refused_is(enum err err);
/* Adds an error for each named field. Texts are allocated in the problem's arena. */
void refused_errors(const struct refusal *refusal, struct problem *problem);
/* Answers the request, 409 or 400. */
void refused_send(struct request *request, enum err err, const struct refusal *refusal);

#endif
