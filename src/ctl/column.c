/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/column.h"

#include <float.h>

#include "base/json_writer.h"
#include "schema/same.h"

enum { SHOWN_MAX = 64, KNOWN_MAX = 2000 };

/* --- The header --- */

/* Whether it is one cell; an object is, as JSON, where it declares nothing. */
static bool is_cell(const struct field *field)
{
    return field->type != FIELD_OBJECT || field->field_count == 0;
}

static void put_known(const struct field *object, struct buf *out)
{
    for (size_t i = 0; i < object->field_count; i++) {
        const struct field *field = &object->fields[i];

        if (out->len > KNOWN_MAX)
            return;
        if (is_cell(field)) {
            buf_literal(out, " ");
            buf_str(out, field->path);
        } else {
            put_known(field, out);
        }
    }
}

static enum err column_refuse(const struct resource *resource, struct str path, struct buf *why)
{
    buf_literal(why, "the header has the column ");
    json_put_string(why, str_make(path.ptr, path.len > SHOWN_MAX ? SHOWN_MAX : path.len));
    buf_literal(why, "; known are:");
    put_known(resource->document, why);
    return ERR_INVALID;
}

static enum err refuse_twice(struct str path, struct buf *why)
{
    buf_literal(why, "the header has this column twice: ");
    json_put_string(why, path);
    return ERR_INVALID;
}

static struct column *column_find(struct column *columns, struct str name)
{
    while (columns != NULL && !str_eq(columns->name, name))
        columns = columns->next;
    return columns;
}

static struct column *append(struct column **columns, struct str name, const struct field *field,
                             struct arena *arena)
{
    struct column *column = arena_zalloc(arena, sizeof *column);

    column->name = arena_str(arena, name);
    column->field = field;
    while (*columns != NULL)
        columns = &(*columns)->next;
    *columns = column;
    return column;
}

/* Whether the object may have a column of this name, and for which field. */
static bool take_field(const struct field *object, struct str name, bool last,
                       const struct field **field)
{
    *field = object != NULL ? field_property(object, name) : NULL;
    if (*field == NULL)
        return (object == NULL || (object->flags & FIELD_OPEN) != 0) && name.len > 0;
    return last ? is_cell(*field) : (*field)->type == FIELD_OBJECT;
}

static const struct field ids[] = {[ID_OBJECTID] = {.type = FIELD_OBJECTID},
                                   [ID_STRING] = {.type = FIELD_STRING},
                                   [ID_INTEGER] = {.type = FIELD_INTEGER},
                                   [ID_UUID] = {.type = FIELD_UUID}};

/* What the server keeps and does not show. */
static bool is_hidden(const struct resource *resource, struct str path)
{
    const struct kept_fields *kept = &resource->kept;

    return field_property(resource->document, path) == NULL &&
           (str_eq(path, kept->version) || str_eq(path, kept->created) ||
            str_eq(path, kept->updated) || str_eq(path, kept->owner));
}

enum err column_add(struct column **columns, const struct resource *resource, struct str path,
                    size_t cell, struct arena *arena, struct buf *why)
{
    const struct field *object = resource->document, *field;
    struct str rest = path, name;

    if (!str_is_utf8(path) || is_hidden(resource, path))
        return column_refuse(resource, path, why);
    while (str_split(&rest, '.', &name)) {
        bool last = rest.ptr == NULL;
        struct column *column = column_find(*columns, name);

        if (str_eq(path, STR("_id")))
            field = &ids[resource->id];
        else if (!take_field(object, name, last, &field))
            return column_refuse(resource, path, why);
        if (column != NULL && (last || column->first == NULL))
            return refuse_twice(path, why);
        if (column == NULL)
            column = append(columns, name, field, arena);
        column->cell = cell;
        columns = &column->first;
        object = field;
    }
    return ERR_OK;
}

/* --- Cells --- */

static bool is_number(struct str cell)
{
    double number;

    return str_double(cell, -DBL_MAX, DBL_MAX, &number) == ERR_OK;
}

/* What is none goes on as a string, and is refused with the same words as in a request. */
static void put_number(struct buf *out, struct str cell)
{
    if (is_number(cell))
        buf_str(out, cell);
    else
        json_put_string(out, cell);
}

static void put_bool(struct buf *out, struct str cell)
{
    if (str_eq_nocase(cell, STR("true")))
        buf_literal(out, "true");
    else if (str_eq_nocase(cell, STR("false")))
        buf_literal(out, "false");
    else
        json_put_string(out, cell);
}

/* The value of an enum that is written so. */
static void put_choice(const struct field *field, struct buf *out, struct str cell)
{
    for (size_t i = 0; i < field->choice_count; i++)
        if (field->choices[i].type == VALUE_STRING && str_eq(field->choices[i].string, cell)) {
            json_put_string(out, cell);
            return;
        }
    if (str_eq(cell, STR("null")))
        buf_str(out, cell);
    else if (is_number(cell))
        put_number(out, cell);
    else
        put_bool(out, cell);
}

static void put_cell(const struct field *field, struct buf *out, struct str cell, bool quoted);

/* What begins like a list or an object, and is JSON. */
static bool is_json(struct str cell)
{
    json_t *root = cell.len > 0 && (cell.ptr[0] == '[' || cell.ptr[0] == '{')
                       ? json_loadb(cell.ptr, cell.len, JSON_ALLOW_NUL, NULL)
                       : NULL;
    bool is = root != NULL;

    json_decref(root);
    return is;
}

static void put_json(struct buf *out, struct str cell)
{
    if (is_json(cell))
        buf_str(out, cell);
    else
        json_put_string(out, cell);
}

static bool is_list_of_scalars(const struct field *field)
{
    return field->items == NULL ||
           (field->items->type != FIELD_OBJECT && field->items->type != FIELD_ARRAY);
}

static void put_list(const struct field *field, struct buf *out, struct str cell, bool quoted)
{
    struct str item;
    bool first = true;

    if (!is_list_of_scalars(field) || (cell.ptr[0] == '[' && is_json(cell))) {
        put_json(out, cell);
        return;
    }
    buf_char(out, '[');
    while (str_split(&cell, '|', &item)) {
        if (!first)
            buf_char(out, ',');
        put_cell(field->items, out, item, quoted);
        first = false;
    }
    buf_char(out, ']');
}

/* Whether an empty text is a value of it. */
static bool is_text(const struct field *field)
{
    static const struct value empty = {.type = VALUE_STRING};

    if (field == NULL || field->type == FIELD_STRING)
        return true;
    for (size_t i = 0; field->type == FIELD_CHOICE && i < field->choice_count; i++)
        if (value_is_same(&field->choices[i], &empty))
            return true;
    return false;
}

/* In quotes a text is taken as it is. */
static void put_cell(const struct field *field, struct buf *out, struct str cell, bool quoted)
{
    enum field_type type = field != NULL ? field->type : FIELD_STRING;

    if (!quoted || (type != FIELD_STRING && type != FIELD_CHOICE && type != FIELD_ARRAY))
        cell = str_trim(cell);
    switch (type) {
    case FIELD_NUMBER:
    case FIELD_INTEGER: put_number(out, cell); break;
    case FIELD_BOOL: put_bool(out, cell); break;
    case FIELD_ARRAY: put_list(field, out, cell, quoted); break;
    case FIELD_CHOICE: put_choice(field, out, cell); break;
    case FIELD_NULL: buf_literal(out, "null"); break;
    case FIELD_OBJECT: put_json(out, cell); break;
    case FIELD_STRING:
    case FIELD_DECIMAL:
    case FIELD_TIME:
    case FIELD_OBJECTID:
    case FIELD_UUID: json_put_string(out, cell); break;
    }
}

/* Blanks in quotes are a text, or a list of one. */
static bool is_nothing(const struct field *field, struct str cell, bool quoted)
{
    if (!quoted || str_trim(cell).len > 0)
        return str_trim(cell).len == 0;
    return field != NULL && field->type == FIELD_ARRAY ? cell.len == 0 : !is_text(field);
}

static bool is_absent(const struct column *column, const struct input_row *row)
{
    if (column->first == NULL)
        return is_nothing(column->field, row->cells[column->cell], row->quoted[column->cell]);
    for (const struct column *inner = column->first; inner != NULL; inner = inner->next)
        if (!is_absent(inner, row))
            return false;
    return true;
}

void column_json(const struct column *columns, const struct input_row *row, struct buf *out)
{
    bool first = true;

    buf_char(out, '{');
    for (const struct column *column = columns; column != NULL; column = column->next) {
        if (is_absent(column, row))
            continue;
        if (!first)
            buf_char(out, ',');
        first = false;
        json_put_string(out, column->name);
        buf_char(out, ':');
        if (column->first != NULL)
            column_json(column->first, row, out);
        else
            put_cell(column->field, out, row->cells[column->cell], row->quoted[column->cell]);
    }
    buf_char(out, '}');
}
