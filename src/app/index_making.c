/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/index_making.h"

enum { INDEXES_MAX = QUERY_PARAMS_MAX, KEYS_MAX = 16 };

/* "category,-createdAt,-_id" or "text:name,description". */
static size_t parse_keys(struct str rest, struct index_key keys[static KEYS_MAX])
{
    bool words = str_starts(rest, STR("text:"));
    struct str name;
    size_t count = 0;

    if (words)
        rest = str_from_offset(rest, sizeof "text:" - 1);
    while (count < KEYS_MAX && str_split(&rest, ',', &name)) {
        bool down = name.ptr[0] == '-';
        keys[count++] = (struct index_key){str_from_offset(name, down), words  ? INDEX_TEXT
                                                                        : down ? -1
                                                                               : 1};
    }
    return count;
}

enum err indexes_ensure(struct mongo_db *db, struct str collection, const struct index *indexes,
                        size_t count, unsigned *refused)
{
    struct index_key keys[INDEXES_MAX][KEYS_MAX];
    struct index_spec specs[INDEXES_MAX];

    if (count > INDEXES_MAX)
        count = INDEXES_MAX;
    for (size_t i = 0; i < count; i++)
        specs[i] = (struct index_spec){.name = indexes[i].name,
                                       .keys = keys[i],
                                       .key_count = parse_keys(indexes[i].keys, keys[i]),
                                       .unique = indexes[i].unique,
                                       .sparse = indexes[i].sparse,
                                       .expire_after_s = indexes[i].expire_after_s};
    return collection_create_indexes(db, collection, specs, count, refused);
}

/* --- Comparing --- */

/* An index serves both ways. */
static bool same_keys(const struct index_spec *found, const struct index_key *keys, size_t count)
{
    bool same = found->key_count == count, inverse = same;

    for (size_t i = 0; i < count && (same || inverse); i++) {
        const struct index_key *key = &found->keys[i];
        bool named = str_eq(key->field, keys[i].field);
        same = same && named && key->direction == keys[i].direction;
        inverse = inverse && named && key->direction == -keys[i].direction;
    }
    return same || inverse;
}

static bool same_words(const struct index_spec *found, const struct index_key *keys, size_t count)
{
    size_t known = 0;

    for (size_t i = 0; i < found->key_count; i++)
        for (size_t j = 0; j < count; j++)
            known += found->keys[i].direction == INDEX_TEXT &&
                     str_eq(found->keys[i].field, keys[j].field);
    return known == count;
}

bool index_serves(const struct index_spec *found, const struct index *index)
{
    struct index_key keys[KEYS_MAX];
    size_t count = parse_keys(index->keys, keys);
    bool words = count > 0 && keys[0].direction == INDEX_TEXT;

    return words ? same_words(found, keys, count) : same_keys(found, keys, count);
}
