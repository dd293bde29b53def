/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/index_specs.h"

#include "base/hash.h"
#include "base/idiom.h"

/* One for each sort, alone and behind each filter by equality, with _id last and in the sort's
 * direction, so that a page is read from the index in its order.  Behind a filter by a boolean,
 * which halves a collection at best, only for the first two sorts.  By owner the newest, which is
 * what people's own page shows, or every sort where lists hold one's own.  For ranges of what
 * nothing is sorted by, one of their own. */

enum { NAME_SIZE = 100, BOOLEAN_SORTS = 2, KEYS_MAX = 6 };

struct indexes {
    struct draft *draft;
    struct index *list; /* INDEXES_MAX */
    size_t count;       /* of all that are needed, also of those that found no room */
};

/* --- Names --- */

/* "category,-createdAt,-_id" is "category_createdAt", unless another one is so called. */
static struct str name_of(const struct indexes *indexes, struct str keys)
{
    struct arena *arena = indexes->draft->reading->arena;
    struct str rest = keys, part, name = STR("");
    char hex[16];
    uint64_t hash = hash64(keys.ptr, keys.len);

    while (str_split(&rest, ',', &part)) {
        part = str_from_offset(part, str_starts(part, STR("-")));
        if (name.len > 0 && str_eq(part, STR("_id")))
            continue;
        name = name.len > 0 ? ARENA_JOIN(arena, name, STR("_"), part) : part;
    }
    hex_encode(&hash, sizeof hash, hex);
    if (name.len > NAME_SIZE)
        return ARENA_JOIN(arena, str_make(name.ptr, NAME_SIZE - sizeof hex), str_make(hex, 16));
    for (size_t i = 0; i < indexes->count && i < INDEXES_MAX; i++)
        if (str_eq(indexes->list[i].name, name))
            return ARENA_JOIN(arena, name, STR("_"), str_make(hex, 8));
    return name;
}

static bool has_keys(const struct indexes *indexes, struct str keys)
{
    for (size_t i = 0; i < indexes->count && i < INDEXES_MAX; i++)
        if (str_eq(indexes->list[i].keys, keys))
            return true;
    return false;
}

static struct index *indexes_add(struct indexes *indexes, struct str name, struct str keys)
{
    static struct index none;
    struct index *index = indexes->count < INDEXES_MAX ? &indexes->list[indexes->count] : &none;

    if (has_keys(indexes, keys))
        return &none;
    *index = (struct index){.name = name.len > 0 ? name : name_of(indexes, keys), .keys = keys};
    indexes->count++;
    return index;
}

/* --- What queries need --- */

/* first (may be empty), the sort, and _id in its direction. */
static void add_sorted(struct indexes *indexes, struct str first, struct str sort)
{
    struct arena *arena = indexes->draft->reading->arena;
    bool down = str_starts(sort, STR("-"));
    struct str path = str_from_offset(sort, down), keys = first;

    if (!str_eq(path, first) && !str_eq(path, STR("_id")))
        keys = keys.len > 0 ? ARENA_JOIN(arena, keys, STR(","), sort) : sort;
    if (keys.len > 0)
        indexes_add(indexes, STR(""),
                    ARENA_JOIN(arena, keys, STR(","), down ? STR("-_id") : STR("_id")));
}

/* Whether an earlier sort goes by the same field, the other way round. */
static bool is_reverse(const struct draft *draft, size_t sort)
{
    struct str path = str_from_offset(draft->sorts[sort], draft->sorts[sort].ptr[0] == '-');

    for (size_t i = 0; i < sort; i++)
        if (str_eq(path, str_from_offset(draft->sorts[i], draft->sorts[i].ptr[0] == '-')))
            return true;
    return false;
}

static void add_all_sorted(struct indexes *indexes, struct str first, size_t most)
{
    const struct draft *draft = indexes->draft;

    for (size_t i = 0; i < draft->sort_count && most > 0; i++)
        if (!is_reverse(draft, i)) {
            add_sorted(indexes, first, draft->sorts[i]);
            most--;
        }
}

static void add_equalities(struct indexes *indexes)
{
    const struct draft *draft = indexes->draft;

    for (size_t i = 0; i < draft->resource->param_count; i++) {
        const struct query_param *param = &draft->resource->params[i];
        if ((param->op == PARAM_EQ || param->op == PARAM_IN) && !str_eq(param->field, STR("_id")))
            add_all_sorted(indexes, param->field,
                           param->type == PARAM_BOOL ? BOOLEAN_SORTS : SIZE_MAX);
    }
}

static void add_by_owner(struct indexes *indexes)
{
    struct arena *arena = indexes->draft->reading->arena;
    const struct resource *resource = indexes->draft->resource;
    struct str newest = resource->kept.created;

    if (resource->kept.owner.len == 0)
        return;
    add_sorted(indexes, resource->kept.owner,
               newest.len > 0 ? ARENA_JOIN(arena, STR("-"), newest) : STR("-_id"));
    if (resource->read == ACCESS_OWNER)
        add_all_sorted(indexes, resource->kept.owner, SIZE_MAX);
}

static bool begins_one(const struct indexes *indexes, struct str path)
{
    for (size_t i = 0; i < indexes->count && i < INDEXES_MAX; i++) {
        struct str keys = indexes->list[i].keys, first;
        (void)str_split(&keys, ',', &first);
        if (str_eq(path, str_from_offset(first, str_starts(first, STR("-")))))
            return true;
    }
    return false;
}

static void add_ranges(struct indexes *indexes)
{
    const struct resource *resource = indexes->draft->resource;

    for (size_t i = 0; i < resource->param_count; i++) {
        const struct query_param *param = &resource->params[i];
        bool range = param->op >= PARAM_GT && param->op <= PARAM_PREFIX;
        if (range && !str_eq(param->field, STR("_id")) && !begins_one(indexes, param->field))
            add_sorted(indexes, STR(""), param->field);
    }
}

static void add_follow(struct indexes *indexes)
{
    struct str field = indexes->draft->resource->follow.field;

    if (field.len > 0 && !begins_one(indexes, field))
        indexes_add(indexes, STR(""), field);
}

static void add_words(struct indexes *indexes)
{
    struct draft *draft = indexes->draft;
    struct arena *arena = draft->reading->arena;
    struct str keys = STR("text:");

    for (size_t i = 0; i < draft->search_count; i++)
        keys = ARENA_JOIN(arena, keys, i > 0 ? STR(",") : STR(""), draft->search[i]);
    if (draft->search_count > 0)
        indexes_add(indexes, STR("words"), keys);
}

/* --- Those that the file names --- */

static void check_key(struct draft *draft, const struct place *place, struct str key, bool *array)
{
    struct str path = str_from_offset(key, str_starts(key, STR("-")));
    struct draft_path found;

    if (draft_name_path(draft, place, path, &found) == NULL)
        return;
    if (found.through_array && *array)
        report(draft->reading, place, "names two arrays: MongoDB has no index of them");
    *array = *array || found.through_array;
}

/* Whether the keys name the key's field before it, in either direction. */
static bool is_second(struct str keys, struct str key)
{
    struct str path = str_from_offset(key, str_starts(key, STR("-"))), other;

    while (str_split(&keys, ',', &other) && other.ptr != key.ptr)
        if (str_eq(path, str_from_offset(other, str_starts(other, STR("-")))))
            return true;
    return false;
}

static bool check_keys(const struct indexes *indexes, const struct place *place, struct str keys)
{
    struct draft *draft = indexes->draft;
    size_t errors = draft->reading->errors, count = 0;
    struct str rest = keys, key;
    bool array = false;

    while (str_split(&rest, ',', &key)) {
        if (++count <= KEYS_MAX)
            check_key(draft, place, key, &array);
        if (is_second(keys, key))
            report(draft->reading, place, "names \"%.*s\" twice", SHOW(key));
    }
    if (count > KEYS_MAX)
        report(draft->reading, place, "has %zu fields: %d are possible", count, KEYS_MAX);
    if (has_keys(indexes, keys))
        report(draft->reading, place, "is there already");
    return draft->reading->errors == errors;
}

static void read_object(struct indexes *indexes, const struct place *place, const json_t *json)
{
    static const struct str known[] = {STR_INIT("keys"), STR_INIT("unique"), STR_INIT("sparse")};
    struct reading *reading = indexes->draft->reading;
    struct str keys = STR("");
    bool flags[COUNT(known)] = {false};
    struct index *index;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        struct place at = {place, str_from(name)};
        size_t i = 0;
        while (i < COUNT(known) && !str_eq(known[i], at.key))
            i++;
        if (i == COUNT(known))
            report_unknown(reading, &at, "key", known, COUNT(known));
        else if (i > 0)
            (void)take_bool(reading, &at, value, &flags[i]);
        else if (!take_text(reading, &at, value, &keys) || !check_keys(indexes, &at, keys))
            return;
    }
    if (keys.len == 0) {
        report_key(reading, place, known[0], "is required");
        return;
    }
    index = indexes_add(indexes, STR(""), keys);
    index->unique = flags[1];
    index->sparse = flags[2];
}

static void read_index(struct indexes *indexes, const struct place *place, const json_t *json)
{
    struct str keys = json_text(json);

    if (json_is_object(json))
        read_object(indexes, place, json);
    else if (!json_is_string(json))
        report(indexes->draft->reading, place,
               "must be fields, such as \"chef.name,-published\", or an object with \"keys\"");
    else if (check_keys(indexes, place, keys))
        indexes_add(indexes, STR(""), keys);
}

void index_specs_read(struct draft *draft, const struct place *place, const json_t *json)
{
    struct indexes indexes = {.draft = draft};
    size_t errors = draft->reading->errors;

    indexes.list = arena_zalloc(draft->reading->arena, INDEXES_MAX * sizeof *indexes.list);
    if (json != NULL && !json_is_array(json))
        report(draft->reading, place, "must be an array");
    for (size_t i = 0; i < json_array_size(json); i++) {
        struct place at = place_item(draft->reading, place, i);
        read_index(&indexes, &at, json_array_get(json, i));
    }
    add_all_sorted(&indexes, STR(""), SIZE_MAX);
    add_equalities(&indexes);
    add_by_owner(&indexes);
    add_ranges(&indexes);
    add_follow(&indexes);
    add_words(&indexes);
    if (draft->reading->errors == errors && indexes.count > INDEXES_MAX)
        report_key(draft->reading, draft->top, STR("filters"),
                   reading_format(draft->reading,
                                  "need %zu indexes with these sorts: %d are possible",
                                  indexes.count, INDEXES_MAX)
                       .ptr);
    draft->resource->indexes = indexes.list;
    draft->resource->index_count = indexes.count < INDEXES_MAX ? indexes.count : INDEXES_MAX;
}
