/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/bson_json.h"

#include "mongo/bson_value.h"

/* A shape's names by their hashes, for documents that have their fields in another order: made when
 * looking along the shape has cost more than making it does. */
enum { SLOTS = 1024, SLOT_FIELDS_MAX = SLOTS / 2, WORTH = 3 };
struct names {
    size_t steps;
    bool made;
    uint16_t slots[SLOTS]; /* 1 + the field's index, or 0 */
};

/* What one call works with. */
struct task {
    struct json_writer *out; /* NULL: captures only */
    struct value *captured;
    struct arena *arena;
};

static const struct str no_hint = {NULL, 0};

size_t shape_find(const struct shape *shape, struct str name)
{
    size_t i = 0;

    while (i < shape->count && !str_eq(shape->fields[i].name, name))
        i++;
    return i;
}

/* --- The place of a name --- */

static size_t slot_of(struct str name)
{
    uint32_t hash = 2166136261;

    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619;
    return (hash ^ hash >> 15) % SLOTS;
}

static void make_names(struct names *names, const struct shape *shape)
{
    memset(names->slots, 0, sizeof names->slots);
    for (size_t i = 0; i < shape->count; i++) {
        size_t slot = slot_of(shape->fields[i].name);
        while (names->slots[slot] != 0)
            slot = (slot + 1) % SLOTS;
        names->slots[slot] = (uint16_t)(i + 1);
    }
    names->made = true;
}

static size_t find_by_hash(const struct names *names, const struct shape *shape, struct str name)
{
    size_t slot = slot_of(name);

    for (; names->slots[slot] != 0; slot = (slot + 1) % SLOTS)
        if (str_eq(shape->fields[names->slots[slot] - 1].name, name))
            return names->slots[slot] - 1u;
    return shape->count;
}

/* From next on, and around. */
static size_t find_along(struct names *names, const struct shape *shape, size_t next,
                         struct str name)
{
    for (size_t i = 0, at = next; i < shape->count; i++, at++) {
        if (at == shape->count)
            at = 0;
        if (str_eq(shape->fields[at].name, name)) {
            names->steps += i;
            return at;
        }
    }
    names->steps += shape->count;
    return shape->count;
}

static size_t find_field(struct names *names, const struct shape *shape, size_t next,
                         struct str name)
{
    if (!names->made && names->steps > WORTH * shape->count + SLOTS / 16 &&
        shape->count <= SLOT_FIELDS_MAX)
        make_names(names, shape);
    return names->made ? find_by_hash(names, shape, name) : find_along(names, shape, next, name);
}

/* --- Values --- */

static bool write_fields(const struct task *task, struct bson_walk *walk, const struct shape *shape,
                         unsigned depth);

static bool write_value(const struct task *task, const struct bson_element *element,
                        const struct shape *inner, unsigned depth);

static bool write_items(const struct task *task, struct bson_walk *walk, const struct shape *inner,
                        unsigned depth)
{
    struct json_writer *out = task->out;
    struct bson_element element;
    const char *mark = "[";
    int more;

    while ((more = bson_walk_next(walk, no_hint, &element)) > 0) {
        json_writer_raw(out, mark, 1);
        mark = ",";
        if (!write_value(task, &element, inner, depth))
            return false;
    }
    json_writer_raw(out, "[]" + (*mark == ','), *mark == ',' ? 1 : 2);
    return more == 0;
}

/* A whole array or embedded document, or what the shape wants of it. */
static bool write_nested(const struct task *task, const struct bson_element *nested,
                         const struct shape *inner, unsigned depth)
{
    static const struct shape all = {.open = true};
    struct bson_walk walk;

    if (depth > BSON_DEPTH_MAX) {
        json_writer_raw(task->out, "null", 4);
        return true;
    }
    if (!bson_walk_init(&walk, nested->data, nested->len))
        return false;
    return nested->kind == KIND_ARRAY
               ? write_items(task, &walk, inner, depth)
               : write_fields(task, &walk, inner != NULL ? inner : &all, depth);
}

static bool write_value(const struct task *task, const struct bson_element *element,
                        const struct shape *inner, unsigned depth)
{
    if (element->kind == KIND_DOCUMENT || element->kind == KIND_ARRAY)
        return write_nested(task, element, inner, depth + 1);
    bson_scalar_write(task->out, element);
    return true;
}

static bool capture(const struct task *task, const struct bson_element *element, size_t index)
{
    struct value *value = &task->captured[index];

    if (task->arena != NULL)
        return bson_value(element, task->arena, value);
    *value = bson_scalar(element);
    return true;
}

/* --- Fields --- */

/* The name and its value; mark is what comes in front. */
static bool write_field(const struct task *task, const struct bson_walk *walk,
                        const struct bson_element *element, const struct shape *inner, char mark,
                        unsigned depth)
{
    struct str name = element->name;

    json_writer_member(task->out, mark, name.ptr, name.len,
                       (size_t)((const char *)walk->end - name.ptr));
    return write_value(task, element, inner, depth);
}

/* Documents mostly have their fields in the shape's order: the next one is tried first. */
static bool write_fields(const struct task *task, struct bson_walk *walk, const struct shape *shape,
                         unsigned depth)
{
    bool captures = depth == 0 && task->captured != NULL;
    struct names names;
    struct bson_element element;
    size_t next = 0, index;
    char mark = '{';
    int more;

    names.steps = 0;
    names.made = false;
    for (;;) {
        struct str hint = next < shape->count ? shape->fields[next].name : no_hint;
        more = bson_walk_next(walk, hint, &element);
        if (more <= 0)
            break;
        index = element.hinted ? next : find_field(&names, shape, next, element.name);
        if (index < shape->count) {
            const struct shape_field *field = &shape->fields[index];
            next = index + 1;
            if (captures && field->capture && !capture(task, &element, index))
                return false;
            if (field->hidden || task->out == NULL)
                continue;
            if (!write_field(task, walk, &element, field->inner, mark, depth))
                return false;
            mark = ',';
        } else if (shape->open && task->out != NULL) {
            if (!write_field(task, walk, &element, NULL, mark, depth))
                return false;
            mark = ',';
        }
    }
    if (task->out != NULL)
        json_writer_raw(task->out, mark == '{' ? "{}" : "}", mark == '{' ? 2 : 1);
    return more == 0;
}

enum err bson_json_write(const uint8_t *data, size_t len, const struct shape *shape,
                         struct buf *out, struct value *captured, struct arena *arena)
{
    struct task task = {.captured = captured, .arena = arena};
    struct json_writer writer;
    struct bson_walk walk;
    bool good;

    if (captured != NULL)
        memset(captured, 0, shape->count * sizeof *captured);
    if (!bson_walk_init(&walk, data, len))
        return ERR_PROTOCOL;
    if (out == NULL)
        return write_fields(&task, &walk, shape, 0) ? ERR_OK : ERR_PROTOCOL;
    json_writer_begin(&writer, out);
    task.out = &writer;
    good = write_fields(&task, &walk, shape, 0);
    json_writer_end(&writer);
    return !good ? ERR_PROTOCOL : out->err;
}

enum err bson_element_json(const struct bson_element *element, struct buf *out)
{
    struct json_writer writer;
    const struct task task = {.out = &writer};
    bool good;

    json_writer_begin(&writer, out);
    good = write_value(&task, element, NULL, 0);
    json_writer_end(&writer);
    return good ? out->err : ERR_PROTOCOL;
}
