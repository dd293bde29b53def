/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/indexes.h"

#include "base/arena.h"
#include "base/buf.h"

/* Documents of larder_indexes: {_id: "<collection> <index>"}. */

static const struct str notes = STR_INIT("larder_indexes");

enum { NAMES_MAX = 1 << 20 };

static struct str note_of(const struct resource *resource, struct str name, struct arena *arena)
{
    return ARENA_JOIN(arena, resource->collection, STR(" "), name);
}

static enum err add_note(struct mongo_db *db, struct str note)
{
    const struct assignment id = {STR("_id"), ASSIGN_SET, value_string(note)};
    enum err err = collection_insert(db, notes, &(struct document){&id, 1});

    return err == ERR_EXISTS ? ERR_OK : err;
}

enum err indexes_note_missing(struct mongo_db *db, const struct resource *resource)
{
    struct index_state state;
    struct arena arena;
    enum err err = indexes_look(db, resource, &state);

    arena_init(&arena, NULL, 0);
    for (size_t i = 0; err == ERR_OK && i < resource->index_count; i++)
        if (!state.there[i])
            err = add_note(db, note_of(resource, resource->indexes[i].name, &arena));
    arena_reset(&arena);
    return err;
}

/* Names that are needed for nothing, each with a NUL behind it. */
struct unneeded {
    const struct resource *resource;
    struct buf names;
};

static void take_index(void *context, const struct index_spec *found)
{
    struct unneeded *unneeded = context;
    const struct resource *resource = unneeded->resource;

    for (size_t i = 0; i < resource->index_count; i++)
        if (index_serves(found, &resource->indexes[i]))
            return;
    buf_str(&unneeded->names, found->name);
    buf_char(&unneeded->names, '\0');
}

static enum err is_noted(struct mongo_db *db, const struct resource *resource, struct str name,
                         bool *noted)
{
    static const struct shape shape = {.count = 0};
    struct condition id = {STR("_id"), OP_EQ, {.type = VALUE_STRING}};
    struct arena arena;
    enum err err;

    arena_init(&arena, NULL, 0);
    id.value = value_string(note_of(resource, name, &arena));
    err = collection_find_one(db, notes, &id, 1, 0, &(struct found_document){.shape = &shape});
    arena_reset(&arena);
    *noted = err == ERR_OK;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err indexes_unneeded(struct mongo_db *db, const struct resource *resource,
                          void (*each)(void *context, struct str name), void *context)
{
    struct unneeded unneeded = {resource, BUF_INIT(NAMES_MAX)};
    enum err err = collection_indexes(db, resource->collection, take_index, &unneeded);
    struct str rest = buf_view(&unneeded.names), name;
    bool noted;

    while (err == ERR_OK && rest.len > 0 && str_split(&rest, '\0', &name)) {
        err = is_noted(db, resource, name, &noted);
        if (err == ERR_OK && noted)
            each(context, name);
    }
    buf_free(&unneeded.names);
    return err;
}
