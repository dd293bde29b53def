/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/idiom.h"
#include "base/json_writer.h"
#include "ctl/infer_node.h"

/* The part of JSON Schema. */

enum { LEVELS_MAX = 7, FIELDS_MAX = 250, STRING_MAX = 65536, ITEMS_MAX = 1000, KEYS_OF_MAPS = 40 };

struct writing {
    struct buf *out;
    struct infer_kept kept;
    size_t fields;
};

/* Twice as much, rounded up. */
static size_t generous(size_t most, size_t limit)
{
    static const size_t steps[] = {20,   50,   100,   200,   500,   1000,
                                   2000, 5000, 10000, 20000, 50000, STRING_MAX};

    for (size_t i = 0; i < COUNT(steps); i++)
        if (2 * most <= steps[i])
            return steps[i] < limit ? steps[i] : limit;
    return limit;
}

static void indent(struct buf *out, unsigned level)
{
    buf_char(out, '\n');
    for (unsigned i = 0; i < level; i++)
        buf_literal(out, "  ");
}

/* "type": "string" or "type": ["string", "null"] */
static void put_type(struct buf *out, const char *type, const struct infer_node *node)
{
    bool nullable = node->types[VALUE_NULL] > 0;

    buf_printf(out, nullable ? "\"type\": [\"%s\", \"null\"]" : "\"type\": \"%s\"", type);
}

static void put_choices(struct buf *out, const struct infer_node *node)
{
    buf_literal(out, "\"enum\": [");
    for (size_t i = 0; i < node->text_count; i++) {
        buf_str(out, i > 0 ? STR(", ") : STR(""));
        json_put_string(out, node->texts[i].text);
    }
    buf_str(out, node->types[VALUE_NULL] > 0 ? STR(", null]") : STR("]"));
}

static void put_string(struct buf *out, const struct infer_node *node)
{
    const char *format = node->day ? "date" : node->email ? "email" : node->uri ? "uri" : NULL;

    if (infer_is_choice(node)) {
        put_choices(out, node);
        return;
    }
    put_type(out, "string", node);
    if (format != NULL)
        buf_printf(out, ", \"format\": \"%s\"", format);
    if (!node->day)
        buf_printf(out, ", \"maxLength\": %zu", generous(node->max_chars, STRING_MAX));
}

static void put_field(struct writing *writing, const struct infer_node *node, unsigned level,
                      unsigned depth);

static bool is_required(const struct infer_node *node, const struct infer_node *object)
{
    return node->seen == object->types[VALUE_OBJECT] && infer_type(node) != VALUE_RAW;
}

static bool is_kept_time(const struct writing *writing, const struct infer_node *node,
                         unsigned level)
{
    return level == 1 &&
           (str_eq(node->name, writing->kept.created) || str_eq(node->name, writing->kept.updated));
}

static bool is_hidden(const struct writing *writing, const struct infer_node *node, unsigned level)
{
    return level == 1 &&
           (str_eq(node->name, STR("_id")) || str_eq(node->name, writing->kept.version));
}

static void put_required(struct writing *writing, const struct infer_node *object, unsigned level,
                         unsigned depth)
{
    bool any = false;

    for (const struct infer_node *node = object->first; node != NULL; node = node->next) {
        if (!is_required(node, object) || is_kept_time(writing, node, level) ||
            is_hidden(writing, node, level))
            continue;
        if (!any) {
            buf_char(writing->out, ',');
            indent(writing->out, depth);
        }
        buf_str(writing->out, any ? STR(", ") : STR("\"required\": ["));
        json_put_string(writing->out, node->name);
        any = true;
    }
    if (any)
        buf_char(writing->out, ']');
}

/* An object of ever other keys is a map: whatever is in it. */
static bool is_map(const struct infer_node *object)
{
    size_t seen = 0;

    for (const struct infer_node *node = object->first; node != NULL; node = node->next)
        seen += node->seen;
    return object->child_count > KEYS_OF_MAPS &&
           seen < object->types[VALUE_OBJECT] * object->child_count / 4;
}

static bool put_properties(struct writing *writing, const struct infer_node *object, unsigned level,
                           unsigned depth)
{
    const char *comma = "";

    buf_char(writing->out, ',');
    indent(writing->out, depth);
    buf_literal(writing->out, "\"properties\": {");
    for (const struct infer_node *node = object->first; node != NULL; node = node->next) {
        if (is_hidden(writing, node, level))
            continue;
        buf_str(writing->out, str_from(comma));
        comma = ",";
        indent(writing->out, depth + 1);
        json_put_string(writing->out, node->name);
        buf_literal(writing->out, ": {");
        put_field(writing, node, level, depth + 1);
        buf_char(writing->out, '}');
    }
    indent(writing->out, depth);
    buf_char(writing->out, '}');
    return true;
}

/* Members of an object's schema; level is the object's, from 1. */
static void put_object(struct writing *writing, const struct infer_node *node, unsigned level,
                       unsigned depth)
{
    bool closed =
        level <= LEVELS_MAX && !is_map(node) && writing->fields + node->child_count <= FIELDS_MAX;

    if (depth == 2)
        indent(writing->out, depth);
    put_type(writing->out, "object", node);
    if (closed) {
        writing->fields += node->child_count;
        put_required(writing, node, level, depth);
    }
    if (!closed || node->left_out)
        buf_literal(writing->out, ", \"additionalProperties\": true");
    if (closed && node->child_count > 0)
        put_properties(writing, node, level, depth);
    if (depth == 2 || (closed && node->child_count > 0))
        indent(writing->out, depth - 1);
}

static void put_array(struct writing *writing, const struct infer_node *node, unsigned level,
                      unsigned depth)
{
    put_type(writing->out, "array", node);
    buf_printf(writing->out, ", \"maxItems\": %zu", generous(node->max_items, ITEMS_MAX));
    if (node->items == NULL || node->items->seen == 0 || level >= LEVELS_MAX)
        return;
    buf_literal(writing->out, ", \"items\": {");
    writing->fields++;
    put_field(writing, node->items, level + 1, depth);
    buf_char(writing->out, '}');
}

/* The members of the field's schema; level is that of the object or array around it. */
static void put_field(struct writing *writing, const struct infer_node *node, unsigned level,
                      unsigned depth)
{
    struct buf *out = writing->out;

    switch (infer_type(node)) {
    case VALUE_OBJECT: put_object(writing, node, level + 1, depth + 1); break;
    case VALUE_LIST: put_array(writing, node, level, depth); break;
    case VALUE_STRING: put_string(out, node); break;
    case VALUE_INT: put_type(out, "integer", node); break;
    case VALUE_DOUBLE: put_type(out, "number", node); break;
    case VALUE_BOOL: put_type(out, "boolean", node); break;
    case VALUE_DECIMAL:
        put_type(out, "string", node);
        buf_literal(out, ", \"format\": \"decimal\"");
        break;
    case VALUE_DATE:
        put_type(out, "string", node);
        buf_literal(out, ", \"format\": \"date-time\"");
        break;
    case VALUE_OID:
        put_type(out, "string", node);
        buf_literal(out, ", \"format\": \"objectid\"");
        break;
    case VALUE_UUID:
        put_type(out, "string", node);
        buf_literal(out, ", \"format\": \"uuid\"");
        break;
    case VALUE_NONE:
    case VALUE_NULL: buf_literal(out, "\"type\": \"null\""); break;
    case VALUE_BYTES:
    case VALUE_RAW:
        put_type(out, "string", node);
        buf_literal(out, ", \"readOnly\": true");
        break;
    }
    if (is_kept_time(writing, node, level))
        buf_literal(out, ", \"readOnly\": true");
}

void infer_schema(const struct infer *infer, struct buf *out)
{
    struct writing writing = {.out = out, .kept = infer_kept(infer)};

    put_object(&writing, &infer->document, 1, 2);
}
