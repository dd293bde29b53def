/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/renewal.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "cache/cache_state.h"

struct work {
    struct cache *cache;
    struct renewal renewal;
    char id[MEMBER_ID_SIZE];
    int64_t ended;
    struct mongo_job job;
};

static void renewal_release(void *context)
{
    struct work *work = context;

    cache_handle_closed(work->cache);
    free(work);
}

static void renewal_submit(struct cache *cache, struct work *work,
                           enum err (*run)(struct mongo_db *db, void *context),
                           void (*done)(void *context, enum err err))
{
    work->cache = cache;
    work->job = (struct mongo_job){
        .work = run, .done = done, .release = renewal_release, .context = work, .write = true};
    cache_handle_opened(cache);
    mongo_submit_or_tell(cache->mongo, &work->job);
}

/* --- An epoch --- */

static enum err renew(struct mongo_db *db, void *context)
{
    struct work *work = context;
    const struct renewal *renewal = &work->renewal;

    if (renewal->sessions.len > 0)
        return installation_restored(db, &renewal->seen, renewal->epoch, renewal->beat,
                                     renewal->sessions, &work->ended);
    return installation_renew(db, &renewal->seen, renewal->epoch, renewal->beat);
}

static void on_renewed(void *context, enum err err)
{
    const struct work *work = context;

    if (work->renewal.sessions.len > 0 && err == ERR_OK)
        log_warn("cache",
                 "the database has gone back, as after a restore: all sessions are ended, and what "
                 "Redis holds is out of reach",
                 LOG_INT("sessions", work->ended), LOG_INT("epoch", work->renewal.epoch));
}

void renewal_start(struct cache *cache, const struct renewal *renewal)
{
    enum { BEAT_LEAP = 1000 }; /* more than heartbeats that are under way */
    struct work *work = mem_zalloc(sizeof *work);

    work->renewal = *renewal;
    work->renewal.beat += BEAT_LEAP;
    renewal_submit(cache, work, renew, on_renewed);
}

/* --- Leaving --- */

static enum err leave(struct mongo_db *db, void *context)
{
    return installation_leave(db, ((struct work *)context)->id);
}

static void on_left(void *context, enum err err)
{
    (void)context, (void)err;
}

void renewal_leave(struct cache *cache, const char id[static MEMBER_ID_SIZE])
{
    struct work *work = mem_zalloc(sizeof *work);

    memcpy(work->id, id, MEMBER_ID_SIZE);
    renewal_submit(cache, work, leave, on_left);
}
