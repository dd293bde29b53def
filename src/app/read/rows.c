/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/rows.h"

#include <string.h>

#include "app/read/json_text.h"

enum { CELL_MAX = 128 << 20 };

/* --- Columns --- */

static bool rows_is_inside(struct str path, struct str outer)
{
    return path.len > outer.len && str_starts(path, outer) && path.ptr[outer.len] == '.';
}

/* Whether a column has something of what `fields` asks for. */
static bool is_chosen(const struct query *query, struct str path)
{
    const struct query_value *fields = query_value_of(query, PARAM_FIELDS);
    const struct query_param *param;

    if (fields == NULL || !fields->given)
        return true;
    param = &query->params[fields - query->values];
    for (size_t i = 0; i < param->choice_count; i++) {
        struct str name = param->choices[i];
        if (query_has_chosen(fields->chosen, i) &&
            (str_eq(name, path) || rows_is_inside(path, name) || rows_is_inside(name, path)))
            return true;
    }
    return false;
}

static bool is_list(const struct field *field)
{
    return field->type == FIELD_ARRAY && field->items != NULL &&
           field->items->type != FIELD_OBJECT && field->items->type != FIELD_ARRAY;
}

static size_t count_leaves(const struct field *object)
{
    size_t count = 0;

    for (size_t i = 0; i < object->field_count; i++)
        count += object->fields[i].type == FIELD_OBJECT ? 1 + count_leaves(&object->fields[i]) : 1;
    return count;
}

/* Objects without declared fields are cells of JSON. */
static void add_columns(struct rows *rows, const struct field *object, const struct query *query)
{
    for (size_t i = 0; i < object->field_count; i++) {
        const struct field *field = &object->fields[i];
        if (field->type == FIELD_OBJECT && field->field_count > 0)
            add_columns(rows, field, query);
        else if (is_chosen(query, field->path))
            rows->columns[rows->count++] = (struct rows_column){field->path, is_list(field)};
    }
}

void rows_init(struct rows *rows, const struct plan *plan, const struct query *query,
               struct arena *arena)
{
    const struct field *document = plan->resource->document;

    *rows = (struct rows){
        .table = str_eq(query_value_of(query, PARAM_FORMAT)->text, STR("csv")),
        .safe = str_eq(query_value_of(query, PARAM_SAFE)->text, STR("1")),
        .columns = arena_alloc(arena, (1 + count_leaves(document)) * sizeof rows->columns[0])};
    rows->columns[rows->count++] = (struct rows_column){STR("_id"), false};
    add_columns(rows, document, query);
}

/* --- Cells --- */

/* The decoded text of a JSON string. */
static void rows_put_text(struct buf *out, struct str json)
{
    struct str rest = str_make(json.ptr + 1, json.len - 2);

    while (rest.len > 0)
        buf_char(out, (char)json_next_byte(&rest));
}

/* A scalar as text; what is none, as JSON. */
static void put_value(struct buf *out, struct str json)
{
    if (json.ptr[0] == '"')
        rows_put_text(out, json);
    else
        buf_str(out, json);
}

/* The next item of a list, or false. */
static bool take_item(struct str *rest, struct str *item)
{
    if (rest->len == 0 || rest->ptr[0] == ']')
        return false;
    *item = str_make(rest->ptr, json_value_length(*rest));
    *rest = str_from_offset(*rest, item->len);
    if (rest->len > 0 && rest->ptr[0] == ',')
        *rest = str_from_offset(*rest, 1);
    return true;
}

/* With "|" between, where that says the same as the list. */
static bool put_list(struct buf *out, struct str json)
{
    struct str rest = str_from_offset(json, 1), item;
    size_t start = out->len, begun, count = 0;

    for (; take_item(&rest, &item); count++) {
        if (count > 0)
            buf_char(out, '|');
        begun = out->len;
        put_value(out, item);
        if (item.ptr[0] == '[' || item.ptr[0] == '{' || str_eq(item, STR("null")) ||
            memchr(out->ptr + begun, '|', out->len - begun) != NULL)
            goto out;
    }
    if (count > 0 && out->len > start && out->ptr[start] != '[')
        return true;
out:
    out->len = start;
    return false;
}

/* Blanks at the ends of a text, and of a list's items, are lost without quotes. */
static bool is_outer_blank(struct str text, size_t i)
{
    bool first = i == 0 || text.ptr[i - 1] == '|';
    bool last = i + 1 == text.len || text.ptr[i + 1] == '|';

    return (first || last) && (text.ptr[i] == ' ' || text.ptr[i] == '\t');
}

/* An empty text has them, and a missing value is nothing. */
static bool needs_quotes(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr(",\"\r\n", text.ptr[i]) != NULL || is_outer_blank(text, i))
            return true;
    return text.len == 0;
}

static void put_quoted(struct buf *out, struct str text)
{
    if (!needs_quotes(text)) {
        buf_str(out, text);
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            buf_char(out, '"');
        buf_char(out, text.ptr[i]);
    }
    buf_char(out, '"');
}

static bool is_formula(struct str text)
{
    return text.len > 0 && text.ptr[0] != '\0' && strchr("=+-@\t\r", text.ptr[0]) != NULL;
}

static void put_cell(const struct rows *rows, const struct rows_column *column, struct str json,
                     struct buf *out)
{
    struct buf text = BUF_INIT(CELL_MAX);

    if (json.len == 0 || str_eq(json, STR("null")))
        return;
    if (json.ptr[0] != '[' || !column->list || !put_list(&text, json))
        put_value(&text, json);
    if (rows->safe && is_formula(buf_view(&text))) {
        struct buf marked = BUF_INIT(CELL_MAX + 1);
        buf_char(&marked, '\'');
        buf_str(&marked, buf_view(&text));
        put_quoted(out, buf_view(&marked));
        buf_free(&marked);
    } else {
        put_quoted(out, buf_view(&text));
    }
    buf_free(&text);
}

/* --- Documents --- */

/* The member of an object, as JSON; empty where there is none.  Declared names have no escapes. */
static struct str member(struct str object, struct str name)
{
    struct str rest = str_from_offset(object, 1), key, value;

    while (rest.len > 0 && rest.ptr[0] == '"') {
        key = str_from_offset(rest, 1);
        key.len = str_find(key, '"');
        rest = str_from_offset(rest, key.len + sizeof "\"\":" - 1);
        value = str_make(rest.ptr, json_value_length(rest));
        if (str_eq(key, name))
            return value;
        rest = str_from_offset(rest, value.len);
        if (rest.len > 0 && rest.ptr[0] == ',')
            rest = str_from_offset(rest, 1);
    }
    return STR("");
}

static struct str value_at(struct str json, struct str path)
{
    struct str name;

    while (json.len > 0 && json.ptr[0] == '{' && str_split(&path, '.', &name)) {
        json = member(json, name);
        if (path.ptr == NULL)
            return json;
    }
    return STR("");
}

void rows_head(const struct rows *rows, struct buf *out)
{
    if (!rows->table)
        return;
    for (size_t i = 0; i < rows->count; i++) {
        if (i > 0)
            buf_char(out, ',');
        put_quoted(out, rows->columns[i].path);
    }
    buf_literal(out, "\r\n");
}

void rows_add(const struct rows *rows, struct str json, struct buf *out)
{
    if (!rows->table) {
        buf_str(out, json);
        buf_char(out, '\n');
        return;
    }
    for (size_t i = 0; i < rows->count; i++) {
        if (i > 0)
            buf_char(out, ',');
        put_cell(rows, &rows->columns[i], value_at(json, rows->columns[i].path), out);
    }
    buf_literal(out, "\r\n");
}
