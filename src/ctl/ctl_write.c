/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/ctl_write.h"

struct ctl_parts {
    struct cache_write write; /* first */
    struct ctl *ctl;
    struct ctl_part *parts;
    size_t count, working, held; /* parts without an outcome, and parts still in use */
    enum err err;
    bool happened, ended, released;
};

static enum err write_run(struct mongo_db *db, void *context)
{
    struct ctl_part *part = context;

    return cache_write_in_time(part->write) ? part->work(db, part) : ERR_BUSY;
}

/* The cache's part: whether anything happened, or may have. */
static void on_worked(void *context, enum err err)
{
    struct ctl_parts *all = ((struct ctl_part *)context)->all;

    all->happened = all->happened || err == ERR_OK;
    if (all->err == ERR_OK || err == ERR_UNKNOWN)
        all->err = err;
    if (--all->working > 0)
        return;
    cache_write_end(&all->write, all->happened && all->err != ERR_UNKNOWN ? ERR_OK : all->err);
}

static void on_released(void *context)
{
    struct ctl_parts *all = ((struct ctl_part *)context)->all;

    all->released = --all->held == 0;
}

static void on_ready(struct cache_write *write, enum err err)
{
    struct ctl_parts *all = (struct ctl_parts *)write;

    all->err = err;
    if (err != ERR_OK) {
        all->ended = all->released = true;
        return;
    }
    all->working = all->held = all->count;
    for (size_t i = 0; i < all->count; i++) {
        struct ctl_part *part = &all->parts[i];

        part->all = all;
        part->write = write;
        part->job = (struct mongo_job){.work = write_run,
                                       .done = on_worked,
                                       .release = on_released,
                                       .context = part,
                                       .write = true};
        mongo_submit_or_tell(all->ctl->backend.mongo, &part->job);
    }
}

static void on_done(struct cache_write *write)
{
    struct ctl_parts *all = (struct ctl_parts *)write;

    if (all->err == ERR_OK)
        all->err = write->err;
    all->ended = true;
}

enum err ctl_write_parts(struct ctl *ctl, const struct str *tags, size_t tag_count,
                         struct ctl_part *parts, size_t count)
{
    struct ctl_parts all = {
        .write = {.tags = tags, .tag_count = tag_count, .ready = on_ready, .done = on_done},
        .ctl = ctl,
        .parts = parts,
        .count = count};

    cache_write_begin(ctl->backend.cache, &all.write);
    ctl_wait(ctl, &all.ended);
    ctl_wait(ctl, &all.released);
    return all.err;
}

/* --- One --- */

struct single {
    enum err (*work)(struct mongo_db *db, void *context);
    void *context;
};

static enum err work_single(struct mongo_db *db, struct ctl_part *part)
{
    const struct single *single = part->context;

    return single->work(db, single->context);
}

enum err ctl_write(struct ctl *ctl, const struct str *tags, size_t tag_count,
                   enum err (*work)(struct mongo_db *db, void *context), void *context)
{
    struct single single = {work, context};
    struct ctl_part part = {.work = work_single, .context = &single};

    (void)ctl_redis_ready(ctl); /* without it the invalidation is pending */
    return ctl_write_parts(ctl, tags, tag_count, &part, 1);
}
