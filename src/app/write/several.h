/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_SEVERAL_H
#define LARDER_APP_WRITE_SEVERAL_H

#include "app/write/target.h"

/* PATCH of an array and DELETE of ids: up to BULK_MAX items, checked one by one, in one write with
 * one invalidation. Items that others changed after the check are checked again. After an error,
 * items known to be written are reported so and the others as 503; if none is, the error is the
 * answer. */

struct several;

/* For at most count items of the route's resource. End with several_begin or several_drop. */
struct several *several_new(struct app *app, const struct route *route, struct request *request,
                            size_t count);
/* Adds an item. text: its id, ptr NULL if none was given; shown: the id in the answer (JSON, in
 * several_arena). Returns false if the id was added before. */
bool several_add(struct several *several, struct str text, struct str shown);
/* The item added last; NULL if it has no valid id. */
struct target *several_last(struct several *several);
/* Lives as long as the several. */
struct arena *several_arena(struct several *several);
void several_begin(struct several *several);
void several_drop(struct several *several);

#endif
