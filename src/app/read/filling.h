/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_FILLING_H
#define LARDER_APP_READ_FILLING_H

#include <stdatomic.h>

#include "app/app_state.h"

/* cache_fill_seal from a thread, against a deadline that ends the fill on the loop at the same
 * time: the first of them wins, and the other sees it.  Zeroed at first. */
struct fill_seal {
    atomic_int state;
};

/* On the thread: seals them, unless fill_seal_end has been called. */
void fill_seal_all(struct fill_seal *seal, struct cache_fill *const *fills, size_t count);
/* On the loop, before the fills end: none of them is touched by the thread afterwards. */
void fill_seal_end(struct fill_seal *seal);

/* One job in MongoDB that makes one entry.  Its memory is its own: at the deadline the look-up is
 * answered, while the job may still be at work. */

enum { FILLING_KEY_MAX = 64 };

struct filling {
    struct app *app;
    /* On a thread: writes plain.  ERR_NOT_FOUND is a 404. */
    enum err (*ask)(struct mongo_db *db, struct filling *filling);
    struct buf plain;
    uint32_t source_at; /* as in struct entry */
    bool tagged;        /* it has an entity tag, of its bytes */
    struct oid id;      /* what is asked for: the caller's to set and use */
    char key[FILLING_KEY_MAX];

    struct cache_fill *fill;
    struct fill_seal seal;
    struct mongo_job job;
};

/* Zeroed, for a look-up's fill; then set id or key. */
struct filling *filling_new(struct app *app, struct cache_fill *fill,
                            enum err (*ask)(struct mongo_db *db, struct filling *filling));
/* Ends in cache_fill_done, and frees it. */
void filling_start(struct filling *filling);

#endif
