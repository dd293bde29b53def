/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_TOUCHED_H
#define LARDER_APP_WRITE_TOUCHED_H

#include "app/plan.h"

/* The tags of changes by other programs, as reported to touch. The documents' previous partitions
 * are unknown, so the tags of all partitions are included. */

enum { TOUCHED_IDS_MAX = 1000 };

struct touched {
    const struct plan *plan;
    struct arena *arena;
    /* Set one of the three; borrowed. */
    const struct str *ids; /* canonical, unique; at most TOUCHED_IDS_MAX */
    size_t id_count;
    const struct condition *conditions;
    size_t condition_count;
    bool all;

    struct str tags[CACHE_WRITE_TAGS_MAX]; /* in the arena */
    size_t tag_count;
    int64_t count; /* ids, or documents that match the conditions */
};

/* On a thread: finds the documents and sets tags and count. */
enum err touched_look(struct mongo_db *db, struct touched *touched);

#endif
