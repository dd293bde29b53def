/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_VIEWS_H
#define LARDER_APP_VIEWS_H

#include "app/plan.h"

/* How often items are looked at.  Counted in this worker's memory, so that a view costs nothing,
 * and added each second to Redis: "<prefix>:views:<resource>:<id>" and, for the order, the sorted
 * set "<prefix>:views:<resource>".  While Redis is away they wait here, as many as there is room
 * for; a worker that is killed loses a second's. */

struct app;
struct views;

struct views *views_new(struct app *app);
/* Adds what is left to Redis; done when its timer is closed. */
void views_stop(struct views *views, void (*done)(void *context), void *context);
/* When Redis has answered or is closed. */
void views_free(struct views *views);

/* id: canonical text, here and below. */
void views_count(struct views *views, const struct plan *plan, struct str id, uint64_t times);
/* What has been counted here and is not in Redis yet. */
uint64_t views_waiting(const struct views *views, const struct plan *plan, struct str id);
/* "<prefix>:views:products:<id>", and of no id "<prefix>:views:products". */
struct str views_key(const struct app *app, const struct plan *plan, struct str id,
                     struct arena *arena);
/* The item is no more: its views are taken away now, and some seconds long what other workers may
 * still add. */
void views_forget(struct views *views, const struct plan *plan, struct str id);

#endif
