/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/idiom.h"
#include "base/json_writer.h"
#include "ctl/infer.h"
#include "ctl/infer_node.h"

/* The file as a whole: names, queries and what else there is besides the schema. */

enum { NAME_SIZE = 32, UNIQUE_MAX = 16 };

/* --- Names --- */

/* "OrderItems" is "order-items". */
static size_t put_name(struct str from, char name[static NAME_SIZE])
{
    size_t len = 0;

    for (size_t i = 0; i < from.len && len < NAME_SIZE - 6; i++) {
        char c = from.ptr[i];
        bool upper = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
        bool lower_before = i > 0 && from.ptr[i - 1] >= 'a' && from.ptr[i - 1] <= 'z';
        if (upper && lower_before && len > 0 && name[len - 1] != '-')
            name[len++] = '-';
        if (upper || (c >= 'a' && c <= 'z'))
            name[len++] = (char)(c | 32);
        else if (len > 0 && (digit || name[len - 1] != '-'))
            name[len++] = digit ? c : '-';
    }
    while (len > 0 && name[len - 1] == '-')
        len--;
    if (len == 0)
        name[len++] = 'x';
    return len;
}

static bool ends(struct str s, struct str with)
{
    return s.len > with.len && str_eq(str_from_offset(s, s.len - with.len), with);
}

static void put_singular(struct buf *out, struct str name, bool plain)
{
    static const struct str es[] = {STR_INIT("sses"), STR_INIT("xes"), STR_INIT("ches"),
                                    STR_INIT("shes"), STR_INIT("zes")};

    if (plain && ends(name, STR("ies"))) {
        buf_append(out, name.ptr, name.len - 3);
        buf_char(out, 'y');
        return;
    }
    for (size_t i = 0; plain && i < COUNT(es); i++)
        if (ends(name, es[i])) {
            buf_append(out, name.ptr, name.len - 2);
            return;
        }
    if (plain && ends(name, STR("s")) && !ends(name, STR("ss"))) {
        buf_append(out, name.ptr, name.len - 1);
        return;
    }
    buf_str(out, name);
    buf_literal(out, "-item");
}

static void put_names(const struct infer *infer, bool plain, struct buf *out)
{
    char room[NAME_SIZE];
    struct str name = str_make(room, put_name(infer->collection, room));

    buf_printf(out, "  \"name\": \"%.*s%s\",\n  \"singular\": \"", (int)name.len, name.ptr,
               plain ? "" : "-list");
    put_singular(out, name, plain);
    buf_literal(out, "\"");
    if (!plain || !str_eq(name, infer->collection)) {
        buf_literal(out, ",\n  \"collection\": ");
        json_put_string(out, infer->collection);
    }
}

static const char *id_of(const struct infer *infer)
{
    bool through;
    const struct infer_node *id = infer_find(infer, STR("_id"), &through);

    switch (id != NULL ? infer_type(id) : VALUE_OID) {
    case VALUE_STRING: return "string";
    case VALUE_INT: return "integer";
    case VALUE_UUID: return "uuid";
    case VALUE_DOUBLE:
        return id->types[VALUE_INT] > id->types[VALUE_DOUBLE] ? "integer" : "objectid";
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_BOOL:
    case VALUE_DECIMAL:
    case VALUE_BYTES:
    case VALUE_DATE:
    case VALUE_OID:
    case VALUE_LIST:
    case VALUE_OBJECT:
    case VALUE_RAW: break;
    }
    return "objectid";
}

/* --- Queries --- */

static void put_filters(const struct infer_queries *queries, struct buf *out)
{
    for (size_t i = 0; i < queries->filter_count; i++) {
        const struct infer_filter *filter = &queries->filters[i];
        buf_printf(out,
                   i == 0 ? ",\n  \"filters\": {\n    \"%s\": " : ",\n    \"%s\": ", filter->name);
        if (filter->op != NULL)
            buf_printf(out, "{\"%s\": ", filter->op);
        json_put_string(out, filter->path);
        if (filter->op != NULL)
            buf_char(out, '}');
    }
    if (queries->filter_count > 0)
        buf_literal(out, "\n  }");
}

static void put_sort(struct buf *out, struct str path, bool down, const char *comma)
{
    struct buf sort = BUF_INIT(4096);

    buf_str(&sort, down ? STR("-") : STR(""));
    buf_str(&sort, path);
    buf_str(out, str_from(comma));
    json_put_string(out, buf_view(&sort));
    buf_free(&sort);
}

/* By _id, the newest first, unless an index has the time of creation. */
static void put_sorts(const struct infer_queries *queries, struct buf *out)
{
    const struct infer_sort *sorts = queries->sorts;
    size_t first = queries->sort_count;

    for (size_t i = 0; i < queries->sort_count; i++)
        if (sorts[i].leads && str_eq(sorts[i].path, queries->kept.created))
            first = i;
    buf_literal(out, ",\n  \"sorts\": [");
    put_sort(out, first < queries->sort_count ? sorts[first].path : STR("_id"), true, "");
    put_sort(out, first < queries->sort_count ? sorts[first].path : STR("_id"), false, ", ");
    for (size_t i = 0; i < queries->sort_count; i++) {
        if (i == first)
            continue;
        put_sort(out, sorts[i].path, sorts[i].down, ", ");
        put_sort(out, sorts[i].path, !sorts[i].down, ", ");
    }
    buf_char(out, ']');
}

/* --- The rest --- */

static void put_search(const struct infer *infer, struct buf *out)
{
    bool through_array, any = false;

    for (size_t i = 0; i < infer->index_count; i++)
        for (size_t k = 0; k < infer->indexes[i].count; k++) {
            const struct index_key *key = &infer->indexes[i].keys[k];
            const struct infer_node *node = infer_find(infer, key->field, &through_array);
            if (key->direction != INDEX_TEXT || node == NULL || infer_type(node) != VALUE_STRING)
                continue;
            buf_str(out, any ? STR(", ") : STR(",\n  \"search\": ["));
            json_put_string(out, key->field);
            any = true;
        }
    if (any)
        buf_char(out, ']');
}

/* Whether a file can name its fields. */
static bool is_nameable(const struct infer *infer, const struct infer_index_keys *index)
{
    unsigned arrays = 0;

    for (size_t i = 0; i < index->count; i++) {
        bool through_array;
        const struct index_key *key = &index->keys[i];
        if (key->direction == INDEX_TEXT ||
            (infer_find(infer, key->field, &through_array) == NULL) ||
            str_eq(key->field, infer_kept(infer).version))
            return false;
        arrays += through_array;
    }
    return arrays <= 1 && index->count <= 6;
}

static void put_unique(const struct infer *infer, struct buf *out)
{
    size_t count = 0;

    for (size_t i = 0; i < infer->index_count; i++) {
        const struct infer_index_keys *index = &infer->indexes[i];
        struct buf keys = BUF_INIT(4096);
        if (!index->unique || count == UNIQUE_MAX || !is_nameable(infer, index))
            continue;
        for (size_t k = 0; k < index->count; k++) {
            buf_str(&keys, k > 0 ? STR(",") : STR(""));
            buf_str(&keys, index->keys[k].direction < 0 ? STR("-") : STR(""));
            buf_str(&keys, index->keys[k].field);
        }
        buf_str(out, count++ > 0 ? STR(", ") : STR(",\n  \"indexes\": ["));
        buf_literal(out, "{\"keys\": ");
        json_put_string(out, buf_view(&keys));
        buf_str(out, index->sparse ? STR(", \"unique\": true, \"sparse\": true}")
                                   : STR(", \"unique\": true}"));
        buf_free(&keys);
    }
    if (count > 0)
        buf_char(out, ']');
}

static void put_kept(struct buf *out, const char *name, struct str field, const char *comma)
{
    buf_printf(out, "%s\"%s\": ", comma, name);
    if (field.len > 0)
        json_put_string(out, field);
    else
        buf_literal(out, "null");
}

void infer_print(const struct infer *infer, bool plain, struct buf *out)
{
    struct infer_queries queries;

    infer_find_queries(&queries, infer);
    buf_literal(out, "{\n  \"$schema\": \"resource.schema.json\",\n");
    put_names(infer, plain, out);
    buf_printf(out, ",\n  \"id\": \"%s\",\n  \"schema\": {", id_of(infer));
    infer_schema(infer, out);
    buf_char(out, '}');
    put_filters(&queries, out);
    put_search(infer, out);
    put_sorts(&queries, out);
    if (queries.partition != NULL) {
        buf_literal(out, ",\n  \"cache\": {\"item\": 600, \"list\": 300, \"partition\": ");
        json_put_string(out, queries.partition_path);
        buf_char(out, '}');
    }
    put_kept(out, "version", queries.kept.version, ",\n  \"fields\": {");
    put_kept(out, "createdAt", queries.kept.created, ", ");
    put_kept(out, "updatedAt", queries.kept.updated, ", ");
    put_kept(out, "owner", STR(""), ", ");
    buf_char(out, '}');
    if (queries.kept.updated.len > 0) {
        buf_literal(out, ",\n  \"follow\": {\"field\": ");
        json_put_string(out, queries.kept.updated);
        buf_char(out, '}');
    }
    put_unique(infer, out);
    buf_literal(out, "\n}\n");
}

/* --- What to look at --- */

static const char *const type_names[INFER_TYPES] = {
    [VALUE_NULL] = "null",        [VALUE_BOOL] = "boolean",    [VALUE_INT] = "integer",
    [VALUE_DOUBLE] = "double",    [VALUE_DECIMAL] = "decimal", [VALUE_STRING] = "string",
    [VALUE_BYTES] = "binary",     [VALUE_UUID] = "uuid",       [VALUE_DATE] = "date",
    [VALUE_OID] = "ObjectId",     [VALUE_LIST] = "array",      [VALUE_OBJECT] = "object",
    [VALUE_RAW] = "another type",
};

static void put_mixed(const struct infer_node *node, struct str above, struct buf *out)
{
    struct buf path = BUF_INIT(4096);
    unsigned types = 0;

    buf_str(&path, above);
    buf_str(&path, above.len > 0 && node->name.len > 0 ? STR(".") : STR(""));
    buf_str(&path, node->name);
    for (size_t i = 0; i < INFER_TYPES; i++)
        types += node->types[i] > 0 && i != VALUE_NULL &&
                 !(i == VALUE_INT && node->types[VALUE_DOUBLE] > 0);
    if (types > 1) {
        const char *comma = ": ";
        buf_str(out, buf_view(&path));
        for (size_t i = 0; i < INFER_TYPES; i++)
            if (node->types[i] > 0) {
                buf_printf(out, "%s%zu %s", comma, node->types[i], type_names[i]);
                comma = ", ";
            }
        buf_char(out, '\n');
    }
    if (node->items != NULL)
        put_mixed(node->items, buf_view(&path), out);
    for (const struct infer_node *child = node->first; child != NULL; child = child->next)
        put_mixed(child, buf_view(&path), out);
    buf_free(&path);
}

void infer_print_mixed(const struct infer *infer, struct buf *out)
{
    put_mixed(&infer->document, STR(""), out);
}
