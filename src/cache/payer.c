/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/key.h"
#include "cache/script.h"
#include "cache/state.h"
#include "store/collection.h"

/* Who looks at the debts and pays them: notes the table's marks, lists the debts, gives their tags
 * new versions, deletes those that are settled (closed, or too old for the write to be under way)
 * in exactly the state it has seen them, and takes away the marks it noted, if no debt that is left
 * stands behind them. */

enum { DEBT_READ_MS = 2000, TAGS_A_SCRIPT = 200 };

/* --- Looking --- */

struct listed {
    struct oid id;
    bool settled, closed, gone; /* settled: may be deleted once its tags are paid */
    size_t tag_at, tag_count;   /* in round.tags */
};

struct mark {
    uint32_t slot;
    uint64_t generation;
};

/* One look at the debts, on a thread of MongoDB's pool. */
struct round {
    struct mongo_job job;
    struct debts *debts;
    struct arena arena;
    uint64_t generation; /* of Redis' connection when it began */
    int64_t now_ms;      /* by MongoDB's clock */
    struct listed listed[DEBTS_MAX];
    size_t count;
    bool more;
    struct str *tags;
    size_t tag_count, tag_size;
    size_t paid; /* tags that have new versions */
    struct mark *marks;
    size_t mark_count;
    void (*looked)(struct cache *cache, uint64_t generation, enum err err);
};

struct debts {
    struct cache *cache;
    uv_timer_t timer;
    bool busy; /* a round is under way */
};

static struct round *round_new(struct debts *debts)
{
    struct round *round = mem_zalloc(sizeof *round);

    round->debts = debts;
    round->generation = redis_generation(debts->cache->redis);
    arena_init(&round->arena, NULL, 0);
    return round;
}

static void round_free(void *context)
{
    struct round *round = context;

    arena_reset(&round->arena);
    free(round->tags);
    free(round->marks);
    free(round);
}

static void round_end(struct round *round)
{
    struct cache *cache = round->debts->cache;

    round->debts->busy = false;
    round_free(round);
    cache_handle_closed(cache);
}

enum { SHAPE_ID, SHAPE_STATE, SHAPE_TAGS, SHAPE_OPENED };
static const struct shape_field shape_fields[] = {
    [SHAPE_ID] = {STR_INIT("_id"), .hidden = true, .capture = true},
    [SHAPE_STATE] = {STR_INIT("state"), .hidden = true, .capture = true},
    [SHAPE_TAGS] = {STR_INIT("tags"), .hidden = true, .capture = true},
    [SHAPE_OPENED] = {STR_INIT("opened"), .hidden = true, .capture = true},
};
static const struct shape shape = SHAPE(shape_fields);

static void take_tags(struct round *round, struct listed *listed, const struct value *tags)
{
    listed->tag_at = round->tag_count;
    listed->tag_count = tags->type == VALUE_STRINGS ? tags->strings.count : 0;
    while (round->tag_count + listed->tag_count > round->tag_size) {
        round->tag_size = round->tag_size * 2 + 64;
        round->tags = mem_realloc(round->tags, round->tag_size * sizeof *round->tags);
    }
    for (size_t i = 0; i < listed->tag_count; i++)
        round->tags[round->tag_count++] = arena_str(&round->arena, tags->strings.items[i]);
}

static bool take_debt(void *context, const struct value *captured)
{
    struct round *round = context;
    struct listed *listed = &round->listed[round->count];
    int64_t opened = captured[SHAPE_OPENED].type == VALUE_DATE ? captured[SHAPE_OPENED].integer : 0;

    if (round->count == DEBTS_MAX) {
        round->more = true;
        return false;
    }
    if (captured[SHAPE_ID].type != VALUE_OID)
        return true; /* none of ours */
    round->count++;
    listed->id = captured[SHAPE_ID].oid;
    listed->closed = captured[SHAPE_STATE].type == VALUE_STRING &&
                     str_eq(captured[SHAPE_STATE].string, STR("closed"));
    listed->settled = listed->closed || round->now_ms - opened > DEBT_OLD_MS;
    take_tags(round, listed, &captured[SHAPE_TAGS]);
    return true;
}

static enum err list_debts(struct mongo_db *db, void *context)
{
    struct round *round = context;
    struct condition ours = {.field = STR("prefix"),
                             .op = OP_EQ,
                             .value = value_string(str_from(round->debts->cache->prefix))};
    struct find find = {.collection = debt_collection,
                        .conditions = &ours,
                        .condition_count = 1,
                        .shape = &shape,
                        .limit = DEBTS_MAX + 1,
                        .max_time_ms = DEBT_READ_MS};
    enum err err = collection_server_time(db, &round->now_ms);

    return err == ERR_OK ? collection_each(db, &find, take_debt, round) : err;
}

static uint32_t slot_of(struct str tag)
{
    char room[KEY_HASHED_MAX];

    return memory_slot(key_name(tag, room));
}

/* Marks what the list names and the table does not know yet. */
static void mark_owed(struct round *round)
{
    struct memory *memory = round->debts->cache->memory;

    for (size_t i = 0; i < round->tag_count; i++)
        if (memory_owed(memory, slot_of(round->tags[i])) == 0)
            memory_owe(memory, slot_of(round->tags[i]));
}

static void on_looked(void *context, enum err err)
{
    struct round *round = context;

    if (err == ERR_OK)
        mark_owed(round);
    round->looked(round->debts->cache, round->generation, round->more ? ERR_BUSY : err);
}

void debts_look(struct debts *debts,
                void (*done)(struct cache *cache, uint64_t generation, enum err err))
{
    struct round *round = round_new(debts);

    round->looked = done;
    round->job = (struct mongo_job){
        .work = list_debts, .done = on_looked, .release = round_free, .context = round};
    mongo_submit_or_tell(debts->cache->mongo, &round->job);
}

/* --- Paying --- */

/* Takes away the marks noted at the start behind which no debt is left. */
static void settle_marks(struct round *round)
{
    struct memory *memory = round->debts->cache->memory;
    bool owed[MEMORY_TAG_SLOTS] = {false};

    if (round->more)
        return;
    for (size_t i = 0; i < round->count; i++)
        for (size_t j = 0; j < round->listed[i].tag_count && !round->listed[i].gone; j++)
            owed[slot_of(round->tags[round->listed[i].tag_at + j])] = true;
    for (size_t i = 0; i < round->mark_count; i++)
        if (!owed[round->marks[i].slot])
            memory_settle(memory, round->marks[i].slot, round->marks[i].generation);
}

static enum err delete_settled(struct mongo_db *db, void *context)
{
    struct round *round = context;
    enum err err = ERR_OK;

    for (size_t i = 0; i < round->count && err == ERR_OK; i++) {
        struct listed *listed = &round->listed[i];
        struct condition which[] = {
            {STR("_id"), OP_EQ, value_oid(listed->id)},
            {STR("state"), OP_EQ, value_string(listed->closed ? STR("closed") : STR("open"))},
        };
        int64_t deleted = 0;
        if (!listed->settled)
            continue;
        err = collection_delete(db, debt_collection, which, 2, false, &deleted);
        listed->gone = err == ERR_OK && deleted == 1;
    }
    return err;
}

static void on_deleted(void *context, enum err err)
{
    struct round *round = context;
    uint64_t gone = 0;

    for (size_t i = 0; i < round->count; i++)
        gone += round->listed[i].gone;
    metric_add(METRIC_DEBTS_PAID, gone);
    if (gone > 0)
        log_info("cache", "debts paid", LOG_INT("count", gone));
    if (err == ERR_OK)
        settle_marks(round);
}

static void release_round(void *context)
{
    round_end(context);
}

static void begin_deleting(struct round *round)
{
    round->job = (struct mongo_job){.work = delete_settled,
                                    .done = on_deleted,
                                    .release = release_round,
                                    .context = round,
                                    .write = true};
    mongo_submit_or_tell(round->debts->cache->mongo, &round->job);
}

static void pay_more(struct round *round);

static void on_paid(void *context, enum err err, const struct redis_value *reply)
{
    struct round *round = context;

    (void)reply;
    if (err != ERR_OK)
        round_end(round);
    else
        pay_more(round);
}

static void pay_more(struct round *round)
{
    struct cache *cache = round->debts->cache;
    struct str keys[TAGS_A_SCRIPT], args[1 + TAGS_A_SCRIPT];
    size_t count = 0;

    if (round->paid == round->tag_count) {
        begin_deleting(round);
        return;
    }
    arena_reset(&cache->scratch);
    args[0] = STR("86400000");
    for (; count < TAGS_A_SCRIPT && round->paid < round->tag_count; count++) {
        char *version = arena_alloc(&cache->scratch, VERSION_SIZE);
        cache_version(version);
        keys[count] =
            key_make(&cache->scratch, cache_base(cache), STR("tag:"), round->tags[round->paid++]);
        args[1 + count] = str_make(version, VERSION_SIZE);
    }
    redis_script(cache->redis, &script_bump, keys, count, args, 1 + count, on_paid, round);
}

static void on_listed(void *context, enum err err)
{
    struct round *round = context;
    struct cache *cache = round->debts->cache;

    if (err != ERR_OK)
        return;
    mark_owed(round);
    if (redis_ready(cache->redis) && redis_generation(cache->redis) == round->generation)
        cache->debts_known = !round->more;
}

/* The job is over, so the round may go on with another. */
static void after_listing(void *context)
{
    struct round *round = context;

    if (round->job.err == ERR_OK && redis_ready(round->debts->cache->redis))
        pay_more(round);
    else
        round_end(round);
}

static void note_marks(struct round *round)
{
    struct memory *memory = round->debts->cache->memory;
    size_t size = 0;

    for (uint32_t slot = 0; memory_owed_next(memory, &slot); slot++) {
        if (round->mark_count == size) {
            size = size * 2 + 16;
            round->marks = mem_realloc(round->marks, size * sizeof *round->marks);
        }
        round->marks[round->mark_count++] = (struct mark){slot, memory_owed(memory, slot)};
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct debts *debts = timer->data;
    struct round *round;

    if (debts->busy || !redis_ready(debts->cache->redis))
        return;
    /* Or it would run out; and a flush is noticed before the next request. */
    cache_ask_born(debts->cache, false, redis_ignore, NULL);
    round = round_new(debts);
    note_marks(round);
    round->job = (struct mongo_job){
        .work = list_debts, .done = on_listed, .release = after_listing, .context = round};
    debts->busy = mongo_submit(debts->cache->mongo, &round->job) == ERR_OK;
    if (debts->busy)
        cache_handle_opened(debts->cache); /* cache_stop waits for the round's end */
    else
        round_free(round);
}

/* --- Life --- */

static void on_timer_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct debts *)handle->data)->cache);
}

struct debts *debts_new(struct cache *cache)
{
    struct debts *debts = mem_zalloc(sizeof *debts);

    debts->cache = cache;
    uv_timer_init(cache->loop, &debts->timer);
    debts->timer.data = debts;
    uv_timer_start(&debts->timer, on_tick, DEBT_TICK_MS, DEBT_TICK_MS);
    cache_handle_opened(cache);
    return debts;
}

void debts_stop(struct debts *debts)
{
    uv_close((uv_handle_t *)&debts->timer, on_timer_closed);
}

void debts_free(struct debts *debts)
{
    free(debts);
}
