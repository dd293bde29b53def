/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/random.h"
#include "follow/follower.h"

/* By times: of each resource that names a field, what is newer than the newest that was seen is
 * asked for over an index, with an overlap for clocks that differ.  What was seen in the overlap
 * before is known by its id, its time and its version, and is no change. */

/* Found by one answer: FerretDB gives each cursor that stays open a connection to PostgreSQL of its
 * own, and by default it would after 101 documents. */
enum { BATCH = 4000 };

enum { ASK_ID, ASK_TIME, ASK_VERSION, ASK_UPDATED, ASK_OWNER, ASK_FIELDS, STEP_MS = 20 };

struct seen {
    uint64_t *hashes; /* sorted once all are there */
    size_t count, size;
};

struct asking {
    struct follow *follow;
    size_t lane;
    int64_t due_ms;    /* monotonic */
    int64_t newest_ms; /* seen, but not ahead of the server's clock */
    int64_t saved_ms, moves;
    struct seen before, now;
    struct arena scratch;
    struct shape_field fields[ASK_FIELDS];
    struct shape shape;
    size_t at[ASK_FIELDS]; /* places of the fields in the shape, or ASK_FIELDS */
};

/* --- What was seen --- */

static void seen_add(struct seen *seen, uint64_t hash)
{
    if (seen->count == seen->size) {
        seen->size = seen->size * 2 + 64;
        seen->hashes = mem_realloc(seen->hashes, seen->size * sizeof *seen->hashes);
    }
    seen->hashes[seen->count++] = hash;
}

static int seen_compare(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

    return one < other ? -1 : one > other;
}

static bool seen_has(const struct seen *seen, uint64_t hash)
{
    return seen->count > 0 &&
           bsearch(&hash, seen->hashes, seen->count, sizeof hash, seen_compare) != NULL;
}

/* --- One question --- */

static struct value times_captured(const struct asking *asking, const struct value *captured,
                                   int field)
{
    static const struct value none = {.type = VALUE_NONE};

    return asking->at[field] < ASK_FIELDS ? captured[asking->at[field]] : none;
}

static uint64_t times_hash(const struct found *found, const struct value *time)
{
    char room[ID_TEXT_MAX];
    enum id_type type = found->id.type == VALUE_OID      ? ID_OBJECTID
                        : found->id.type == VALUE_INT    ? ID_INTEGER
                        : found->id.type == VALUE_STRING ? ID_STRING
                                                         : ID_UUID;
    struct str id = id_text(type, &found->id, room);
    const int64_t numbers[] = {time->integer,
                               found->version.type == VALUE_INT ? found->version.integer : 0};

    if (id.len == 0) /* of another type: a change each time that it is found */
        return random_u64();
    return hash64(id.ptr, id.len) * 31 + hash64(numbers, sizeof numbers);
}

static bool times_take(void *context, const struct value *captured)
{
    struct asking *asking = context;
    struct follow *follow = asking->follow;
    struct found found = {.id = times_captured(asking, captured, ASK_ID),
                          .version = times_captured(asking, captured, ASK_VERSION),
                          .time = times_captured(asking, captured, ASK_UPDATED),
                          .owner = times_captured(asking, captured, ASK_OWNER)};
    struct value time = times_captured(asking, captured, ASK_TIME);
    struct moves_change tags;
    uint64_t hash;

    if (time.type != VALUE_DATE)
        return true;
    hash = times_hash(&found, &time);
    seen_add(&asking->now, hash);
    if (time.integer > asking->newest_ms)
        asking->newest_ms = time.integer;
    if (seen_has(&asking->before, hash))
        return !follow_is_over(follow);
    arena_reset(&asking->scratch);
    tags_of_found(&follow->plans[asking->lane], &found, &asking->scratch, &tags);
    tags.wall_ms = follow->lanes[asking->lane].asked_ms;
    follow_count(follow, asking->lane, KIND_TIME);
    follow_move(follow, asking->lane, &tags);
    return !follow_is_over(follow);
}

static enum err times_find(struct mongo_db *db, struct asking *asking, bool newest)
{
    const struct resource *resource = asking->follow->plans[asking->lane].resource;
    const struct condition condition = {
        resource->follow.field, OP_GTE,
        value_date(asking->newest_ms - resource->follow.overlap_ms)};
    const struct sort_key sort = {resource->follow.field, newest ? -1 : 1};
    const struct find find = {.collection = resource->collection,
                              .conditions = &condition,
                              .condition_count = newest ? 0 : 1,
                              .sort = &sort,
                              .sort_count = 1,
                              .limit = newest ? 1 : 0,
                              .batch = BATCH,
                              .shape = &asking->shape};

    return collection_each(db, &find, times_take, asking);
}

static void times_turn(struct asking *asking)
{
    struct seen spare = asking->before;

    if (asking->now.count > 0)
        qsort(asking->now.hashes, asking->now.count, sizeof(uint64_t), seen_compare);
    asking->before = asking->now;
    asking->now = spare;
    asking->now.count = 0;
}

/* What was kept is moved by now, so that the next follower may begin there. */
static enum err times_keep(struct mongo_db *db, struct asking *asking)
{
    struct follow *follow = asking->follow;
    struct arena *arena = &asking->scratch;

    if (asking->saved_ms == asking->newest_ms || moves_moved(follow->moves) < asking->moves)
        return ERR_OK;
    arena_reset(arena);
    asking->saved_ms = asking->newest_ms;
    return position_save(
        db, ARENA_JOIN(arena, STR("times:"), follow->plans[asking->lane].resource->name), STR(""),
        asking->saved_ms);
}

/* A clock that is ahead must not hide what others write by theirs. */
static enum err times_ask(struct mongo_db *db, struct asking *asking)
{
    struct follow *follow = asking->follow;
    int64_t server_ms = 0, asked_ms = clock_wall_ms();
    enum err err = collection_server_time(db, &server_ms);

    if (err == ERR_OK)
        err = times_keep(db, asking);
    if (err == ERR_OK)
        err = times_find(db, asking, false);
    if (err != ERR_OK)
        return err;
    if (asking->newest_ms > server_ms)
        asking->newest_ms = server_ms;
    asking->moves = moves_added(follow->moves);
    follow->lanes[asking->lane].asked_ms = asked_ms;
    times_turn(asking);
    return ERR_OK;
}

/* --- Beginning --- */

static void times_add_field(struct asking *asking, int field, struct str name)
{
    size_t at = 0;

    asking->at[field] = ASK_FIELDS;
    if (name.len == 0)
        return;
    while (at < asking->shape.count && !str_eq(asking->fields[at].name, name))
        at++;
    if (at == asking->shape.count)
        asking->fields[asking->shape.count++] = (struct shape_field){.name = name, .capture = true};
    asking->at[field] = at;
}

static void times_init(struct asking *asking, struct follow *follow, size_t lane)
{
    const struct resource *resource = follow->plans[lane].resource;

    *asking = (struct asking){.follow = follow, .lane = lane};
    arena_init(&asking->scratch, NULL, 0);
    times_add_field(asking, ASK_ID, STR("_id"));
    times_add_field(asking, ASK_TIME, resource->follow.field);
    times_add_field(asking, ASK_VERSION, resource->kept.version);
    times_add_field(asking, ASK_UPDATED, resource->kept.updated);
    times_add_field(asking, ASK_OWNER, resource->kept.owner);
    asking->shape.fields = asking->fields;
}

/* Where no time is kept, it is the newest that there is, and all that is kept in the cache may be
 * older. */
static enum err times_begin(struct mongo_db *db, struct asking *asking)
{
    struct follow *follow = asking->follow;
    struct str name = follow->plans[asking->lane].resource->name;
    enum err err;

    arena_reset(&asking->scratch);
    err = position_load(db, ARENA_JOIN(&asking->scratch, STR("times:"), name), NULL,
                        &asking->newest_ms);
    if (err != ERR_NOT_FOUND)
        return err;
    asking->newest_ms = 0;
    err = times_find(db, asking, true);
    asking->now.count = 0;
    moves_all(follow->moves, asking->lane);
    return err;
}

static void times_free(struct asking *asking)
{
    arena_reset(&asking->scratch);
    free(asking->before.hashes);
    free(asking->now.hashes);
}

/* --- All of them --- */

static enum err times_round(struct follow *follow, struct mongo_db *db, struct asking *all,
                            size_t count)
{
    int64_t redis_ms = follow_clock(follow), now_ms = clock_mono_ms();
    enum err err = ERR_OK;

    for (size_t i = 0; err == ERR_OK && i < count && !follow_is_over(follow); i++) {
        const struct resource *resource = follow->plans[all[i].lane].resource;
        if (now_ms < all[i].due_ms)
            continue;
        all[i].due_ms = now_ms + resource->follow.every_ms;
        err = times_ask(db, &all[i]);
    }
    if (err == ERR_OK)
        follow_seen(follow, redis_ms);
    return err;
}

enum err times_run(struct follow *follow, struct mongo_db *db, const char *why, int64_t until_ms)
{
    struct asking *all = mem_zalloc((follow->plan_count + 1) * sizeof *all);
    size_t count = 0;
    enum err err = ERR_OK;

    for (size_t i = 0; i < follow->plan_count; i++)
        if (follow->plans[i].resource->follow.field.len > 0)
            times_init(&all[count++], follow, i);
    follow_goes(follow, count > 0 ? WAY_TIMES : WAY_OFF);
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        err = times_begin(db, &all[i]);
    while (err == ERR_OK && !follow_is_over(follow) && clock_mono_ms() < until_ms) {
        if (count < follow->plan_count)
            follow_complain(follow, COMPLAINT_NONE, why);
        err = times_round(follow, db, all, count);
        follow_sleep(follow, count > 0 ? STEP_MS : FOLLOW_AGAIN_MS);
    }
    for (size_t i = 0; i < count; i++)
        times_free(&all[i]);
    free(all);
    return err;
}
