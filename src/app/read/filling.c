/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/filling.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "http/conditional.h"

struct filling *filling_new(struct app *app, struct cache_fill *fill,
                            enum err (*ask)(struct mongo_db *db, struct filling *filling))
{
    struct filling *filling = mem_zalloc(sizeof *filling);

    filling->app = app;
    filling->fill = fill;
    filling->ask = ask;
    buf_init(&filling->plain, ENTRY_SIZE_MAX);
    return filling;
}

static enum err filling_work(struct mongo_db *db, void *context)
{
    struct filling *filling = context;
    enum err err;

    fill_seal_all(&filling->seal, &filling->fill, 1);
    err = filling->ask(db, filling);
    return err == ERR_OK ? filling->plain.err : err;
}

static void filling_done(void *context, enum err err)
{
    struct filling *filling = context;
    struct entry entry = {.status = 404};
    char etag[ETAG_SIZE];

    fill_seal_end(&filling->seal);
    if (err == ERR_OK) {
        entry.status = 200;
        entry.plain = buf_view(&filling->plain);
        entry.source_at = filling->source_at;
        if (filling->tagged)
            entry.etag = etag_of(entry.plain, true, etag);
    }
    if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    cache_fill_done(filling->fill, err, err == ERR_OK ? &entry : NULL);
}

static void filling_release(void *context)
{
    struct filling *filling = context;

    buf_free(&filling->plain);
    free(filling);
}

void filling_start(struct filling *filling)
{
    filling->job = (struct mongo_job){.work = filling_work,
                                      .done = filling_done,
                                      .release = filling_release,
                                      .context = filling,
                                      .deadline_ms = clock_mono_ms() + READ_MS};
    mongo_submit_or_tell(filling->app->mongo, &filling->job);
}

enum { SEAL_OPEN, SEAL_AT_WORK, SEAL_OVER };

void fill_seal_all(struct fill_seal *seal, struct cache_fill *const *fills, size_t count)
{
    int expected = SEAL_OPEN;

    if (!atomic_compare_exchange_strong(&seal->state, &expected, SEAL_AT_WORK))
        return;
    for (size_t i = 0; i < count; i++)
        cache_fill_seal(fills[i]);
    atomic_store(&seal->state, SEAL_OVER);
}

void fill_seal_end(struct fill_seal *seal)
{
    int expected = SEAL_OPEN;

    if (atomic_compare_exchange_strong(&seal->state, &expected, SEAL_OVER))
        return;
    while (atomic_load(&seal->state) == SEAL_AT_WORK)
        sched_yield();
}
