/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_REFUSED_H
#define LARDER_APP_REFUSED_H

#include "base/err.h"
#include "http/problem.h"
#include "mongo/refusal.h"

/* What is answered to a write that the database has refused for what was in it. */

/* Whether err is such: ERR_EXISTS, ERR_REFUSED. */
bool refused_is(enum err err);
/* The fields that are named, as errors; texts are made in the problem's arena. */
void refused_errors(const struct refusal *refusal, struct problem *problem);
/* Answers the request, 409 or 400. */
void refused_send(struct request *request, enum err err, const struct refusal *refusal);

#endif
