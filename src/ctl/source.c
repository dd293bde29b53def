/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/source.h"

#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"
#include "ctl/column.h"

enum form { FORM_LINES, FORM_ARRAY, FORM_OBJECTS, FORM_CSV };

struct source {
    struct input *input;
    const struct resource *resource;
    enum form form;
    struct arena arena;
    struct column *columns;
    size_t column_count; /* cells of the header, up to its last name */
    struct buf json;
};

/* --- What it is --- */

/* What is no text of ours, by its first bytes, and what makes it one. */
static const struct {
    struct str head;
    const char *what, *command;
} foreign[] = {
    {STR_INIT("\x1f\x8b"), "is compressed with gzip", "gzip -dc FILE | larderctl load RESOURCE -"},
    {STR_INIT("\x28\xb5\x2f\xfd"), "is compressed with zstd",
     "zstd -dc FILE | larderctl load RESOURCE -"},
    {STR_INIT("BZh"), "is compressed with bzip2", "bzip2 -dc FILE | larderctl load RESOURCE -"},
    {STR_INIT("\xfd"
              "7zXZ"),
     "is compressed with xz", "xz -dc FILE | larderctl load RESOURCE -"},
    {STR_INIT("PK\x03\x04"), "is a ZIP archive or a spreadsheet", "save it as CSV in UTF-8"},
    {STR_INIT("\xff\xfe"), "is UTF-16",
     "iconv -f UTF-16 -t UTF-8 FILE | larderctl load RESOURCE -"},
    {STR_INIT("\xfe\xff"), "is UTF-16",
     "iconv -f UTF-16 -t UTF-8 FILE | larderctl load RESOURCE -"},
};

/* The first two characters of JSON and of a header are ASCII. */
static bool is_wide(struct str head)
{
    return head.len >= 2 && (head.ptr[0] == '\0') != (head.ptr[1] == '\0');
}

static enum err source_refuse(const char *what, const char *command, struct buf *why)
{
    buf_printf(why, "%s: %s", what, command);
    return ERR_INVALID;
}

static enum err check_text(struct input *input, struct buf *why)
{
    struct str head = input_head(input);

    for (size_t i = 0; i < COUNT(foreign); i++)
        if (str_starts(head, foreign[i].head))
            return source_refuse(foreign[i].what, foreign[i].command, why);
    if (is_wide(head))
        return source_refuse("is UTF-16 without its mark",
                             head.ptr[0] == '\0'
                                 ? "iconv -f UTF-16BE -t UTF-8 FILE | larderctl load RESOURCE -"
                                 : "iconv -f UTF-16LE -t UTF-8 FILE | larderctl load RESOURCE -",
                             why);
    return ERR_OK;
}

static bool ends_with(const char *name, struct str ending)
{
    size_t len = strlen(name);

    return len >= ending.len && str_eq_nocase(str_from(name + len - ending.len), ending);
}

static enum form form_of(struct input *input, const char *name)
{
    int first = input_peek(input);

    if (ends_with(name, STR(".csv")))
        return FORM_CSV;
    if (ends_with(name, STR(".ndjson")) || ends_with(name, STR(".jsonl")))
        return FORM_LINES;
    if (first == '[')
        return FORM_ARRAY;
    if (first == '{' && input_spans_lines(input))
        return FORM_OBJECTS;
    return ends_with(name, STR(".json")) || first == '{' ? FORM_LINES : FORM_CSV;
}

/* --- The header --- */

static bool is_blank(const struct input_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (str_trim(row->cells[i]).len > 0)
            return false;
    return true;
}

/* The next row with anything in it. */
static enum err next_cells(struct input *input, struct input_row *row)
{
    enum err err;

    do
        err = input_row(input, row);
    while (err == ERR_OK && is_blank(row));
    return err;
}

static enum err read_header(struct source *source, struct buf *why)
{
    struct input_row row;
    enum err err = next_cells(source->input, &row);

    if (err == ERR_NOT_FOUND)
        return ERR_OK; /* an empty file: no records */
    if (err == ERR_SYNTAX || err == ERR_TOO_LARGE) {
        buf_printf(why, "the header cannot be read: %s", row.why);
        return ERR_INVALID;
    }
    while (err == ERR_OK && row.count > 0 && str_trim(row.cells[row.count - 1]).len == 0)
        row.count--;
    for (size_t i = 0; err == ERR_OK && i < row.count; i++)
        err = column_add(&source->columns, source->resource, str_trim(row.cells[i]), i,
                         &source->arena, why);
    source->column_count = row.count;
    return err;
}

enum err source_open(struct input *input, const char *name, const struct resource *resource,
                     struct source **out, struct buf *why)
{
    struct source *source = mem_zalloc(sizeof *source);
    enum err err = check_text(input, why);

    source->input = input;
    source->resource = resource;
    arena_init(&source->arena, NULL, 0);
    buf_init(&source->json, 8 * INPUT_RECORD_MAX);
    if (err == ERR_OK)
        source->form = form_of(input, name);
    if (err == ERR_OK && source->form == FORM_CSV)
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
    arena_reset(&source->arena);
    buf_free(&source->json);
    free(source);
}

/* --- Records --- */

static const char *put_row(struct source *source, const struct input_row *row)
{
    struct buf *out = &source->json;

    if (row->count < source->column_count)
        return "fewer cells than the header has columns";
    for (size_t i = 0; i < row->count; i++) {
        if (i >= source->column_count && str_trim(row->cells[i]).len > 0)
            return "more cells than the header has columns";
        if (!str_is_utf8(row->cells[i]))
            return "text is not UTF-8";
    }
    buf_reset(out);
    column_json(source->columns, row, out);
    return out->err != ERR_OK ? "row is too long" : NULL;
}

static enum err next_row(struct source *source, struct source_record *record)
{
    struct input_row row;
    enum err err = next_cells(source->input, &row);

    if (err == ERR_NOT_FOUND || err == ERR_IO || err == ERR_CANCELED)
        return err;
    record->line = row.line;
    record->why = err == ERR_OK ? put_row(source, &row) : row.why;
    record->json = buf_view(&source->json);
    return record->why != NULL ? ERR_INVALID : ERR_OK;
}

static enum err next_line(struct source *source, struct source_record *record)
{
    record->why = "line is too long";
    return input_line(source->input, &record->json, &record->line);
}

static enum err next_element(struct source *source, struct source_record *record)
{
    record->why = "element is too long";
    return input_element(source->input, &record->json, &record->line, &record->why);
}

static enum err next_object(struct source *source, struct source_record *record)
{
    record->why = "object is too long";
    return input_object(source->input, &record->json, &record->line, &record->why);
}

typedef enum err source_reader(struct source *, struct source_record *);
static source_reader *const source_readers[] = {
    [FORM_LINES] = next_line,
    [FORM_ARRAY] = next_element,
    [FORM_OBJECTS] = next_object,
    [FORM_CSV] = next_row,
};

enum err source_next(struct source *source, struct source_record *record)
{
    enum err err;

    *record = (struct source_record){0};
    err = source_readers[source->form](source, record);
    return err == ERR_TOO_LARGE || err == ERR_SYNTAX ? ERR_INVALID : err;
}
