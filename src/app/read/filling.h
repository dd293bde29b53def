/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_FILLING_H
#define LARDER_APP_READ_FILLING_H

#include <stdatomic.h>

#include "app/app_state.h"

/* Arbitrates between a thread that calls cache_fill_seal and a deadline that ends the fill on the
 * loop: the first one wins. Zero-initialised. */
struct fill_seal {
    atomic_int state;
};

/* On the thread: seals the fills, unless fill_seal_end was called. */
void fill_seal_all(struct fill_seal *seal, struct cache_fill *const *fills, size_t count);
/* On the loop, before the fills end: afterwards the thread touches none of them. */
void fill_seal_end(struct fill_seal *seal);

/* A job in MongoDB that fills one entry. It owns its memory, since at the deadline the look-up is
 * answered while the job may still run. */

enum { FILLING_KEY_MAX = 64 };

struct filling {
    struct app *app;
    /* On a thread: writes plain.  ERR_NOT_FOUND is a 404. */
    enum err (*ask)(struct mongo_db *db, struct filling *filling);
    struct buf plain;
    uint32_t source_at; /* as in struct entry */
    bool tagged;        /* give the entry an entity tag, computed from its bytes */
    struct oid id;      /* id and key are for the caller's use */
    char key[FILLING_KEY_MAX];

    struct cache_fill *fill;
    struct fill_seal seal;
    struct mongo_job job;
};

/* Returns a zeroed filling for a look-up's fill; set id or key next. */
struct filling *filling_new(struct app *app, struct cache_fill *fill,
                            enum err (*ask)(struct mongo_db *db, struct filling *filling));
/* Starts the job. It ends in cache_fill_done and frees the filling. */
void filling_start(struct filling *filling);

#endif
