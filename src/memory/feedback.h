/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_FEEDBACK_H
#define LARDER_MEMORY_FEEDBACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "memory/feedback_kinds.h"

/* Reports of nginx, which reads the segment but must not write to it, to the workers: records hit,
 * answers given, items viewed. They are in a file beside the segment, "<name>-edge", with a slot
 * for each process of nginx. Workers never map that file, so damage to it can only cause wrong
 * figures.
 *
 * All counts only grow. Next to each count is the part that a worker has collected already; the
 * worker that holds the lock collects. */

/* --- A reader's --- */

struct feedback; /* opaque */

/* Maps the file of this segment and claims a slot.  ERR_NOT_FOUND (no worker has made it
 * yet), ERR_DENIED, ERR_BUSY (all slots are taken), ERR_UNSUPPORTED (of another version), ERR_IO.
 */
enum err feedback_open(const char *name, struct feedback **out);
/* NULL is allowed. */
void feedback_close(struct feedback *feedback);
/* Returns false if the file must be opened again. Two system calls. */
bool feedback_is_current(const struct feedback *feedback);
/* Returns enum feedback_policy; 0 if the file was truncated. */
unsigned feedback_policy(const struct feedback *feedback);

void feedback_hit(struct feedback *feedback, uint64_t key_hash);
void feedback_add(struct feedback *feedback, enum feedback_count count);
/* Counts a view of the item of this name. Returns false, without counting, if there is no room
 * until a worker collects. */
bool feedback_view(struct feedback *feedback, struct str name);
/* Counts a request's duration. route: below FEEDBACK_ROUTES, always the same for one pattern; kind:
 * 0 to 3 (FEEDBACK_KIND); bucket: below FEEDBACK_BUCKETS - 1. */
#define FEEDBACK_KIND(head, not_modified) ((unsigned)(head) << 1 | (unsigned)(not_modified))
void feedback_time(struct feedback *feedback, unsigned route, struct str pattern, unsigned kind,
                   unsigned bucket, int64_t ns);

/* --- A worker's --- */

struct feedback_file; /* opaque */

/* Opens the file of this segment, creating it if it is missing or of another version. group: of the
 * readers, or -1 for the same user only.  ERR_DENIED, ERR_INVALID, ERR_IO. */
enum err feedback_file_open(const char *name, gid_t group, unsigned policy,
                            struct feedback_file **out);
/* Sets the policy of readers, if it differs from what this worker set last. */
void feedback_file_allow(struct feedback_file *file, unsigned policy);
/* NULL is allowed. */
void feedback_file_close(struct feedback_file *file);

/* Returns false if the file must be opened again, because it was removed or truncated. */
bool feedback_file_is_current(const struct feedback_file *file);

struct feedback_events {
    void (*hit)(void *context, uint64_t key_hash, unsigned times);
    void (*count)(void *context, enum feedback_count count, uint64_t by);
    void (*view)(void *context, struct str name, uint64_t by);
    /* buckets are FEEDBACK_BUCKETS. */
    void (*time)(void *context, struct str pattern, unsigned kind, const uint64_t *buckets);
};

/* Collects what readers reported since the last time, unless another worker is collecting. */
void feedback_take(struct feedback_file *file, const struct feedback_events *events, void *context);

#endif
