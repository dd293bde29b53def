/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/idiom.h"
#include "base/log.h"
#include "base/mem.h"
#include "mongo/collection.h"

/* On the server that MONGODB_URI names, in a collection of the test's own; skipped without one. */

enum { OUT_MAX = 1 << 20, DOCUMENTS = 25, PAGE = 4, TIME_MS = 5000, WAIT_MS = 20000 };

static struct mongo *mongo;
static char name[64];
static struct str collection;
static struct buf out = BUF_INIT(OUT_MAX);
static struct arena arena;

static const struct shape_field fields[] = {
    {.name = STR_INIT("_id"), .capture = true},
    {.name = STR_INIT("name"), .capture = true},
    {.name = STR_INIT("price"), .capture = true},
    {.name = STR_INIT("category"), .capture = true},
    {.name = STR_INIT("tags"), .capture = true},
    {.name = STR_INIT("version"), .hidden = true, .capture = true},
};
enum { F_ID, F_NAME, F_PRICE, F_CATEGORY, F_TAGS, F_VERSION, F_COUNT };
static const struct shape shape = SHAPE(fields);

typedef enum err operation(struct mongo_db *db, void *context);

static enum err run(operation *work, void *context)
{
    return mongo_run(mongo, work, context);
}

static const char *text(void)
{
    buf_char(&out, '\0');
    return out.ptr;
}

static void reset(void)
{
    buf_reset(&out);
    arena_reset(&arena);
}

static struct oid oid_of(unsigned i)
{
    struct oid oid = {{0x65, 0, 0, 0, 0, 0, 0, 0, 0, 0, (unsigned char)(i >> 8), (unsigned char)i}};

    return oid;
}

static enum err insert_product(struct mongo_db *db, unsigned i)
{
    char label[32];
    const struct value tags[] = {value_string(STR("all")),
                                 value_string(i % 2 ? STR("odd") : STR("even"))};
    const struct assignment document[] = {
        {STR("_id"), ASSIGN_SET, value_oid(oid_of(i))},
        {STR("name"), ASSIGN_SET,
         value_string(str_make(label, (size_t)snprintf(label, sizeof label, "item %03u", i)))},
        {STR("price"), ASSIGN_SET, value_double((double)(i / 3) + 0.5)},
        {STR("category"), ASSIGN_SET, value_string(i < 10 ? STR("A") : STR("B"))},
        {STR("tags"), ASSIGN_SET, value_list(tags, 2)},
        {STR("secret"), ASSIGN_SET, value_string(STR("hidden"))},
        {STR("createdAt"), ASSIGN_SET, value_date(1795453200000 + (int64_t)i)},
        {STR("stock"), ASSIGN_SET, value_int(100)},
        {STR("version"), ASSIGN_SET, value_int(1)},
    };

    return collection_insert(db, collection, &(struct document){document, COUNT(document)});
}

static enum err do_insert(struct mongo_db *db, void *context)
{
    const struct found_document record = {.shape = &shape, .out = &out};
    const struct condition first = {STR("_id"), OP_EQ, value_oid(oid_of(0))};

    (void)context;
    for (unsigned i = 0; i < DOCUMENTS; i++)
        assert_int_equal(insert_product(db, i), ERR_OK);
    assert_int_equal(collection_find_one(db, collection, &first, 1, TIME_MS, &record), ERR_OK);
    return insert_product(db, 3);
}

static void test_insert(void **state)
{
    (void)state;
    reset();
    assert_int_equal(run(do_insert, NULL), ERR_EXISTS);
    assert_string_equal(text(), "{\"_id\":\"650000000000000000000000\",\"name\":\"item 000\","
                                "\"price\":0.5,\"category\":\"A\",\"tags\":[\"all\",\"even\"]}");
}

static enum err do_find_one(struct mongo_db *db, void *context)
{
    struct value captured[F_COUNT];
    const struct found_document record = {&shape, &out, captured, &arena, NULL};
    const struct condition by_id = {STR("_id"), OP_EQ, value_oid(oid_of(*(unsigned *)context))};
    enum err err = collection_find_one(db, collection, &by_id, 1, TIME_MS, &record);

    if (err == ERR_OK) {
        assert_int_equal(captured[F_VERSION].integer, 1);
        assert_str(captured[F_NAME].string, "item 007");
        assert_int_equal(captured[F_TAGS].list.count, 2);
    }
    return err;
}

static void test_find_one(void **state)
{
    (void)state;
    reset();
    assert_int_equal(run(do_find_one, &(unsigned){7}), ERR_OK);
    assert_non_null(strstr(text(), "item 007"));
    reset();
    assert_int_equal(run(do_find_one, &(unsigned){7000}), ERR_NOT_FOUND);
    assert_int_equal(out.len, 0);
}

struct listing {
    struct find find;
    struct find_result result;
    struct find_item items[DOCUMENTS];
    struct buf small; /* instead of out when it has a cap */
};

static enum err do_find(struct mongo_db *db, void *context)
{
    struct listing *listing = context;
    struct buf *to = listing->small.cap > 0 ? &listing->small : &out;

    listing->find.collection = collection;
    listing->find.shape = &shape;
    listing->find.max_time_ms = TIME_MS;
    listing->result.items = listing->items;
    listing->result.arena = &arena;
    return collection_find(db, &listing->find, to, &listing->result);
}

static size_t count_of(const struct condition *conditions, size_t count)
{
    struct listing listing = {.find = {.conditions = conditions, .condition_count = count}};

    reset();
    assert_int_equal(run(do_find, &listing), ERR_OK);
    return listing.result.count;
}

#define assert_count(expected, ...)                                                                \
    assert_int_equal(                                                                              \
        count_of((struct condition[]){__VA_ARGS__}, COUNT(((struct condition[]){__VA_ARGS__}))),   \
        expected)

static void test_conditions(void **state)
{
    const struct value names[] = {value_string(STR("item 001")), value_string(STR("item 002")),
                                  value_string(STR("none"))};
    struct value ids[] = {value_oid(oid_of(1)), value_oid(oid_of(24)), value_oid(oid_of(99))};

    (void)state;
    assert_int_equal(count_of(NULL, 0), DOCUMENTS);
    assert_count(10, {STR("category"), OP_EQ, value_string(STR("A"))});
    assert_count(15, {STR("category"), OP_NE, value_string(STR("A"))});
    assert_count(12, {STR("tags"), OP_EQ, value_string(STR("odd"))});
    assert_count(6, {STR("price"), OP_GTE, value_double(1.5)},
                 {STR("price"), OP_LTE, value_double(2.5)});
    assert_count(3, {STR("price"), OP_GT, value_double(1.5)},
                 {STR("category"), OP_EQ, value_string(STR("A"))},
                 {STR("price"), OP_LT, value_double(3.5)});
    assert_count(2, {STR("name"), OP_IN, value_list(names, 3)});
    assert_count(2, {STR("_id"), OP_IN, value_list(ids, 3)});
    assert_count(0, {STR("absent"), OP_EXISTS, value_bool(true)});
    assert_count(DOCUMENTS, {STR("absent"), OP_EXISTS, value_bool(false)});
    assert_count(0, {STR("name"), OP_EQ, value_string(STR("$gt"))});
    assert_count(10, {STR("name"), OP_PREFIX, value_string(STR("item 01"))});
    assert_count(0, {STR("name"), OP_PREFIX, value_string(STR("item ."))});
    assert_count(2, {STR("name"), OP_NE, value_string(STR("item 001"))},
                 {STR("name"), OP_NE, value_string(STR("item 002"))},
                 {STR("name"), OP_PREFIX, value_string(STR("item 0"))},
                 {STR("name"), OP_PREFIX, value_string(STR("item 00"))},
                 {STR("name"), OP_LT, value_string(STR("item 004"))});
}

/* Walking by the keyset meets every document once, whatever the sort. */
static void walk(const struct sort_key *sort, size_t sort_count, const struct condition *conditions,
                 size_t condition_count, size_t expected)
{
    struct keyset after;
    struct listing listing = {.find = {.sort = sort,
                                       .sort_count = sort_count,
                                       .conditions = conditions,
                                       .condition_count = condition_count,
                                       .limit = PAGE,
                                       .look_ahead = true}};
    bool seen[DOCUMENTS] = {false};
    size_t total = 0;

    reset();
    do {
        buf_reset(&out);
        assert_int_equal(run(do_find, &listing), ERR_OK);
        for (size_t i = 0; i < listing.result.count; i++) {
            unsigned id = listing.items[i].id.oid.bytes[OID_SIZE - 1];
            assert_false(seen[id]);
            seen[id] = true;
            assert_int_equal(out.ptr[listing.items[i].offset], '{');
            assert_int_equal(out.ptr[listing.items[i].offset + listing.items[i].len - 1], '}');
        }
        total += listing.result.count;
        assert_int_equal(listing.result.more, total < expected);
        after = listing.result.last;
        listing.find.after = &after;
    } while (listing.result.more);
    assert_int_equal(total, expected);
}

static void test_keyset(void **state)
{
    const struct condition in_b[] = {{STR("category"), OP_EQ, value_string(STR("B"))},
                                     {STR("price"), OP_LTE, value_double(6.5)}};

    (void)state;
    for (int direction = -1; direction <= 1; direction += 2) {
        const struct sort_key by_price[] = {{STR("price"), direction}, {STR("_id"), direction}};
        const struct sort_key by_name[] = {{STR("name"), direction}, {STR("_id"), direction}};
        const struct sort_key by_date[] = {{STR("createdAt"), direction}, {STR("_id"), direction}};
        const struct sort_key by_id[] = {{STR("_id"), direction}};
        walk(by_price, 2, NULL, 0, DOCUMENTS);
        walk(by_name, 2, NULL, 0, DOCUMENTS);
        walk(by_date, 2, NULL, 0, DOCUMENTS);
        walk(by_id, 1, NULL, 0, DOCUMENTS);
        walk(by_price, 2, in_b, 2, 11);
    }
}

static void test_pages(void **state)
{
    const struct sort_key sort[] = {{STR("name"), 1}};
    struct listing listing = {
        .find = {.sort = sort, .sort_count = 1, .skip = 24, .limit = 10, .look_ahead = true}};

    (void)state;
    reset();
    assert_int_equal(run(do_find, &listing), ERR_OK);
    assert_int_equal(listing.result.count, 1);
    assert_false(listing.result.more);
    assert_non_null(strstr(text(), "item 024"));
    assert_null(strstr(out.ptr, "secret"));
    assert_null(strstr(out.ptr, "version"));
    /* What does not fit leaves nothing behind. */
    reset();
    listing.small = BUF_INIT(100);
    listing.find.skip = 0;
    buf_literal(&listing.small, "kept");
    assert_int_equal(run(do_find, &listing), ERR_TOO_LARGE);
    assert_int_equal(listing.small.len, 4);
    buf_free(&listing.small);
}

/* An item's owner and _id are told whether they are shown or not. */
static enum err do_find_owned(struct mongo_db *db, void *context)
{
    static const struct shape_field only_name[] = {{.name = STR_INIT("name")}};
    static const struct shape without = SHAPE(only_name);
    struct listing *listing = context;

    listing->find.collection = collection;
    listing->find.shape = &without;
    listing->find.owner = STR("category");
    listing->find.max_time_ms = TIME_MS;
    listing->result.items = listing->items;
    listing->result.arena = &arena;
    return collection_find(db, &listing->find, &out, &listing->result);
}

static void test_owner(void **state)
{
    const struct sort_key sort[] = {{STR("stock"), 1}};
    struct listing listing = {.find = {.sort = sort, .sort_count = 1}};

    (void)state;
    reset();
    assert_int_equal(run(do_find_owned, &listing), ERR_OK);
    assert_int_equal(listing.result.count, DOCUMENTS);
    for (size_t i = 0; i < listing.result.count; i++) {
        unsigned id = listing.items[i].id.oid.bytes[OID_SIZE - 1];
        assert_str(listing.items[i].owner.string, id < 10 ? "A" : "B");
    }
    assert_null(strstr(text(), "category"));
    assert_null(strstr(out.ptr, "_id"));
}

static enum err do_count(struct mongo_db *db, void *context)
{
    const struct condition in_a = {STR("category"), OP_EQ, value_string(STR("A"))};
    int64_t *total = context;
    enum err err = collection_count(db, collection, &in_a, 1, TIME_MS, total);

    assert_int_equal(err, ERR_OK);
    assert_int_equal(*total, 10);
    return collection_count(db, STR("larder_no_such"), NULL, 0, TIME_MS, total);
}

static void test_count(void **state)
{
    int64_t total;

    (void)state;
    assert_int_equal(run(do_count, &total), ERR_OK);
    assert_int_equal(total, 0);
}

static bool on_each(void *context, const struct value *captured)
{
    size_t *seen = context;

    assert_int_equal(captured[F_NAME].type, VALUE_STRING);
    assert_int_equal(captured[F_TAGS].list.count, 2);
    return ++*seen < 5;
}

static enum err do_each(struct mongo_db *db, void *context)
{
    const struct find find = {.collection = collection, .shape = &shape};

    return collection_each(db, &find, on_each, context);
}

static void test_each(void **state)
{
    size_t seen = 0;

    (void)state;
    assert_int_equal(run(do_each, &seen), ERR_OK);
    assert_int_equal(seen, 5);
}

static enum err do_modify(struct mongo_db *db, void *context)
{
    struct value captured[F_COUNT];
    const struct found_document record = {&shape, &out, captured, &arena, NULL};
    struct condition conditions[] = {{STR("_id"), OP_EQ, value_oid(oid_of(5))},
                                     {STR("version"), OP_EQ, value_int(1)}};
    const struct assignment changes[] = {
        {STR("name"), ASSIGN_SET, value_string(STR("new \"name\""))},
        {STR("tags"), ASSIGN_UNSET, value_null()},
        {STR("version"), ASSIGN_INC, value_int(1)},
        {STR("updatedAt"), ASSIGN_NOW, value_null()},
    };
    struct update update = {collection,     conditions, 2, changes,
                            COUNT(changes), false,      0, {NULL, 0}};

    (void)context;
    assert_int_equal(collection_modify(db, &update, &record), ERR_OK);
    assert_int_equal(captured[F_VERSION].integer, 2);
    assert_int_equal(captured[F_TAGS].type, VALUE_NONE);
    /* The version has moved. */
    assert_int_equal(collection_modify(db, &update, &record), ERR_NOT_FOUND);
    conditions[1].value = value_int(2);
    assert_int_equal(collection_modify(db, &update, NULL), ERR_OK);
    conditions[0].value = value_oid(oid_of(250));
    assert_int_equal(collection_modify(db, &update, &record), ERR_NOT_FOUND);
    return ERR_OK;
}

static void test_modify(void **state)
{
    (void)state;
    reset();
    assert_int_equal(run(do_modify, NULL), ERR_OK);
    assert_non_null(strstr(text(), "\"name\":\"new \\\"name\\\"\""));
}

/* The same change of two like documents, one made of what was read before and one read afterwards:
 * the caller cannot tell them apart. */
static enum err do_modify_known(struct mongo_db *db, void *context)
{
    const struct assignment changes[] = {
        {STR("version"), ASSIGN_INC, value_int(1)},
        {STR("price"), ASSIGN_SET, value_double(1e-7)},
        {STR("tags"), ASSIGN_UNSET, value_null()},
        {STR("_extra"), ASSIGN_SET, value_string(STR("not shown"))},
    };
    struct buf raw = BUF_INIT(OUT_MAX);
    char *shown[2];

    (void)context;
    for (unsigned i = 0; i < 2; i++) {
        struct value captured[F_COUNT];
        struct found_document record = {&shape, &out, captured, &arena, &raw};
        struct condition conditions[] = {{STR("_id"), OP_EQ, value_oid(oid_of(6))},
                                         {STR("version"), OP_EQ, value_int(1 + (int64_t)i)}};
        struct update update = {.collection = collection,
                                .conditions = conditions,
                                .condition_count = 2,
                                .assignments = changes,
                                .assignment_count = COUNT(changes)};
        assert_int_equal(collection_find_one(db, collection, conditions, 2, TIME_MS, &record),
                         ERR_OK);
        record.raw = NULL;
        buf_reset(&out);
        update.before = i == 0 ? buf_view(&raw) : STR("");
        assert_int_equal(collection_modify(db, &update, &record), ERR_OK);
        assert_int_equal(captured[F_VERSION].integer, 2 + i);
        assert_true(captured[F_PRICE].number == 1e-7);
        assert_int_equal(captured[F_TAGS].type, VALUE_NONE);
        shown[i] = strdup(text());
        /* It is another one by now. */
        assert_int_equal(collection_modify(db, &update, &record), ERR_NOT_FOUND);
    }
    assert_string_equal(shown[0], shown[1]);
    free(shown[0]);
    free(shown[1]);
    buf_free(&raw);
    return ERR_OK;
}

static void test_modify_known(void **state)
{
    (void)state;
    reset();
    assert_int_equal(run(do_modify_known, NULL), ERR_OK);
}

/* A debt: opened by the server's clock, closed by an upsert, deleted only in exactly one state. */
static const struct shape_field debt_fields[] = {
    {.name = STR_INIT("_id"), .capture = true},    {.name = STR_INIT("opened"), .capture = true},
    {.name = STR_INIT("closed"), .capture = true}, {.name = STR_INIT("tags"), .capture = true},
    {.name = STR_INIT("state"), .capture = true},
};
static const struct shape debt_shape = SHAPE(debt_fields);

static enum err do_debt(struct mongo_db *db, void *context)
{
    const struct value tags[] = {value_string(STR("products")), value_string(STR("product:1"))};
    struct value debt[COUNT(debt_fields)];
    const struct found_document record = {&debt_shape, NULL, debt, &arena, NULL};
    const struct condition by_id = {STR("_id"), OP_EQ, value_string(STR("debt-1"))};
    const struct assignment open[] = {
        {STR("tags"), ASSIGN_SET, value_list(tags, 2)},
        {STR("state"), ASSIGN_SET, value_int(1)},
        {STR("opened"), ASSIGN_NOW, value_null()},
    };
    const struct assignment shut[] = {
        {STR("closed"), ASSIGN_SET, value_bool(true)},
        {STR("state"), ASSIGN_INC, value_int(1)},
        {STR("tags"), ASSIGN_SET_ON_INSERT, value_list(tags, 1)},
    };
    struct condition listed[] = {by_id, {STR("state"), OP_EQ, value_int(1)}};
    struct update update = {collection, &by_id, 1, open, COUNT(open), true, 0, {NULL, 0}};
    int64_t changed, now;

    (void)context;
    assert_int_equal(collection_update(db, &update, &changed), ERR_OK);
    assert_int_equal(changed, 1);
    assert_int_equal(collection_find_one(db, collection, &by_id, 1, TIME_MS, &record), ERR_OK);
    assert_int_equal(debt[1].type, VALUE_DATE);
    assert_int_equal(debt[3].list.count, 2);
    assert_int_equal(collection_server_time(db, &now), ERR_OK);
    assert_true(llabs(now - debt[1].integer) < 60000);
    assert_true(llabs(now - clock_wall_ms()) < 60000);
    update.assignments = shut;
    update.assignment_count = COUNT(shut);
    assert_int_equal(collection_update(db, &update, &changed), ERR_OK);
    assert_int_equal(collection_find_one(db, collection, &by_id, 1, TIME_MS, &record), ERR_OK);
    assert_true(debt[2].boolean);
    assert_int_equal(debt[3].list.count, 2);
    assert_int_equal(debt[4].integer, 2);
    assert_int_equal(collection_delete(db, collection, listed, 2, false, &changed), ERR_OK);
    assert_int_equal(changed, 0);
    listed[1].value = value_int(2);
    assert_int_equal(collection_delete(db, collection, listed, 2, false, &changed), ERR_OK);
    assert_int_equal(changed, 1);
    /* Closing one that is not there makes it. */
    assert_int_equal(collection_update(db, &update, &changed), ERR_OK);
    assert_int_equal(changed, 1);
    assert_int_equal(collection_find_one(db, collection, &by_id, 1, TIME_MS, &record), ERR_OK);
    assert_int_equal(debt[3].list.count, 1);
    return collection_remove(db, collection, &by_id, 1);
}

static void test_debt(void **state)
{
    (void)state;
    reset();
    assert_int_equal(run(do_debt, NULL), ERR_OK);
}

static enum err do_remove(struct mongo_db *db, void *context)
{
    const struct condition by_id = {STR("_id"), OP_EQ, value_oid(oid_of(6))};
    const struct condition in_b = {STR("category"), OP_EQ, value_string(STR("B"))};
    const struct assignment cheap = {STR("price"), ASSIGN_SET, value_int(0)};
    const struct update update = {collection, &in_b, 1, &cheap, 1, false, 0, {NULL, 0}};
    int64_t changed;

    (void)context;
    assert_int_equal(collection_remove(db, collection, &by_id, 1), ERR_OK);
    assert_int_equal(collection_remove(db, collection, &by_id, 1), ERR_NOT_FOUND);
    assert_int_equal(collection_update(db, &update, &changed), ERR_OK);
    assert_int_equal(changed, 1);
    assert_int_equal(collection_delete(db, collection, &in_b, 1, true, &changed), ERR_OK);
    assert_int_equal(changed, 15);
    return ERR_OK;
}

static void test_remove(void **state)
{
    (void)state;
    reset();
    assert_int_equal(run(do_remove, NULL), ERR_OK);
}

static enum err do_insert_many(struct mongo_db *db, void *context)
{
    struct assignment ids[5];
    struct document documents[5];
    enum err *errs = context;

    for (unsigned i = 0; i < 5; i++) {
        ids[i] = (struct assignment){STR("_id"), ASSIGN_SET, value_oid(oid_of(100 + i % 3))};
        documents[i] = (struct document){&ids[i], 1};
    }
    return collection_insert_many(db, collection, documents, 5, &(struct outcomes){.errs = errs});
}

static void test_insert_many(void **state)
{
    enum err errs[5];

    (void)state;
    assert_int_equal(run(do_insert_many, errs), ERR_OK);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(errs[i], i < 3 ? ERR_OK : ERR_EXISTS);
}

static enum err do_indexes(struct mongo_db *db, void *context)
{
    static const struct index_key by_category[] = {
        {STR_INIT("category"), 1}, {STR_INIT("createdAt"), -1}, {STR_INIT("_id"), -1}};
    static const struct index_key by_name[] = {{STR_INIT("name"), 1}};
    static const struct index_key bad[] = {{STR_INIT("x"), 0}};
    const struct index_spec indexes[] = {
        {.name = STR("category_1_createdAt_-1"), .keys = by_category, .key_count = 3},
        {.name = STR("name_1"), .keys = by_name, .key_count = 1, .unique = true},
        {.name = STR("bad"), .keys = bad, .key_count = 1},
    };
    const struct assignment named[] = {{STR("name"), ASSIGN_SET, value_string(STR("one"))}};
    unsigned refused = 9;
    int64_t deleted;

    (void)context;
    assert_int_equal(collection_delete(db, collection, NULL, 0, true, &deleted), ERR_OK);
    assert_int_equal(collection_create_indexes(db, collection, indexes, 2, &refused), ERR_OK);
    assert_int_equal(refused, 0);
    assert_int_equal(collection_create_indexes(db, collection, indexes, 3, &refused), ERR_OK);
    assert_in_range(refused, 0, 1);
    assert_int_equal(collection_insert(db, collection, &(struct document){named, 1}), ERR_OK);
    return collection_insert(db, collection, &(struct document){named, 1});
}

static void test_indexes(void **state)
{
    (void)state;
    assert_int_equal(run(do_indexes, NULL), ERR_EXISTS);
}

struct seen_indexes {
    unsigned count, unique, words;
};

static void see_index(void *context, const struct index_spec *index)
{
    struct seen_indexes *seen = context;

    seen->count++;
    if (str_eq(index->name, STR("name_1")))
        seen->unique += index->unique;
    if (str_eq(index->name, STR("category_1_createdAt_-1"))) {
        assert_int_equal(index->key_count, 3);
        assert_str(index->keys[1].field, "createdAt");
        assert_int_equal(index->keys[1].direction, -1);
        assert_false(index->unique);
    }
    for (size_t i = 0; i < index->key_count; i++)
        seen->words += index->keys[i].direction == INDEX_TEXT;
}

static enum err do_list_indexes(struct mongo_db *db, void *context)
{
    static const struct index_key words[] = {{STR_INIT("name"), INDEX_TEXT},
                                             {STR_INIT("text"), INDEX_TEXT}};
    const struct index_spec text_index = {.name = STR("words"), .keys = words, .key_count = 2};
    struct seen_indexes *seen = context, none = {0};
    unsigned refused = 0;
    bool exists = false, empty = true;

    assert_int_equal(collection_create_indexes(db, collection, &text_index, 1, &refused), ERR_OK);
    assert_int_equal(collection_indexes(db, collection, see_index, seen), ERR_OK);
    seen->words += refused > 0 ? 2 : 0; /* not every server has them */
    assert_int_equal(collection_drop_index(db, collection, STR("name_1")), ERR_OK);
    assert_int_equal(collection_drop_index(db, collection, STR("name_1")), ERR_OK);
    assert_int_equal(collection_indexes(db, STR("larder_no_such"), see_index, &none), ERR_OK);
    assert_int_equal(none.count, 0);
    assert_int_equal(collection_exists(db, collection, &exists), ERR_OK);
    assert_true(exists);
    assert_int_equal(collection_is_empty(db, collection, &empty), ERR_OK);
    assert_false(empty);
    assert_int_equal(collection_is_empty(db, STR("larder_no_such"), &empty), ERR_OK);
    assert_true(empty);
    return collection_exists(db, STR("larder_no_such"), &exists) == ERR_OK && !exists ? ERR_OK
                                                                                      : ERR_EXISTS;
}

static void test_list_indexes(void **state)
{
    struct seen_indexes seen = {0};

    (void)state;
    assert_int_equal(run(do_list_indexes, &seen), ERR_OK);
    assert_in_range(seen.count, 3, 5);
    assert_int_equal(seen.unique, 1);
    assert_int_equal(seen.words, 2);
}

/* A document that others wrote has a value of any type; one that another writer changes into a list
 * that has it is no longer the same. */
static enum err do_same(struct mongo_db *db, void *context)
{
    const struct value item = value_string(STR("x"));
    const struct value inner[] = {value_int(1), value_decimal(STR("2.50"))};
    const struct member members[] = {{STR("b"), value_list(inner, 2)}};
    const struct value values[] = {
        {.type = VALUE_NONE},
        value_null(),
        item,
        value_list(&item, 1),
        value_object(members, 1),
        value_decimal(STR("1.5")),
        {.type = VALUE_RAW, .raw = {{"ab\0i", 5}, 0x0b}},
        {.type = VALUE_UUID, .uuid = {1, 2}},
    };
    int64_t deleted, found;

    (void)context;
    assert_int_equal(collection_delete(db, collection, NULL, 0, true, &deleted), ERR_OK);
    for (size_t i = 0; i < COUNT(values); i++) {
        const struct assignment document[] = {{STR("_id"), ASSIGN_SET, value_int((int64_t)i)},
                                              {STR("f"), ASSIGN_SET, values[i]}};
        assert_int_equal(collection_insert(db, collection, &(struct document){document, 2}),
                         ERR_OK);
    }
    for (size_t i = 0; i < COUNT(values); i++) {
        const struct condition same = {STR("f"), OP_SAME, values[i]};
        const struct condition both[] = {{STR("_id"), OP_EQ, value_int((int64_t)i)}, same};
        assert_int_equal(collection_count(db, collection, &same, 1, TIME_MS, &found), ERR_OK);
        assert_int_equal(found, 1);
        assert_int_equal(collection_count(db, collection, both, 2, TIME_MS, &found), ERR_OK);
        assert_int_equal(found, 1);
    }
    return ERR_OK;
}

static void test_same(void **state)
{
    (void)state;
    assert_int_equal(run(do_same, NULL), ERR_OK);
}

/* The breaker opens after failures and is closed by its own ping, without a request. */

static enum err do_ping(struct mongo_db *db, void *context)
{
    int64_t now_ms;

    (void)context;
    return collection_server_time(db, &now_ms);
}

static enum err do_drop(struct mongo_db *db, void *context)
{
    (void)context;
    return collection_drop(db, collection);
}

static int setup(void **state)
{
    struct mongo_config config = {.uri = getenv("MONGODB_URI")};
    const char *why;

    (void)state;
    log_setup(getenv("TEST_LOG") != NULL ? LOG_DEBUG : LOG_OFF, LOG_TEXT);
    collection = str_make(name, (size_t)snprintf(name, sizeof name, "larder_test_%d", getpid()));
    arena_init(&arena, NULL, 0);
    assert_int_equal(mongo_new(&config, &mongo, &why), ERR_OK);
    return run(do_ping, NULL) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(run(do_drop, NULL), ERR_OK);
    assert_int_equal(run(do_drop, NULL), ERR_OK);
    mongo_close(mongo, NULL, NULL);
    buf_free(&out);
    arena_reset(&arena);
    return 0;
}

int main(void)
{
    /* In this order: they build on each other. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_insert),       cmocka_unit_test(test_find_one),
        cmocka_unit_test(test_conditions),   cmocka_unit_test(test_keyset),
        cmocka_unit_test(test_pages),        cmocka_unit_test(test_count),
        cmocka_unit_test(test_owner),        cmocka_unit_test(test_each),
        cmocka_unit_test(test_modify),       cmocka_unit_test(test_modify_known),
        cmocka_unit_test(test_debt),         cmocka_unit_test(test_remove),
        cmocka_unit_test(test_insert_many),  cmocka_unit_test(test_indexes),
        cmocka_unit_test(test_list_indexes), cmocka_unit_test(test_same),
    };

    if (getenv("MONGODB_URI") == NULL)
        return 77; /* automake: skipped */
    return cmocka_run_group_tests(tests, setup, teardown);
}
