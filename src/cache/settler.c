/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/idiom.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "cache/cache_state.h"
#include "cache/key.h"
#include "cache/script.h"
#include "mongo/collection.h"

/* Settles pending invalidations (pending.c): lists the table's marks, then the documents, gives
 * their tags new versions, deletes the documents that are settled (closed, or too old for the write
 * to be under way) in exactly the state that was listed, and clears the listed marks that no
 * document is left for. */

enum {
    TAGS_A_SCRIPT = 200,
    PENDING_A_COMMAND = 2000,
    PENDING_A_COMMAND_LEAST = 100,
    PENDING_READ_MS = 5000
};

struct settler {
    struct cache *cache;
    uv_timer_t timer;
    bool busy;        /* a round is under way */
    size_t a_command; /* deletes so many at once: fewer, where that took the server too long */
};

struct listed {
    struct oid id;
    bool settled, closed, gone; /* settled: may be deleted once its tags have moved */
    size_t tag_at, tag_count;   /* in round.tags */
};

/* The slots of all pending tags, however many documents there are. */
struct pending_slots {
    bool slots[MEMORY_TAG_SLOTS];
};

struct mark {
    uint32_t slot;
    uint64_t generation;
};

/* One round, listed on a thread of MongoDB's pool. */
struct round {
    struct mongo_job job;
    struct settler *settler;
    struct cache *cache;
    struct arena arena;
    uint64_t generation; /* of Redis' connection when it began */
    int64_t now_ms;      /* by MongoDB's clock */
    struct listed *listed;
    size_t count, size, deleted;
    bool more;                     /* than are listed: their tags are in pending alone */
    struct pending_slots *pending; /* NULL: nothing */
    struct str *tags;
    size_t tag_count, tag_size;
    struct str *distinct; /* the tags, each once */
    size_t distinct_count, moved;
    struct mark *marks;
    size_t mark_count;
    void (*looked)(struct cache *cache, uint64_t generation, enum err err);
};

static struct round *round_new(struct settler *settler, struct cache *cache)
{
    struct round *round = mem_zalloc(sizeof *round);

    round->settler = settler;
    round->cache = cache;
    round->generation = redis_generation(cache->redis);
    arena_init(&round->arena, NULL, 0);
    return round;
}

static void round_free(void *context)
{
    struct round *round = context;

    arena_reset(&round->arena);
    free(round->pending);
    free(round->listed);
    free(round->tags);
    free(round->distinct);
    free(round->marks);
    free(round);
}

/* --- Listing --- */

enum { SHAPE_ID, SHAPE_STATE, SHAPE_TAGS, SHAPE_OPENED };
static const struct shape_field shape_fields[] = {
    [SHAPE_ID] = {STR_INIT("_id"), .hidden = true, .capture = true},
    [SHAPE_STATE] = {STR_INIT("state"), .hidden = true, .capture = true},
    [SHAPE_TAGS] = {STR_INIT("tags"), .hidden = true, .capture = true},
    [SHAPE_OPENED] = {STR_INIT("opened"), .hidden = true, .capture = true},
};
static const struct shape shape = SHAPE(shape_fields);

static bool is_tag(const struct value *value)
{
    return value->type == VALUE_STRING;
}

static void add_slots(struct round *round, const struct value *tags)
{
    if (round->pending == NULL)
        round->pending = mem_zalloc(sizeof *round->pending);
    for (size_t i = 0; tags->type == VALUE_LIST && i < tags->list.count; i++)
        if (is_tag(&tags->list.items[i]))
            round->pending->slots[key_slot(tags->list.items[i].string)] = true;
}

static void take_tags(struct round *round, struct listed *listed, const struct value *tags)
{
    size_t count = tags->type == VALUE_LIST ? tags->list.count : 0;

    listed->tag_at = round->tag_count;
    while (round->tag_count + count > round->tag_size) {
        round->tag_size = round->tag_size * 2 + 64;
        round->tags = mem_realloc(round->tags, round->tag_size * sizeof *round->tags);
    }
    for (size_t i = 0; i < count; i++)
        if (is_tag(&tags->list.items[i]))
            round->tags[round->tag_count++] = arena_str(&round->arena, tags->list.items[i].string);
    listed->tag_count = round->tag_count - listed->tag_at;
}

static struct listed *next_listed(struct round *round)
{
    if (round->count == round->size) {
        round->size = round->size * 2 + 16;
        round->listed = mem_realloc(round->listed, round->size * sizeof *round->listed);
    }
    return &round->listed[round->count++];
}

static bool take_pending(void *context, const struct value *captured)
{
    struct round *round = context;
    struct listed *listed;
    int64_t opened = captured[SHAPE_OPENED].type == VALUE_DATE ? captured[SHAPE_OPENED].integer : 0;

    if (captured[SHAPE_ID].type != VALUE_OID)
        return true; /* none of ours */
    add_slots(round, &captured[SHAPE_TAGS]);
    round->more = round->count == PENDING_MAX;
    if (round->more || round->looked != NULL)
        return true;
    listed = next_listed(round);
    listed->id = captured[SHAPE_ID].oid;
    listed->closed = captured[SHAPE_STATE].type == VALUE_STRING &&
                     str_eq(captured[SHAPE_STATE].string, STR("closed"));
    listed->settled = listed->closed || round->now_ms - opened > PENDING_OLD_MS;
    take_tags(round, listed, &captured[SHAPE_TAGS]);
    return true;
}

static int compare_tags(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Many are of the same few lists. */
static void find_distinct(struct round *round)
{
    round->distinct = mem_array(round->tag_count + 1, sizeof *round->distinct);
    memcpy(round->distinct, round->tags, round->tag_count * sizeof *round->distinct);
    qsort(round->distinct, round->tag_count, sizeof *round->distinct, compare_tags);
    for (size_t i = 0; i < round->tag_count; i++)
        if (i == 0 || !str_eq(round->distinct[i], round->distinct[i - 1]))
            round->distinct[round->distinct_count++] = round->distinct[i];
}

static enum err round_list(struct mongo_db *db, void *context)
{
    struct round *round = context;
    struct condition ours = {
        .field = STR("prefix"), .op = OP_EQ, .value = value_string(str_from(round->cache->prefix))};
    struct find find = {.collection = pending_collection,
                        .conditions = &ours,
                        .condition_count = 1,
                        .shape = &shape,
                        .max_time_ms = PENDING_READ_MS};
    enum err err = collection_server_time(db, &round->now_ms);

    if (err == ERR_OK)
        err = collection_each(db, &find, take_pending, round);
    if (err == ERR_OK && round->tag_count > 0)
        find_distinct(round);
    return err;
}

static void begin_round(struct settler *settler);

/* Where there are more, and some have gone, the next ones are not kept waiting. */
static void end_round(struct round *round)
{
    struct settler *settler = round->settler;
    bool again = round->more && round->deleted > 0;

    settler->busy = false;
    round_free(round);
    if (again)
        begin_round(settler);
    cache_handle_closed(settler->cache);
}

/* --- Looking --- */

/* Marks what is pending and not marked in the table yet. */
static void mark_pending(struct round *round)
{
    struct memory *memory = round->cache->memory;

    for (uint32_t slot = 0; round->pending != NULL && slot < MEMORY_TAG_SLOTS; slot++)
        if (round->pending->slots[slot] && memory_pending(memory, slot) == 0)
            memory_set_pending(memory, slot);
}

static void on_looked(void *context, enum err err)
{
    struct round *round = context;

    if (err == ERR_OK)
        mark_pending(round);
    round->looked(round->cache, round->generation, err);
}

void settler_look(struct settler *settler,
                  void (*done)(struct cache *cache, uint64_t generation, enum err err))
{
    struct round *round = round_new(settler, settler->cache);

    round->looked = done;
    round->job = (struct mongo_job){
        .work = round_list, .done = on_looked, .release = round_free, .context = round};
    mongo_submit_or_tell(settler->cache->mongo, &round->job);
}

/* --- Settling --- */

/* Clears the marks listed at the start for which nothing is pending any more. */
static void settle_marks(struct round *round)
{
    struct memory *memory = round->cache->memory;
    struct pending_slots left = {{false}};

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
    struct value ids[PENDING_A_COMMAND];
    struct listed *listed[PENDING_A_COMMAND];
    size_t count;
};

static void next_batch(struct round *round, bool closed, size_t *at, struct batch *batch)
{
    batch->count = 0;
    for (; *at < round->count && batch->count < round->settler->a_command; ++*at) {
        struct listed *listed = &round->listed[*at];
        if (!listed->settled || listed->closed != closed)
            continue;
        batch->listed[batch->count] = listed;
        batch->ids[batch->count++] = value_oid(listed->id);
    }
}

/* Those that were listed in this state and still have it.  When some have not, none is taken to be
 * gone: the next round shows it. */
static enum err delete_batch(struct mongo_db *db, struct round *round, bool closed,
                             const struct batch *batch)
{
    const struct condition which[] = {
        {STR("_id"), OP_IN, value_list(batch->ids, batch->count)},
        {STR("state"), OP_EQ, value_string(closed ? STR("closed") : STR("open"))},
    };
    int64_t deleted = 0;
    enum err err = collection_delete(db, pending_collection, which, COUNT(which), true, &deleted);

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

    metric_add(METRIC_PENDING_SETTLED, round->deleted);
    if (round->deleted > 0)
        log_info("cache", "pending invalidations settled",
                 LOG_INT("count", (int64_t)round->deleted));
    if (err == ERR_OK)
        settle_marks(round);
    else if ((err == ERR_UNKNOWN || err == ERR_TIMEOUT) &&
             round->settler->a_command > PENDING_A_COMMAND_LEAST)
        round->settler->a_command /= 2;
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

static void move_tags(struct round *round);

static void on_moved(void *context, enum err err, const struct redis_value *reply)
{
    struct round *round = context;

    (void)reply;
    if (err != ERR_OK)
        end_round(round);
    else
        move_tags(round);
}

static void move_tags(struct round *round)
{
    struct cache *cache = round->cache;
    struct str keys[TAGS_A_SCRIPT], args[1 + TAGS_A_SCRIPT];
    size_t count = 0;

    if (round->moved == round->distinct_count) {
        begin_deleting(round);
        return;
    }
    arena_reset(&cache->scratch);
    args[0] = arena_decimal(&cache->scratch, TAG_TTL_MS);
    for (; count < TAGS_A_SCRIPT && round->moved < round->distinct_count; count++) {
        char *version = arena_alloc(&cache->scratch, VERSION_SIZE);
        cache_version(version);
        keys[count] = cache_key(cache, KEY_TAG, round->distinct[round->moved++]);
        args[1 + count] = str_make(version, VERSION_SIZE);
    }
    redis_script(cache->redis, &script_bump, keys, count, args, 1 + count, on_moved, round);
}

static void on_listed(void *context, enum err err)
{
    struct round *round = context;
    struct cache *cache = round->cache;

    if (err != ERR_OK)
        return;
    mark_pending(round);
    if (redis_ready(cache->redis) && redis_generation(cache->redis) == round->generation)
        cache->pending_known = true;
}

/* The job is over, so the round may go on with another. */
static void after_listing(void *context)
{
    struct round *round = context;

    if (round->job.err == ERR_OK && redis_ready(round->cache->redis))
        move_tags(round);
    else
        end_round(round);
}

static void list_marks(struct round *round)
{
    struct memory *memory = round->cache->memory;
    size_t size = 0;

    for (uint32_t slot = 0; memory_pending_next(memory, &slot); slot++) {
        if (round->mark_count == size) {
            size = size * 2 + 16;
            round->marks = mem_realloc(round->marks, size * sizeof *round->marks);
        }
        round->marks[round->mark_count++] = (struct mark){slot, memory_pending(memory, slot)};
    }
}

static void begin_round(struct settler *settler)
{
    struct round *round;

    if (settler->busy || uv_is_closing((uv_handle_t *)&settler->timer) ||
        !redis_ready(settler->cache->redis))
        return;
    round = round_new(settler, settler->cache);
    list_marks(round);
    round->job = (struct mongo_job){
        .work = round_list, .done = on_listed, .release = after_listing, .context = round};
    settler->busy = mongo_submit(settler->cache->mongo, &round->job) == ERR_OK;
    if (settler->busy)
        cache_handle_opened(settler->cache); /* cache_stop waits for the round's end */
    else
        round_free(round);
}

static void on_born(void *context, enum err err, const struct redis_value *reply)
{
    cache_take_born(context, err, reply);
}

static void on_settler_tick(uv_timer_t *timer)
{
    struct settler *settler = timer->data;

    if (settler->busy || !redis_ready(settler->cache->redis))
        return;
    /* Or it would run out; and a flush is noticed before the next request. */
    cache_ask_born(settler->cache, false, on_born, settler->cache);
    begin_round(settler);
}

/* --- Life --- */

static void on_settler_timer_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct settler *)handle->data)->cache);
}

struct settler *settler_new(struct cache *cache)
{
    struct settler *settler = mem_zalloc(sizeof *settler);

    settler->cache = cache;
    settler->a_command = PENDING_A_COMMAND;
    uv_timer_init(cache->loop, &settler->timer);
    settler->timer.data = settler;
    uv_timer_start(&settler->timer, on_settler_tick, PENDING_TICK_MS, PENDING_TICK_MS);
    cache_handle_opened(cache);
    return settler;
}

void settler_stop(struct settler *settler)
{
    uv_close((uv_handle_t *)&settler->timer, on_settler_timer_closed);
}

void settler_free(struct settler *settler)
{
    free(settler);
}
