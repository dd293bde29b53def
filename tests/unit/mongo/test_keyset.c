/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/idiom.h"
#include "base/log.h"
#include "base/random.h"
#include "mongo/collection.h"

/* Walks over documents that have anything under the sort's field, and _ids of any type: each
 * document once, whatever the direction and the size of a page.  On the server that MONGODB_URI
 * names; skipped without one.  TEST_ROUNDS is how many mixtures are tried. */

enum { OUT_MAX = 1 << 22, DOCUMENTS_MAX = 60, ITEMS_MAX = 4, TIME_MS = 20000, ROUNDS = 12 };

static struct mongo *mongo;
static char name[64];
static struct str collection;
static struct arena arena;

static const struct shape_field shape_fields[] = {{.name = STR_INIT("n")}};
static const struct shape shape = SHAPE(shape_fields);

/* TEST_PLAIN: nothing that SecantusDB has no type or no order for. */
static bool is_plain;

/* --- Random values --- */

static uint64_t below(uint64_t count)
{
    return random_u64() % count;
}

static struct value raw(unsigned char kind, const char *bytes, size_t len)
{
    return (struct value){.type = VALUE_RAW,
                          .raw = {arena_str(&arena, str_make(bytes, len)), kind}};
}

static struct value random_text(void)
{
    static const char *const texts[] = {"",   "a", "A", "ab", "b",  "\xc3\xa4",
                                        "10", "9", " ", "~",  "zz", "a.b"};

    return value_string(str_from(texts[below(COUNT(texts))]));
}

static struct value random_number(void)
{
    static const char *const decimals[] = {"1.5",   "-1.50",    "1.50",       "0",  "-0.0",
                                           "3E+20", "Infinity", "0.10000000", "NaN"};
    static const double doubles[] = {0.1, 1.5, -0.0, 2, 1e300, INFINITY, -INFINITY, NAN, 9e15};

    switch (below(4)) {
    case 0: return value_int((int64_t)below(7) - 3);
    case 1: return value_int((int64_t)random_u64() >> below(64));
    case 2: return value_double(doubles[below(COUNT(doubles))]);
    default: return value_decimal(str_from(decimals[below(COUNT(decimals))]));
    }
}

static struct value random_binary(void)
{
    struct value uuid = {.type = VALUE_UUID, .uuid = {(unsigned char)below(3)}};

    return is_plain || below(2) ? uuid : value_bytes(str_make("abcdefghijklmnop", 16 - below(2)));
}

static struct value random_scalar(void);

static struct value random_object(void)
{
    static const char *const names[] = {"x", "y"};
    size_t count = below(3);
    struct member *members = arena_alloc(&arena, 3 * sizeof *members);

    for (size_t i = 0; i < count; i++)
        members[i] = (struct member){str_from(names[i]), random_scalar()};
    return value_object(members, count);
}

static struct value random_odd(void)
{
    static const char regex[] = "^a\0i", code[] = "\2\0\0\0c\0";
    static const char pointer[] = "\2\0\0\0d\0"
                                  "0123456789ab";
    char stamp[8] = {(char)below(3), 0, 0, 0, (char)below(3)};

    switch (below(is_plain ? 4 : 7)) {
    case 0: return raw(0x11, stamp, sizeof stamp);
    case 1: return raw(0xff, "", 0);
    case 2: return raw(0x7f, "", 0);
    case 3: return raw(0x0b, regex, sizeof regex);
    case 4: return raw(0x0d, code, sizeof code - 1);
    case 5: return raw(0x06, "", 0);
    default: return raw(0x0c, pointer, sizeof pointer - 1);
    }
}

static struct value random_scalar(void)
{
    struct oid oid = {{(unsigned char)below(3)}};

    switch (below(10)) {
    case 0:
    case 1: return random_text();
    case 2:
    case 3: return random_number();
    case 4: return value_null();
    case 5: return value_bool(below(2));
    case 6: return value_date((int64_t)below(3) * 1000 - 1000);
    case 7: return value_oid(oid);
    case 8: return random_binary();
    default: return random_odd();
    }
}

static struct value random_value(unsigned depth);

static bool is_undefined(const struct value *value)
{
    return value->type == VALUE_RAW && value->raw.kind == 0x06;
}

static struct value random_list(unsigned depth)
{
    size_t count = below(ITEMS_MAX + 1);
    struct value *items = arena_alloc(&arena, ITEMS_MAX * sizeof *items);

    for (size_t i = 0; i < count; i++) {
        do
            items[i] = random_value(depth + 1);
        while (items[i].type == VALUE_NONE || is_undefined(&items[i]));
    }
    return value_list(items, count);
}

static struct value random_value(unsigned depth)
{
    switch (below(10)) {
    case 0: return (struct value){.type = VALUE_NONE};
    case 1: return random_object();
    case 2:
    case 3: return depth < 2 ? random_list(depth) : random_scalar();
    default: return random_scalar();
    }
}

/* No two are equal: numbers are so if they are, of whatever type. */
static struct value random_id(unsigned i)
{
    char text[16];
    int len = snprintf(text, sizeof text, "id %u", (unsigned)(i * 7 % 60));
    struct oid oid = {{(unsigned char)(i * 13 % 60)}};
    struct member *member = arena_alloc(&arena, sizeof *member);

    *member = (struct member){STR("k"), value_int((int64_t)(i * 11 % 60))};
    switch (i == 0 && below(2) ? 7 : below(is_plain ? 6 : 7)) {
    case 0: return value_string(arena_str(&arena, str_make(text, (size_t)len)));
    case 1: return value_int((int64_t)i - 20);
    case 2: return value_double((double)i + 0.5);
    case 3: return value_object(member, 1);
    case 4: return value_date((int64_t)i * 1000);
    case 5: return value_oid(oid);
    case 6: return value_bytes(arena_str(&arena, str_make(text, (size_t)len)));
    default: return below(2) ? value_null() : value_double(NAN);
    }
}

/* --- A mixture in the collection --- */

static unsigned documents;
static bool simple_ids;

/* Under a.b: in a document, or in documents of an array. */
static struct value random_parent(void)
{
    struct member *members = arena_alloc(&arena, 3 * sizeof *members);
    struct value *items = arena_alloc(&arena, 3 * sizeof *items);
    size_t count = below(4) > 0 ? 1 : 1 + below(3);

    for (size_t i = 0; i < count; i++) {
        do
            members[i] = (struct member){STR("b"), random_value(1)};
        while (count > 1 && (is_undefined(&members[i].value) ||
                             (is_plain && members[i].value.type == VALUE_NONE)));
        items[i] = value_object(&members[i], members[i].value.type != VALUE_NONE);
    }
    return count == 1 && below(2) ? items[0] : value_list(items, count);
}

static enum err fill(struct mongo_db *db, void *context)
{
    int64_t deleted;

    (void)context;
    assert_int_equal(collection_delete(db, collection, NULL, 0, true, &deleted), ERR_OK);
    for (unsigned i = 0; i < documents; i++) {
        const struct assignment fields[] = {
            {STR("_id"), ASSIGN_SET, simple_ids ? value_int((int64_t)(i * 7 % 60)) : random_id(i)},
            {STR("n"), ASSIGN_SET, value_int((int64_t)i)},
            {STR("f"), ASSIGN_SET, random_value(0)},
            {STR("a"), ASSIGN_SET, random_parent()},
        };
        assert_int_equal(
            collection_insert(db, collection, &(struct document){fields, COUNT(fields)}), ERR_OK);
    }
    return ERR_OK;
}

/* --- Walks --- */

struct walk {
    struct find find;
    unsigned seen[2 * DOCUMENTS_MAX]; /* documents as they came */
    size_t count;
};

static unsigned number_of(const struct buf *out, const struct find_item *item)
{
    return (unsigned)strtoul(out->ptr + item->offset + 5, NULL, 10); /* {"n": */
}

/* The pages of a walk, or all at once where the find says so. */
static enum err walk_through(struct mongo_db *db, void *context)
{
    struct walk *walk = context;
    struct find_item items[DOCUMENTS_MAX];
    struct find_result result = {.items = items, .arena = &arena};
    struct buf out = BUF_INIT(OUT_MAX);
    struct keyset after;
    enum err err;

    walk->count = 0;
    do {
        buf_reset(&out);
        err = collection_find(db, &walk->find, &out, &result);
        for (size_t i = 0; err == ERR_OK && i < result.count && walk->count < COUNT(walk->seen);
             i++)
            walk->seen[walk->count++] = number_of(&out, &items[i]);
        after = result.last;
        walk->find.after = &after;
    } while (err == ERR_OK && result.more && walk->count < COUNT(walk->seen));
    walk->find.after = NULL;
    buf_free(&out);
    return err;
}

static void print_walk(const char *which, const struct walk *walk)
{
    print_message("%s:", which);
    for (size_t i = 0; i < walk->count; i++)
        print_message(" %u", walk->seen[i]);
    print_message("\n");
}

static bool is_each_once(const struct walk *walk)
{
    bool seen[DOCUMENTS_MAX] = {false};

    for (size_t i = 0; i < walk->count; i++) {
        if (walk->seen[i] >= documents || seen[walk->seen[i]])
            return false;
        seen[walk->seen[i]] = true;
    }
    return walk->count == documents;
}

static enum err print_documents(struct mongo_db *db, void *context)
{
    static const struct shape all = {.open = true};
    const struct find find = {.collection = collection, .shape = &all};
    struct find_result result = {.arena = &arena};
    struct buf out = BUF_INIT(OUT_MAX);
    enum err err = collection_find(db, &find, &out, &result);

    (void)context;
    for (size_t i = 0, begin = 0; i < out.len; i++)
        if (i + 1 == out.len || strncmp(out.ptr + i, "},{\"_id\":", 8) == 0) {
            print_message("%.*s\n", (int)(i + 1 - begin), out.ptr + begin);
            begin = i + 2;
        }
    buf_free(&out);
    return err;
}

static void assert_walk(const struct sort_key *sort, size_t sort_count, uint32_t limit)
{
    struct walk walk = {.find = {.collection = collection,
                                 .sort = sort,
                                 .sort_count = sort_count,
                                 .limit = limit,
                                 .shape = &shape,
                                 .look_ahead = true,
                                 .max_time_ms = TIME_MS}};
    struct walk whole = walk;

    whole.find.limit = 0;
    whole.find.look_ahead = false;
    assert_int_equal(mongo_run(mongo, walk_through, &walk), ERR_OK);
    assert_int_equal(mongo_run(mongo, walk_through, &whole), ERR_OK);
    if (getenv("TEST_ORDER") != NULL && walk.count == whole.count &&
        memcmp(walk.seen, whole.seen, walk.count * sizeof walk.seen[0]) != 0) {
        print_walk("walk ", &walk);
        print_walk("whole", &whole);
    }
    if (is_each_once(&walk))
        return;
    mongo_run(mongo, print_documents, NULL);
    print_walk("walk ", &walk);
    print_walk("whole", &whole);
    fail_msg("%s, direction %d, %u a page", sort[0].field.ptr, sort[0].direction, limit);
}

static void try_mixture(void)
{
    static const uint32_t limits[] = {1, 2, 3, 7, 100};
    static const struct str fields[] = {STR_INIT("f"), STR_INIT("a.b"), STR_INIT("_id")};

    documents = (unsigned)below(DOCUMENTS_MAX + 1);
    simple_ids = below(2);
    assert_int_equal(mongo_run(mongo, fill, NULL), ERR_OK);
    for (size_t i = 0; i < COUNT(fields); i++)
        for (int direction = -1; direction <= 1; direction += 2)
            for (size_t k = 0; k < COUNT(limits); k++) {
                const struct sort_key sort[] = {{fields[i], direction}, {STR("_id"), direction}};
                assert_walk(sort, i == 2 ? 1 : 2, limits[k]);
            }
    arena_reset(&arena);
}

static void test_each_document_once(void **state)
{
    const char *rounds = getenv("TEST_ROUNDS");

    (void)state;
    for (long i = 0; i < (rounds != NULL ? strtol(rounds, NULL, 10) : ROUNDS); i++)
        try_mixture();
}

static enum err make_indexes(struct mongo_db *db, void *context)
{
    static const struct index_key keys[][2] = {{{STR_INIT("f"), 1}, {STR_INIT("_id"), 1}},
                                               {{STR_INIT("f"), -1}, {STR_INIT("_id"), -1}},
                                               {{STR_INIT("a.b"), 1}, {STR_INIT("_id"), 1}}};
    const struct index_spec specs[] = {{.name = STR("up"), .keys = keys[0], .key_count = 2},
                                       {.name = STR("down"), .keys = keys[1], .key_count = 2},
                                       {.name = STR("in"), .keys = keys[2], .key_count = 2}};
    int64_t deleted;

    (void)context;
    assert_int_equal(collection_delete(db, collection, NULL, 0, true, &deleted), ERR_OK);
    return collection_create_indexes(db, collection, specs, is_plain ? 2 : 3, NULL);
}

static void test_each_document_once_by_an_index(void **state)
{
    assert_int_equal(mongo_run(mongo, make_indexes, NULL), ERR_OK);
    test_each_document_once(state);
}

static enum err ping(struct mongo_db *db, void *context)
{
    bool exists;

    (void)context;
    return collection_exists(db, collection, &exists);
}

static enum err drop(struct mongo_db *db, void *context)
{
    (void)context;
    return collection_drop(db, collection);
}

static int setup(void **state)
{
    struct mongo_config config = {.uri = getenv("MONGODB_URI")};
    const char *why;

    (void)state;
    is_plain = getenv("TEST_PLAIN") != NULL;
    log_setup(getenv("TEST_LOG") != NULL ? LOG_DEBUG : LOG_OFF, LOG_TEXT);
    collection = str_make(name, (size_t)snprintf(name, sizeof name, "larder_walk_%d", getpid()));
    arena_init(&arena, NULL, 0);
    assert_int_equal(mongo_new(&config, &mongo, &why), ERR_OK);
    return mongo_run(mongo, ping, NULL) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(mongo_run(mongo, drop, NULL), ERR_OK);
    mongo_close(mongo, NULL, NULL);
    arena_reset(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_document_once),
        cmocka_unit_test(test_each_document_once_by_an_index),
    };

    if (getenv("MONGODB_URI") == NULL)
        return 77; /* automake: skipped */
    return cmocka_run_group_tests(tests, setup, teardown);
}
