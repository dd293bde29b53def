/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/round.h"

#include <stdlib.h>

#include "base/mem.h"
#include "cache/key.h"
#include "store/collection.h"

enum { DEBT_READ_MS = 5000 };

struct round *round_new(struct payer *payer, struct cache *cache)
{
    struct round *round = mem_zalloc(sizeof *round);

    round->payer = payer;
    round->cache = cache;
    round->generation = redis_generation(cache->redis);
    arena_init(&round->arena, NULL, 0);
    return round;
}

void round_free(void *context)
{
    struct round *round = context;

    arena_reset(&round->arena);
    free(round->owed);
    free(round->listed);
    free(round->tags);
    free(round->dues);
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

static void note_owed(struct round *round, const struct value *tags)
{
    if (round->owed == NULL)
        round->owed = mem_zalloc(sizeof *round->owed);
    for (size_t i = 0; tags->type == VALUE_LIST && i < tags->list.count; i++)
        if (is_tag(&tags->list.items[i]))
            round->owed->slots[key_slot(tags->list.items[i].string)] = true;
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

static bool take_debt(void *context, const struct value *captured)
{
    struct round *round = context;
    struct listed *listed;
    int64_t opened = captured[SHAPE_OPENED].type == VALUE_DATE ? captured[SHAPE_OPENED].integer : 0;

    if (captured[SHAPE_ID].type != VALUE_OID)
        return true; /* none of ours */
    note_owed(round, &captured[SHAPE_TAGS]);
    round->more = round->count == DEBTS_MAX;
    if (round->more || round->looked != NULL)
        return true;
    listed = next_listed(round);
    listed->id = captured[SHAPE_ID].oid;
    listed->closed = captured[SHAPE_STATE].type == VALUE_STRING &&
                     str_eq(captured[SHAPE_STATE].string, STR("closed"));
    listed->settled = listed->closed || round->now_ms - opened > DEBT_OLD_MS;
    take_tags(round, listed, &captured[SHAPE_TAGS]);
    return true;
}

static int compare_tags(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Many debts are of the same few lists. */
static void find_dues(struct round *round)
{
    round->dues = mem_array(round->tag_count + 1, sizeof *round->dues);
    memcpy(round->dues, round->tags, round->tag_count * sizeof *round->dues);
    qsort(round->dues, round->tag_count, sizeof *round->dues, compare_tags);
    for (size_t i = 0; i < round->tag_count; i++)
        if (i == 0 || !str_eq(round->dues[i], round->dues[i - 1]))
            round->dues[round->due_count++] = round->dues[i];
}

enum err round_list(struct mongo_db *db, void *context)
{
    struct round *round = context;
    struct condition ours = {
        .field = STR("prefix"), .op = OP_EQ, .value = value_string(str_from(round->cache->prefix))};
    struct find find = {.collection = debt_collection,
                        .conditions = &ours,
                        .condition_count = 1,
                        .shape = &shape,
                        .max_time_ms = DEBT_READ_MS};
    enum err err = collection_server_time(db, &round->now_ms);

    if (err == ERR_OK)
        err = collection_each(db, &find, take_debt, round);
    if (err == ERR_OK && round->tag_count > 0)
        find_dues(round);
    return err;
}
