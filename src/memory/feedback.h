/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_FEEDBACK_H
#define LARDER_MEMORY_FEEDBACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "memory/feedback_kinds.h"

/* What a reader that must not write to the segment, nginx, has to tell the workers: the records
 * that it has hit, the answers that it has given, the items that were read.  It lies in a file of
 * its own beside the segment, "<name>-edge", in which each of nginx' processes has a slot.  Workers
 * never map that file: whatever a reader writes there, or cuts off, gives wrong figures at worst.
 *
 * All counts only grow; beside each lies how much of it a worker has taken over.  One worker at a
 * time does that, the one that has the lock. */

/* --- A reader's --- */

struct feedback; /* opaque */

/* Maps the file of the segment of this name and takes a slot.  ERR_NOT_FOUND (no worker has made it
 * yet), ERR_DENIED, ERR_BUSY (all slots are taken), ERR_UNSUPPORTED (of another version), ERR_IO.
 */
enum err feedback_open(const char *name, struct feedback **out);
/* NULL is allowed. */
void feedback_close(struct feedback *feedback);
/* False once it has to be opened again.  Two system calls. */
bool feedback_is_current(const struct feedback *feedback);
/* enum feedback_policy; 0 once the file is cut. */
unsigned feedback_policy(const struct feedback *feedback);

void feedback_hit(struct feedback *feedback, uint64_t key_hash);
void feedback_add(struct feedback *feedback, enum feedback_count count);
/* The item of this name was read.  False: there is no room until a worker has taken some, and
 * nothing is counted. */
bool feedback_view(struct feedback *feedback, struct str name);
/* A request for this route, below FEEDBACK_ROUTES, which is always the same for one pattern, took
 * so long; kind is 0 to 3 (FEEDBACK_KIND), bucket below FEEDBACK_BUCKETS - 1. */
#define FEEDBACK_KIND(head, not_modified) ((unsigned)(head) << 1 | (unsigned)(not_modified))
void feedback_time(struct feedback *feedback, unsigned route, struct str pattern, unsigned kind,
                   unsigned bucket, int64_t ns);

/* --- A worker's --- */

struct feedback_file; /* opaque */

/* Opens the file of the segment of this name, making it where it is missing or of another version;
 * group: that of readers, or -1 for nobody but the same user.  ERR_DENIED, ERR_INVALID, ERR_IO. */
enum err feedback_file_open(const char *name, gid_t group, unsigned policy,
                            struct feedback_file **out);
/* Lets readers do this from now on, where it is not what this worker has let them last. */
void feedback_file_allow(struct feedback_file *file, unsigned policy);
/* NULL is allowed. */
void feedback_file_close(struct feedback_file *file);

/* False once it has to be opened again, since it was removed or is not whole. */
bool feedback_file_is_current(const struct feedback_file *file);

struct feedback_events {
    void (*hit)(void *context, uint64_t key_hash, unsigned times);
    void (*count)(void *context, enum feedback_count count, uint64_t by);
    void (*view)(void *context, struct str name, uint64_t by);
    /* buckets are FEEDBACK_BUCKETS. */
    void (*time)(void *context, struct str pattern, unsigned kind, const uint64_t *buckets);
};

/* Takes over what readers have told since, unless another worker does that. */
void feedback_take(struct feedback_file *file, const struct feedback_events *events, void *context);

#endif
