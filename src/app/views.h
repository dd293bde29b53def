/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_VIEWS_H
#define LARDER_APP_VIEWS_H

#include "app/plan.h"

/* Counts views of items: in this worker's memory first, and each second in Redis, under
 * "<prefix>:views:<resource>:<id>" and in the sorted set "<prefix>:views:<resource>". While Redis
 * is away counts wait in a bounded table; a killed worker loses up to a second of them. */

struct app;
struct views;

struct views *views_new(struct app *app);
/* Adds what is left to Redis and closes the timer, then calls done(context). */
void views_stop(struct views *views, void (*done)(void *context), void *context);
/* Call when Redis has answered or is closed. */
void views_free(struct views *views);

/* id: canonical text, here and below. */
void views_count(struct views *views, const struct plan *plan, struct str id, uint64_t times);
/* Views counted here that are not in Redis yet. */
uint64_t views_waiting(const struct views *views, const struct plan *plan, struct str id);
/* "<prefix>:views:products:<id>", or "<prefix>:views:products" if id is empty. */
struct str views_key(const struct app *app, const struct plan *plan, struct str id,
                     struct arena *arena);
/* Removes the views of a deleted item, for some seconds, since other workers may still add theirs.
 */
void views_forget(struct views *views, const struct plan *plan, struct str id);

#endif
