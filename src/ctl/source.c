/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/source.h"

#include <float.h>
#include <stdlib.h>

#include "base/mem.h"

struct source {
    struct input *input;
    const struct resource *resource;
    bool csv;
    const struct field *columns[INPUT_COLUMNS_MAX];
    size_t column_count;
    struct buf json;
};

/* --- Opening --- */

static bool ends_with(const char *name, struct str ending)
{
    size_t len = strlen(name);

    return len >= ending.len && str_eq_nocase(str_from(name + len - ending.len), ending);
}

static bool is_csv(struct input *input, const char *name)
{
    if (ends_with(name, STR(".csv")))
        return true;
    if (ends_with(name, STR(".ndjson")) || ends_with(name, STR(".jsonl")) ||
        ends_with(name, STR(".json")))
        return false;
    return input_peek(input) != '{';
}

static void put_columns(const struct resource *resource, struct buf *out)
{
    bool first = true;

    for (size_t i = 0; i < resource->field_count; i++) {
        if (resource->fields[i].flags & (FIELD_SERVER | FIELD_HIDDEN))
            continue;
        if (!first)
            buf_literal(out, ", ");
        buf_str(out, resource->fields[i].name);
        first = false;
    }
}

static enum err take_column(struct source *source, struct str name, struct buf *why)
{
    const struct resource *resource = source->resource;
    size_t i = resource_field(resource, name);

    for (size_t c = 0; c < source->column_count; c++)
        if (str_eq(source->columns[c]->name, name)) {
            buf_literal(why, "the header has this column twice: ");
            buf_json_string(why, name);
            return ERR_INVALID;
        }
    if (i == resource->field_count || (resource->fields[i].flags & FIELD_SERVER)) {
        name.len = name.len > 64 ? 64 : name.len;
        buf_literal(why, "the header has the column ");
        buf_json_string(why, name);
        buf_literal(why, "; known are ");
        put_columns(resource, why);
        return ERR_INVALID;
    }
    source->columns[source->column_count++] = &resource->fields[i];
    return ERR_OK;
}

static enum err read_header(struct source *source, struct buf *why)
{
    struct input_row row;
    enum err err = input_row(source->input, &row);

    if (err == ERR_NOT_FOUND)
        return ERR_OK; /* an empty file: no records */
    if (err == ERR_SYNTAX || err == ERR_TOO_LARGE) {
        buf_printf(why, "the header cannot be read: %s", row.why);
        return ERR_INVALID;
    }
    for (size_t i = 0; err == ERR_OK && i < row.count; i++)
        err = take_column(source, str_trim(row.cells[i]), why);
    return err;
}

enum err source_open(struct input *input, const char *name, const struct resource *resource,
                     struct source **out, struct buf *why)
{
    struct source *source = mem_zalloc(sizeof *source);
    enum err err = ERR_OK;

    source->input = input;
    source->resource = resource;
    source->csv = is_csv(input, name);
    buf_init(&source->json, 8 * INPUT_RECORD_MAX);
    if (source->csv)
        err = read_header(source, why);
    if (err == ERR_OK)
        *out = source;
    else
        source_free(source);
    return err;
}

void source_free(struct source *source)
{
    if (source == NULL)
        return;
    buf_free(&source->json);
    free(source);
}

/* --- Cells --- */

/* What is no number goes on as a string, and is refused with the same words as in a request. */
static void put_number(struct buf *out, struct str cell)
{
    double number;

    cell = str_trim(cell);
    if (str_double(cell, -DBL_MAX, DBL_MAX, &number) == ERR_OK)
        buf_str(out, cell);
    else
        buf_json_string(out, cell);
}

static void put_bool(struct buf *out, struct str cell)
{
    cell = str_trim(cell);
    if (str_eq_nocase(cell, STR("true")))
        buf_literal(out, "true");
    else if (str_eq_nocase(cell, STR("false")))
        buf_literal(out, "false");
    else
        buf_json_string(out, cell);
}

static void put_strings(struct buf *out, struct str cell)
{
    struct str item;
    bool first = true;

    buf_char(out, '[');
    while (str_split(&cell, ';', &item)) {
        if (!first)
            buf_char(out, ',');
        buf_json_string(out, str_trim(item));
        first = false;
    }
    buf_char(out, ']');
}

static void put_cell(struct buf *out, const struct field *field, struct str cell)
{
    switch (field->type) {
    case FIELD_NUMBER:
    case FIELD_INT: put_number(out, cell); break;
    case FIELD_BOOL: put_bool(out, cell); break;
    case FIELD_STRINGS: put_strings(out, cell); break;
    case FIELD_ID:
    case FIELD_STRING:
    case FIELD_TIME: buf_json_string(out, cell); break;
    }
}

static const char *put_row(struct source *source, const struct input_row *row)
{
    struct buf *out = &source->json;

    if (row->count != source->column_count)
        return row->count < source->column_count ? "fewer cells than the header has columns"
                                                 : "more cells than the header has columns";
    buf_reset(out);
    buf_char(out, '{');
    for (size_t i = 0; i < row->count; i++) {
        if (row->cells[i].len == 0)
            continue;
        if (!str_is_utf8(row->cells[i]))
            return "text is not UTF-8";
        if (out->len > 1)
            buf_char(out, ',');
        buf_json_string(out, source->columns[i]->name);
        buf_char(out, ':');
        put_cell(out, source->columns[i], row->cells[i]);
    }
    buf_char(out, '}');
    return out->err != ERR_OK ? "row is too long" : NULL;
}

/* --- Reading --- */

static enum err next_line(struct source *source, struct source_record *record)
{
    enum err err = input_line(source->input, &record->json, &record->line);

    if (err == ERR_TOO_LARGE) {
        record->why = "line is too long";
        return ERR_INVALID;
    }
    return err;
}

static enum err next_row(struct source *source, struct source_record *record)
{
    struct input_row row;
    enum err err = input_row(source->input, &row);

    if (err == ERR_NOT_FOUND || err == ERR_IO || err == ERR_CANCELED)
        return err;
    record->line = row.line;
    record->why = err == ERR_OK ? put_row(source, &row) : row.why;
    record->json = buf_view(&source->json);
    return record->why != NULL ? ERR_INVALID : ERR_OK;
}

enum err source_next(struct source *source, struct source_record *record)
{
    *record = (struct source_record){0};
    return source->csv ? next_row(source, record) : next_line(source, record);
}
