/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/idiom.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/key.h"
#include "cache/round.h"
#include "cache/script.h"
#include "store/collection.h"

/* Who looks at the debts and pays them: notes the table's marks, lists the debts, gives their tags
 * new versions, deletes those that are settled (closed, or too old for the write to be under way)
 * in exactly the state it has seen them, and takes away the marks it noted, if no debt that is left
 * stands behind them. */

enum { TAGS_A_SCRIPT = 200, DEBTS_A_COMMAND = 2000 };

struct payer {
    struct cache *cache;
    uv_timer_t timer;
    bool busy; /* a round is under way */
};

static void begin_round(struct payer *payer);

/* Where there are more, and some have gone, the next ones are not kept waiting. */
static void end_round(struct round *round)
{
    struct payer *payer = round->payer;
    bool again = round->more && round->deleted > 0;

    payer->busy = false;
    round_free(round);
    if (again)
        begin_round(payer);
    cache_handle_closed(payer->cache);
}

/* --- Looking --- */

/* Marks what is owed and the table does not know yet. */
static void mark_owed(struct round *round)
{
    struct memory *memory = round->cache->memory;

    for (uint32_t slot = 0; round->owed != NULL && slot < MEMORY_TAG_SLOTS; slot++)
        if (round->owed->slots[slot] && memory_owed(memory, slot) == 0)
            memory_owe(memory, slot);
}

static void on_looked(void *context, enum err err)
{
    struct round *round = context;

    if (err == ERR_OK)
        mark_owed(round);
    round->looked(round->cache, round->generation, err);
}

void payer_look(struct payer *payer,
                void (*done)(struct cache *cache, uint64_t generation, enum err err))
{
    struct round *round = round_new(payer, payer->cache);

    round->looked = done;
    round->job = (struct mongo_job){
        .work = round_list, .done = on_looked, .release = round_free, .context = round};
    mongo_submit_or_tell(payer->cache->mongo, &round->job);
}

/* --- Paying --- */

/* Takes away the marks noted at the start behind which no debt is left. */
static void settle_marks(struct round *round)
{
    struct memory *memory = round->cache->memory;
    struct owed left = {{false}};

    if (round->more)
        return;
    for (size_t i = 0; i < round->count; i++)
        for (size_t j = 0; j < round->listed[i].tag_count && !round->listed[i].gone; j++)
            left.slots[key_slot(round->tags[round->listed[i].tag_at + j])] = true;
    for (size_t i = 0; i < round->mark_count; i++)
        if (!left.slots[round->marks[i].slot])
            memory_settle(memory, round->marks[i].slot, round->marks[i].generation);
}

/* Some of those that are settled, from *at on. */
struct batch {
    struct value ids[DEBTS_A_COMMAND];
    struct listed *listed[DEBTS_A_COMMAND];
    size_t count;
};

static void next_batch(struct round *round, bool closed, size_t *at, struct batch *batch)
{
    batch->count = 0;
    for (; *at < round->count && batch->count < DEBTS_A_COMMAND; ++*at) {
        struct listed *listed = &round->listed[*at];
        if (!listed->settled || listed->closed != closed)
            continue;
        batch->listed[batch->count] = listed;
        batch->ids[batch->count++] = value_oid(listed->id);
    }
}

/* Those that were listed in this state and still have it.  When some have not, none is taken to be
 * gone: the next round tells. */
static enum err delete_batch(struct mongo_db *db, struct round *round, bool closed,
                             const struct batch *batch)
{
    const struct condition which[] = {
        {STR("_id"), OP_IN, value_list(batch->ids, batch->count)},
        {STR("state"), OP_EQ, value_string(closed ? STR("closed") : STR("open"))},
    };
    int64_t deleted = 0;
    enum err err = collection_delete(db, debt_collection, which, COUNT(which), true, &deleted);

    round->deleted += err == ERR_OK ? (size_t)deleted : 0;
    for (size_t i = 0; i < batch->count; i++)
        batch->listed[i]->gone = err == ERR_OK && (size_t)deleted == batch->count;
    return err;
}

static enum err delete_settled(struct mongo_db *db, struct round *round, bool closed)
{
    struct batch *batch = mem_alloc(sizeof *batch);
    enum err err = ERR_OK;
    size_t at = 0;

    for (next_batch(round, closed, &at, batch); batch->count > 0 && err == ERR_OK;
         next_batch(round, closed, &at, batch))
        err = delete_batch(db, round, closed, batch);
    free(batch);
    return err;
}

static enum err delete_all_settled(struct mongo_db *db, void *context)
{
    enum err err = delete_settled(db, context, true);

    return err == ERR_OK ? delete_settled(db, context, false) : err;
}

static void on_deleted(void *context, enum err err)
{
    struct round *round = context;

    metric_add(METRIC_DEBTS_PAID, round->deleted);
    if (round->deleted > 0)
        log_info("cache", "debts paid", LOG_INT("count", (int64_t)round->deleted));
    if (err == ERR_OK)
        settle_marks(round);
}

static void release_round(void *context)
{
    end_round(context);
}

static void begin_deleting(struct round *round)
{
    round->job = (struct mongo_job){.work = delete_all_settled,
                                    .done = on_deleted,
                                    .release = release_round,
                                    .context = round,
                                    .write = true};
    mongo_submit_or_tell(round->cache->mongo, &round->job);
}

static void pay_more(struct round *round);

static void on_paid(void *context, enum err err, const struct redis_value *reply)
{
    struct round *round = context;

    (void)reply;
    if (err != ERR_OK)
        end_round(round);
    else
        pay_more(round);
}

static void pay_more(struct round *round)
{
    struct cache *cache = round->cache;
    struct str keys[TAGS_A_SCRIPT], args[1 + TAGS_A_SCRIPT];
    size_t count = 0;

    if (round->paid == round->due_count) {
        begin_deleting(round);
        return;
    }
    arena_reset(&cache->scratch);
    args[0] = arena_decimal(&cache->scratch, TAG_TTL_MS);
    for (; count < TAGS_A_SCRIPT && round->paid < round->due_count; count++) {
        char *version = arena_alloc(&cache->scratch, VERSION_SIZE);
        cache_version(version);
        keys[count] = cache_key(cache, KEY_TAG, round->dues[round->paid++]);
        args[1 + count] = str_make(version, VERSION_SIZE);
    }
    redis_script(cache->redis, &script_bump, keys, count, args, 1 + count, on_paid, round);
}

static void on_listed(void *context, enum err err)
{
    struct round *round = context;
    struct cache *cache = round->cache;

    if (err != ERR_OK)
        return;
    mark_owed(round);
    if (redis_ready(cache->redis) && redis_generation(cache->redis) == round->generation)
        cache->debts_known = true;
}

/* The job is over, so the round may go on with another. */
static void after_listing(void *context)
{
    struct round *round = context;

    if (round->job.err == ERR_OK && redis_ready(round->cache->redis))
        pay_more(round);
    else
        end_round(round);
}

static void note_marks(struct round *round)
{
    struct memory *memory = round->cache->memory;
    size_t size = 0;

    for (uint32_t slot = 0; memory_owed_next(memory, &slot); slot++) {
        if (round->mark_count == size) {
            size = size * 2 + 16;
            round->marks = mem_realloc(round->marks, size * sizeof *round->marks);
        }
        round->marks[round->mark_count++] = (struct mark){slot, memory_owed(memory, slot)};
    }
}

static void begin_round(struct payer *payer)
{
    struct round *round;

    if (payer->busy || uv_is_closing((uv_handle_t *)&payer->timer) ||
        !redis_ready(payer->cache->redis))
        return;
    round = round_new(payer, payer->cache);
    note_marks(round);
    round->job = (struct mongo_job){
        .work = round_list, .done = on_listed, .release = after_listing, .context = round};
    payer->busy = mongo_submit(payer->cache->mongo, &round->job) == ERR_OK;
    if (payer->busy)
        cache_handle_opened(payer->cache); /* cache_stop waits for the round's end */
    else
        round_free(round);
}

static void on_born(void *context, enum err err, const struct redis_value *reply)
{
    cache_take_born(context, err, reply);
}

static void on_tick(uv_timer_t *timer)
{
    struct payer *payer = timer->data;

    if (payer->busy || !redis_ready(payer->cache->redis))
        return;
    /* Or it would run out; and a flush is noticed before the next request. */
    cache_ask_born(payer->cache, false, on_born, payer->cache);
    begin_round(payer);
}

/* --- Life --- */

static void on_timer_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct payer *)handle->data)->cache);
}

struct payer *payer_new(struct cache *cache)
{
    struct payer *payer = mem_zalloc(sizeof *payer);

    payer->cache = cache;
    uv_timer_init(cache->loop, &payer->timer);
    payer->timer.data = payer;
    uv_timer_start(&payer->timer, on_tick, DEBT_TICK_MS, DEBT_TICK_MS);
    cache_handle_opened(cache);
    return payer;
}

void payer_stop(struct payer *payer)
{
    uv_close((uv_handle_t *)&payer->timer, on_timer_closed);
}

void payer_free(struct payer *payer)
{
    free(payer);
}
