/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_CACHE_CHANGE_H
#define LARDER_TESTS_CACHE_CHANGE_H

#include "cache_stand.h"

/* Writes under the tags "t" and "u". */

#define ITEM STR("item:a")

struct change {
    struct cache_write write;
    struct cache_stand *stand;
    int64_t begun_ns, asked_ns; /* before the call, and after it */
    unsigned readied, done;
    enum err err; /* ready's */
};

static inline void on_write_ready(struct cache_write *write, enum err err)
{
    struct change *change = write->context;

    change->readied++;
    change->err = err;
}

static inline void on_write_done(struct cache_write *write)
{
    ((struct change *)write->context)->done++;
}

/* Begins, and waits until it may be sent to the database, or must not; total and written may be
 * NULL. */
static inline void change_begin_with(struct cache_stand *stand, struct change *change,
                                     const struct cache_total *total, struct cache_written *written)
{
    static const struct str tags[] = {STR_INIT("t"), STR_INIT("u")};

    memset(change, 0, sizeof *change);
    change->stand = stand;
    change->write.totals = total;
    change->write.total_count = total != NULL;
    change->write.written = written;
    change->begun_ns = clock_mono_ns();
    change->write.tags = tags;
    change->write.tag_count = 2;
    change->write.ready = on_write_ready;
    change->write.done = on_write_done;
    change->write.context = change;
    cache_write_begin(stand->cache, &change->write);
    change->asked_ns = clock_mono_ns();
    wait_until(&stand->stand.loop, change->readied == 1);
}

static inline void change_begin(struct cache_stand *stand, struct change *change)
{
    change_begin_with(stand, change, NULL, NULL);
}

/* Ends it; gives what the client may be told. */
static inline enum err change_end(struct change *change, enum err outcome)
{
    cache_write_end(&change->write, outcome);
    wait_until(&change->stand->stand.loop, change->done == 1);
    return change->write.err;
}

#endif
