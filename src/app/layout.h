/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_LAYOUT_H
#define LARDER_APP_LAYOUT_H

#include <stdbool.h>

#include "schema/resource.h"

/* Agreement of all workers on each resource's partition, which differs between workers during a
 * rolling restart with a changed resource file. A write moves the tags of the partitions that its
 * worker knows, so a list of one partition may depend on its tag alone only while all workers
 * agree.
 *
 * Every second, each worker writes the partition field of each resource to the hash
 * "<prefix>:layouts" in Redis, and reads those of the others. A worker that has not done so for
 * LAYOUT_LEASE_MS, or saw another field within LAYOUT_OTHER_MS, does not agree: its lists have the
 * resource's tag, and its writes move the tag of all partitions. The result survives a lost
 * connection to the same Redis only. A worker that was stopped in between sees by its own clock
 * that its lease is over, before it writes. */

struct app;
struct layouts;

enum { LAYOUT_BEAT_MS = 1000, LAYOUT_LEASE_MS = 4000, LAYOUT_OTHER_MS = 10000 };

struct layouts *layouts_new(struct app *app);
/* Closes the timer, then calls done(context). */
void layouts_stop(struct layouts *layouts, void (*done)(void *context), void *context);
/* Call when redis has no calls left. */
void layouts_free(struct layouts *layouts);

/* Calls told(context) once, at the next answer or error of Redis. */
void layouts_await(struct layouts *layouts, void (*told)(void *context), void *context);
/* Whether all workers are known to agree on this resource's partition. */
bool layouts_agree(const struct layouts *layouts, const struct resource *resource);
/* Stops using this resource's partition, and tells all workers: the server's collation treats
 * different values as equal. */
void layouts_distrust(struct layouts *layouts, const struct resource *resource);

#endif
