/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_LAYOUT_H
#define LARDER_APP_LAYOUT_H

#include <stdbool.h>

#include "schema/resource.h"

/* Which partition the workers go by, while some of them were started with another resource file
 * (a rolling restart).  A write moves the tags of the partitions that its worker knows, so lists of
 * one partition may go by its tag alone only while all workers know the same ones.
 *
 * Each worker says every second in Redis, in the hash "<prefix>:layouts", by which field each of
 * its resources is partitioned, and learns of the others.  A worker that has not done so for
 * LAYOUT_LEASE_MS, or has seen another field within LAYOUT_OTHER_MS, does not agree: its lists
 * have the resource's tag, and its writes move the tag of all partitions.  What was learnt holds
 * through a lost connection to the same Redis, and for no other.  A worker that was
 * stopped in between notices by its own clock that its time is over, before it writes. */

struct app;
struct layouts;

enum { LAYOUT_BEAT_MS = 1000, LAYOUT_LEASE_MS = 4000, LAYOUT_OTHER_MS = 10000 };

struct layouts *layouts_new(struct app *app);
/* Closes its timer, then done(context). */
void layouts_stop(struct layouts *layouts, void (*done)(void *context), void *context);
/* After redis has no call of its own left. */
void layouts_free(struct layouts *layouts);

/* Calls told(context) once, when Redis has next answered, or failed to. */
void layouts_await(struct layouts *layouts, void (*told)(void *context), void *context);
/* Whether all workers are known to go by this resource's partition. */
bool layouts_agree(const struct layouts *layouts, const struct resource *resource);
/* Goes by no partition of this resource any more, since the server takes values for equal that are
 * not (a collation), and lets all workers know. */
void layouts_distrust(struct layouts *layouts, const struct resource *resource);

#endif
