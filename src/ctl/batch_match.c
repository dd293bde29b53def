/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/batch_item.h"
#include "schema/same.h"

/* --- By id: without keys --- */

static const struct shape_field id_field[] = {{.name = STR_INIT("_id"), .capture = true}};
static const struct shape id_shape = SHAPE(id_field);

static bool take_there(void *context, const struct value *captured)
{
    struct batch *batch = context;
    char room[ID_TEXT_MAX];
    struct str id = id_text(batch->config.resource->id, &captured[0], room);

    for (size_t i = 0; i < batch->count; i++)
        if (str_eq(batch->items[i].id, id))
            batch->items[i].state = BATCH_SAME;
    return true;
}

static enum err match_ids(struct mongo_db *db, struct batch *batch)
{
    struct value *ids = arena_alloc(&batch->arena, (batch->count + 1) * sizeof *ids);
    struct condition which = {.field = STR("_id"), .op = OP_IN};
    struct find find = {.collection = batch->config.resource->collection,
                        .conditions = &which,
                        .condition_count = 1,
                        .shape = &id_shape};

    for (size_t i = 0; i < batch->count; i++)
        ids[i] = batch->items[i].draft.items[0].value;
    which.value = value_list(ids, batch->count);
    return collection_each(db, &find, take_there, batch);
}

/* The same record twice in one batch: the second is there already. */
static void mark_repeated(struct batch *batch)
{
    for (size_t i = 1; i < batch->count; i++)
        for (size_t j = 0; j < i && batch->items[i].state == BATCH_WAITING; j++)
            if (str_eq(batch->items[i].id, batch->items[j].id))
                batch->items[i].state = BATCH_SAME;
}

static enum err match_all_ids(struct mongo_db *db, struct batch *batch)
{
    enum err err = ERR_OK;

    mark_repeated(batch);
    if (batch->look_first)
        err = match_ids(db, batch);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].state == BATCH_WAITING)
            batch->items[i].state = BATCH_NEW;
    return err;
}

/* --- By keys --- */

static bool has_keys(const struct batch *batch, const struct batch_item *a,
                     const struct batch_item *b)
{
    for (size_t i = 0; i < batch->config.key_count; i++)
        if (!value_is_same(&a->keys[i], &b->keys[i]))
            return false;
    return true;
}

static void activate(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        bool first = item->state == BATCH_WAITING;

        for (size_t j = 0; first && j < i; j++)
            first = batch->items[j].state == BATCH_DONE || !has_keys(batch, item, &batch->items[j]);
        if (first)
            item->state = BATCH_ACTIVE;
        item->found = 0;
    }
}

/* What is read of each document: its top-level fields, those of the schema and of the server. */
struct reading {
    struct batch *batch;
    struct shape_field *fields;
    struct shape shape;
};

static void add_field(struct reading *reading, struct str name)
{
    if (name.len > 0 && shape_find(&reading->shape, name) == reading->shape.count)
        reading->fields[reading->shape.count++] =
            (struct shape_field){.name = name, .capture = true};
}

/* What is not declared too, where that is taken. */
static void add_draft(struct reading *reading, const struct assignments *draft)
{
    for (size_t i = 0; i < draft->count; i++) {
        struct str path = draft->items[i].field;
        add_field(reading, str_make(path.ptr, str_find(path, '.')));
    }
}

/* _id first. */
static void reading_init(struct reading *reading, struct batch *batch)
{
    enum { OTHERS = 7 };
    const struct resource *resource = batch->config.resource;
    const struct field *document = resource->document;
    size_t room = document->field_count + batch->config.key_count + OTHERS;

    for (size_t i = 0; i < batch->count; i++)
        room += batch->items[i].draft.count;
    reading->batch = batch;
    reading->fields = arena_alloc(&batch->arena, room * sizeof reading->fields[0]);
    reading->shape = (struct shape){.fields = reading->fields, .whole = true};
    add_field(reading, STR("_id"));
    for (size_t i = 0; i < document->field_count; i++)
        add_field(reading, document->fields[i].name);
    for (size_t i = 0; i < batch->config.key_count; i++)
        add_field(reading,
                  str_make(batch->config.keys[i].ptr, str_find(batch->config.keys[i], '.')));
    for (size_t i = 0; i < batch->count; i++)
        add_draft(reading, &batch->items[i].draft);
    add_field(reading, resource->kept.version);
    add_field(reading, resource->kept.updated);
    add_field(reading, resource->kept.owner);
    add_field(reading, MONGOOSE_VERSION);
    add_field(reading, str_make(resource->partition.ptr, str_find(resource->partition, '.')));
}

static struct value captured_at(const struct reading *reading, const struct value *captured,
                                struct str path)
{
    size_t len = str_find(path, '.');
    size_t i = shape_find(&reading->shape, str_make(path.ptr, len));
    const struct value *value = i < reading->shape.count ? &captured[i] : NULL;

    if (value != NULL && len < path.len)
        value = batch_value_at(value, str_from_offset(path, len + 1));
    return value != NULL ? *value : (struct value){.type = VALUE_NONE};
}

static bool is_of_keys(const struct reading *reading, const struct value *captured,
                       const struct batch_item *item)
{
    const struct batch_config *config = &reading->batch->config;

    for (size_t i = 0; i < config->key_count; i++) {
        struct value value = captured_at(reading, captured, config->keys[i]);
        if (!value_is_same(&value, &item->keys[i]))
            return false;
    }
    return true;
}

/* Leaves in the draft what the document has otherwise, and what the server keeps. */
static bool keep_differences(const struct reading *reading, const struct value *captured,
                             struct batch_item *item)
{
    const struct kept_fields *kept = &reading->batch->config.resource->kept;
    size_t count = 0, kept_count = 0;

    for (size_t i = 0; i < item->draft.count; i++) {
        const struct assignment *assignment = &item->draft.items[i];
        struct value value = captured_at(reading, captured, assignment->field);
        bool servers =
            str_eq(assignment->field, kept->version) || str_eq(assignment->field, kept->updated);

        if (!servers &&
            (assignment->op == ASSIGN_UNSET ? value.type == VALUE_NONE
                                            : value_is_same(&value, &assignment->value)))
            continue;
        kept_count += servers;
        item->draft.items[count++] = *assignment;
    }
    item->draft.count = count;
    return count > kept_count;
}

/* The document as far as it was read, as bytes of its own. */
static enum err take_before(const struct reading *reading, const struct value *captured,
                            struct batch_item *item)
{
    struct arena *arena = &reading->batch->arena;
    struct assignment *fields = arena_alloc(arena, reading->shape.count * sizeof *fields);
    struct buf bytes = BUF_INIT(32 << 20);
    size_t count = 0;
    enum err err;

    for (size_t i = 0; i < reading->shape.count; i++)
        if (captured[i].type != VALUE_NONE)
            fields[count++] = (struct assignment){reading->fields[i].name, ASSIGN_SET, captured[i]};
    err = document_bytes(&(struct document){fields, count}, &bytes);
    item->before = arena_str(arena, buf_view(&bytes));
    buf_free(&bytes);
    return err;
}

static void match(const struct reading *reading, const struct value *captured,
                  struct batch_item *item)
{
    const struct resource *resource = reading->batch->config.resource;
    char *room = arena_alloc(&reading->batch->arena, ID_TEXT_MAX);
    struct str id = arena_str(&reading->batch->arena, id_text(resource->id, &captured[0], room));

    if (item->found++ > 0)
        problem_add(&item->problem, reading->batch->config.keys[0],
                    STR("is that of several documents"));
    else if (item->id.len > 0 && !str_eq(item->id, id))
        problem_add(&item->problem, STR("_id"), STR("is another one there"));
    else if (!keep_differences(reading, captured, item))
        item->state = BATCH_SAME;
    else if (id.len == 0)
        problem_add(&item->problem, STR("_id"), STR("is of another type there"));
    else if (take_before(reading, captured, item) != ERR_OK)
        problem_add(&item->problem, STR("body"), STR("is too large there"));
    else if (assignments_keep(resource, item->before, &item->draft, &reading->batch->arena,
                              &item->problem) == ERR_OK)
        item->state = BATCH_CHANGED;
    item->id = id;
}

static bool take_found(void *context, const struct value *captured)
{
    const struct reading *reading = context;

    for (size_t i = 0; i < reading->batch->count; i++) {
        struct batch_item *item = &reading->batch->items[i];
        if ((item->state == BATCH_ACTIVE || item->found > 0) && is_of_keys(reading, captured, item))
            match(reading, captured, item);
    }
    return true;
}

static struct value values_of_key(struct batch *batch, size_t key)
{
    struct value *values = arena_alloc(&batch->arena, (batch->count + 1) * sizeof *values);
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++)
        if (batch->items[i].state == BATCH_ACTIVE)
            values[count++] = batch->items[i].keys[key];
    return value_list(values, count);
}

static enum err match_keys(struct mongo_db *db, struct batch *batch)
{
    struct condition conditions[BATCH_KEYS_MAX];
    struct reading reading;
    struct find find = {.collection = batch->config.resource->collection,
                        .conditions = conditions,
                        .condition_count = batch->config.key_count,
                        .shape = &reading.shape};

    reading_init(&reading, batch);
    for (size_t i = 0; i < batch->config.key_count; i++)
        conditions[i] = (struct condition){batch->config.keys[i], OP_IN, values_of_key(batch, i)};
    return collection_each(db, &find, take_found, &reading);
}

/* Those that were not found are new, if they are whole. */
static void make_new(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_item *item = &batch->items[i];
        if (item->state != BATCH_ACTIVE || item->problem.count > 0)
            continue;
        item->state = BATCH_NEW;
        (void)batch_item_make(item, &batch->plan, item->root, false, &batch->arena);
    }
}

enum err batch_match(struct mongo_db *db, struct batch *batch)
{
    enum err err;

    if (batch->config.key_count == 0)
        return match_all_ids(db, batch);
    activate(batch);
    err = match_keys(db, batch);
    if (err == ERR_OK)
        make_new(batch);
    return err;
}
