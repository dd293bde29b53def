/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/batch_item.h"

#include "app/write/derived.h"
#include "base/clock.h"
#include "base/hash.h"

/* No time that a record can have: replaces the time of loading while the id is made. */
#define NO_TIME INT64_MIN
enum { TEXT_MAX = 32 << 20, TIMES_MAX = 64 };

/* --- Content --- */

/* The places of NO_TIME. */
struct times {
    struct value *at[TIMES_MAX];
    size_t count;
};

/* The values are the arena's, and this file's. */
static void find_times(struct times *times, const struct value *value)
{
    if (value->type == VALUE_DATE && value->integer == NO_TIME && times->count < TIMES_MAX)
        times->at[times->count++] = (struct value *)(uintptr_t)value;
    for (size_t i = 0; value->type == VALUE_OBJECT && i < value->object.count; i++)
        find_times(times, &value->object.members[i].value);
    for (size_t i = 0; value->type == VALUE_LIST && i < value->list.count; i++)
        find_times(times, &value->list.items[i]);
}

static void set_times(const struct times *times, int64_t ms)
{
    for (size_t i = 0; i < times->count; i++)
        times->at[i]->integer = ms;
}

/* The first bytes of the SHA-256 of collection and content, as JSON with a fixed time and id.
 * Documents of before are found by it again, so it must stay as it is. */
static enum err content_oid(const struct batch_item *item, const struct plan *plan, struct oid *oid)
{
    static const struct value no_id = {.type = VALUE_OID};
    struct buf text = BUF_INIT(TEXT_MAX);
    unsigned char digest[SHA256_SIZE];
    struct value id = item->draft.items[0].value;
    enum err err;

    buf_str(&text, plan->resource->name);
    buf_char(&text, '\n');
    item->draft.items[0].value = no_id;
    err = document_json(&(struct document){item->draft.items, item->draft.count}, &plan->shape,
                        &text);
    item->draft.items[0].value = id;
    sha256(buf_view(&text), digest);
    memcpy(oid->bytes, digest, OID_SIZE);
    buf_free(&text);
    return err;
}

static enum err derive_id(struct batch_item *item, const struct plan *plan, struct arena *arena)
{
    struct times times = {.count = 0};
    struct oid oid;
    enum err err;

    for (size_t i = 1; i < item->draft.count; i++)
        find_times(&times, &item->draft.items[i].value);
    set_times(&times, CLOCK_FIRST_MS);
    err = content_oid(item, plan, &oid);
    set_times(&times, item->now_ms);
    item->draft.items[0].value =
        derived_id(plan->resource->id, &oid, arena_alloc(arena, ID_TEXT_MAX));
    return err;
}

/* --- A whole one --- */

static struct validation validation_of(struct batch_item *item, const struct resource *resource,
                                       enum validate_mode mode, struct arena *arena)
{
    return (struct validation){.resource = resource,
                               .mode = mode,
                               .now_ms = item->now_ms,
                               .loose_times = true,
                               .restores = true,
                               .arena = arena,
                               .problem = &item->problem};
}

static enum err render(struct batch_item *item, const struct resource *resource,
                       struct arena *arena)
{
    struct buf bytes = BUF_INIT(TEXT_MAX);
    char *room = arena_alloc(arena, ID_TEXT_MAX);
    enum err err;

    item->id = id_text(resource->id, &item->draft.items[0].value, room);
    item->document = (struct document){item->draft.items, item->draft.count};
    err = document_bytes(&item->document, &bytes);
    item->bytes = arena_str(arena, buf_view(&bytes));
    buf_free(&bytes);
    return err;
}

enum err batch_item_make(struct batch_item *item, const struct plan *plan, const json_t *root,
                         bool derived, struct arena *arena)
{
    struct validation validation = validation_of(item, plan->resource, VALIDATE_CREATE, arena);
    enum err err = ERR_OK;

    derived = derived && json_object_get(root, "_id") == NULL;
    if (derived)
        validation.now_ms = NO_TIME;
    if (validate(&validation, root, &item->draft) != ERR_OK)
        return ERR_INVALID;
    if (derived)
        err = derive_id(item, plan, arena);
    if (err == ERR_OK)
        err = render(item, plan->resource, arena);
    if (err == ERR_OK)
        return ERR_OK;
    problem_add(&item->problem, STR("body"), STR("is too large"));
    return ERR_INVALID;
}

/* --- A change --- */

const struct value *batch_value_at(const struct value *value, struct str path)
{
    struct str name;

    while (value != NULL && str_split(&path, '.', &name)) {
        const struct value *inner = NULL;
        for (size_t i = 0; value->type == VALUE_OBJECT && i < value->object.count; i++)
            if (str_eq(value->object.members[i].name, name))
                inner = &value->object.members[i].value;
        value = inner;
    }
    return value;
}

static const struct value *value_in_draft(const struct assignments *draft, struct str path)
{
    size_t len = str_find(path, '.');
    const struct value *top = assignments_value(draft, str_make(path.ptr, len));

    return len == path.len || top == NULL ? top
                                          : batch_value_at(top, str_from_offset(path, len + 1));
}

static void take_keys(struct batch_item *item, const struct value *id, const struct str *keys,
                      size_t key_count)
{
    for (size_t i = 0; i < key_count; i++) {
        const struct value *value =
            str_eq(keys[i], STR("_id")) ? id : value_in_draft(&item->draft, keys[i]);

        if (value == NULL || value->type == VALUE_NONE || value->type == VALUE_NULL)
            problem_add(&item->problem, keys[i], STR("is a key, and is missing"));
        else
            item->keys[i] = *value;
    }
}

enum err batch_item_change(struct batch_item *item, const struct resource *resource,
                           const struct str *keys, size_t key_count, struct arena *arena)
{
    struct validation validation = validation_of(item, resource, VALIDATE_PUT, arena);
    const json_t *given = json_object_get(item->root, "_id");
    struct value id = {.type = VALUE_NONE};
    json_t *rest = json_copy(item->root);

    if (given != NULL && validate_id(&validation, given, &id) == ERR_OK)
        item->id = id_text(resource->id, &id, arena_alloc(arena, ID_TEXT_MAX));
    json_object_del(rest, "_id");
    if (validate(&validation, rest, &item->draft) == ERR_OK)
        take_keys(item, &id, keys, key_count);
    json_decref(rest);
    return item->problem.count == 0 ? ERR_OK : ERR_INVALID;
}
