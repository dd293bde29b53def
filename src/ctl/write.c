/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/write.h"

struct doing {
    struct cache_write write; /* first */
    struct ctl *ctl;
    struct mongo_job job;
    enum err (*work)(struct mongo_db *db, void *context);
    void *context;
    enum err err;
    bool ended, released;
};

static enum err run(struct mongo_db *db, void *context)
{
    struct doing *doing = context;

    return cache_write_in_time(&doing->write) ? doing->work(db, doing->context) : ERR_BUSY;
}

static void on_worked(void *context, enum err err)
{
    struct doing *doing = context;

    doing->err = err;
    cache_write_end(&doing->write, err);
}

static void on_released(void *context)
{
    ((struct doing *)context)->released = true;
}

static void on_ready(struct cache_write *write, enum err err)
{
    struct doing *doing = (struct doing *)write;

    doing->err = err;
    if (err != ERR_OK) {
        doing->ended = doing->released = true;
        return;
    }
    doing->job = (struct mongo_job){
        .work = run, .done = on_worked, .release = on_released, .context = doing, .write = true};
    mongo_submit_or_tell(doing->ctl->backend.mongo, &doing->job);
}

static void on_done(struct cache_write *write)
{
    struct doing *doing = (struct doing *)write;

    if (doing->err == ERR_OK)
        doing->err = write->err;
    doing->ended = true;
}

enum err ctl_write(struct ctl *ctl, const struct str *tags, size_t tag_count,
                   enum err (*work)(struct mongo_db *db, void *context), void *context)
{
    struct doing doing = {
        .write = {.tags = tags, .tag_count = tag_count, .ready = on_ready, .done = on_done},
        .ctl = ctl,
        .work = work,
        .context = context};

    (void)ctl_redis_ready(ctl); /* without it the write is a debt */
    cache_write_begin(ctl->backend.cache, &doing.write);
    ctl_wait(ctl, &doing.ended);
    ctl_wait(ctl, &doing.released);
    return doing.err;
}
