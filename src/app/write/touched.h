/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_TOUCHED_H
#define LARDER_APP_WRITE_TOUCHED_H

#include "app/plan.h"

/* What other programs have changed, as named by the caller of touch: its tags.  Which lists a
 * document stood in before is not known, so those of all partitions are among them. */

enum { TOUCHED_IDS_MAX = 1000 };

struct touched {
    const struct plan *plan;
    struct arena *arena;
    /* One of the three; all that they point to is borrowed. */
    const struct str *ids; /* canonical, none twice; at most TOUCHED_IDS_MAX */
    size_t id_count;
    const struct condition *conditions;
    size_t condition_count;
    bool all;

    struct str tags[CACHE_WRITE_TAGS_MAX]; /* the arena's */
    size_t tag_count;
    int64_t count; /* ids, or documents that meet the conditions */
};

/* On a thread: looks for the documents and sets tags and count. */
enum err touched_look(struct mongo_db *db, struct touched *touched);

#endif
