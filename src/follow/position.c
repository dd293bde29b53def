/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/idiom.h"
#include "follow/follower.h"

/* Up to where all has been moved: documents of "larder_follow", {_id: "streams" or "times:<name>",
 * token: the stream's own, or time: the newest that was found, at: when it was kept}. */

static const struct str collection = STR_INIT("larder_follow");

enum { TOKEN, TIME, FIELDS };

static const struct shape_field shape_fields[FIELDS] = {
    [TOKEN] = {.name = STR_INIT("token"), .capture = true},
    [TIME] = {.name = STR_INIT("time"), .capture = true},
};
static const struct shape shape = SHAPE(shape_fields);

enum err position_load(struct mongo_db *db, struct str name, struct buf *token, int64_t *time_ms)
{
    const struct condition condition = {STR("_id"), OP_EQ, value_string(name)};
    struct value captured[FIELDS];
    struct arena arena;
    struct found_document record = {.shape = &shape, .captured = captured, .arena = &arena};
    enum err err;

    arena_init(&arena, NULL, 0);
    err = collection_find_one(db, collection, &condition, 1, 0, &record);
    if (err == ERR_OK && token != NULL && captured[TOKEN].type == VALUE_BYTES)
        buf_str(token, captured[TOKEN].string);
    if (err == ERR_OK && time_ms != NULL)
        *time_ms = captured[TIME].type == VALUE_DATE ? captured[TIME].integer : 0;
    arena_reset(&arena);
    return err;
}

enum err position_save(struct mongo_db *db, struct str name, struct str token, int64_t time_ms)
{
    const struct condition condition = {STR("_id"), OP_EQ, value_string(name)};
    const struct assignment assignments[] = {
        token.len > 0 ? (struct assignment){STR("token"), ASSIGN_SET, value_bytes(token)}
                      : (struct assignment){STR("time"), ASSIGN_SET, value_date(time_ms)},
        {STR("at"), ASSIGN_NOW, {.type = VALUE_NONE}},
    };
    const struct update update = {.collection = collection,
                                  .conditions = &condition,
                                  .condition_count = 1,
                                  .assignments = assignments,
                                  .assignment_count = COUNT(assignments),
                                  .upsert = true};

    return collection_update(db, &update, NULL);
}
