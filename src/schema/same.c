/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/same.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json_writer.h"

/* Values are compared by a text that two of them share exactly when they are equal. */

enum { TEXT_MAX = 64 << 20 };

static void put_string(struct buf *out, char kind, struct str s)
{
    buf_char(out, kind);
    buf_uint(out, s.len);
    buf_char(out, ':');
    buf_str(out, s);
}

static bool is_whole(double number)
{
    return number >= -0x1p63 && number < 0x1p63 && floor(number) == number;
}

static void put_number(struct buf *out, double number)
{
    buf_char(out, '#');
    if (is_whole(number))
        buf_int(out, (int64_t)number);
    else
        json_put_double(out, number);
}

static int by_name(const void *a, const void *b)
{
    return str_cmp((*(const struct member *const *)a)->name,
                   (*(const struct member *const *)b)->name);
}

static void put_value(struct buf *out, const struct value *value, struct arena *arena);

static void put_object(struct buf *out, const struct value *value, struct arena *arena)
{
    size_t count = value->object.count;
    const struct member **members = arena_alloc(arena, (count + 1) * sizeof(const struct member *));

    for (size_t i = 0; i < count; i++)
        members[i] = &value->object.members[i];
    qsort(members, count, sizeof(const struct member *), by_name);
    buf_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        put_string(out, '"', members[i]->name);
        put_value(out, &members[i]->value, arena);
    }
    buf_char(out, '}');
}

static void put_value(struct buf *out, const struct value *value, struct arena *arena)
{
    switch (value->type) {
    case VALUE_NONE: buf_char(out, '-'); break;
    case VALUE_NULL: buf_char(out, '0'); break;
    case VALUE_BOOL: buf_char(out, value->boolean ? 'y' : 'n'); break;
    case VALUE_INT:
        buf_char(out, '#');
        buf_int(out, value->integer);
        break;
    case VALUE_DOUBLE: put_number(out, value->number); break;
    case VALUE_DATE:
        buf_char(out, 't');
        buf_int(out, value->integer);
        break;
    case VALUE_DECIMAL: put_string(out, 'd', value->string); break;
    case VALUE_STRING: put_string(out, '"', value->string); break;
    case VALUE_BYTES: put_string(out, 'b', value->string); break;
    case VALUE_UUID: put_string(out, 'u', str_make((const char *)value->uuid, UUID_SIZE)); break;
    case VALUE_OID: put_string(out, 'o', str_make((const char *)value->oid.bytes, OID_SIZE)); break;
    case VALUE_RAW:
        buf_char(out, 'r');
        put_string(out, (char)value->raw.kind, value->raw.bytes);
        break;
    case VALUE_LIST:
        buf_char(out, '[');
        for (size_t i = 0; i < value->list.count; i++)
            put_value(out, &value->list.items[i], arena);
        buf_char(out, ']');
        break;
    case VALUE_OBJECT: put_object(out, value, arena); break;
    }
}

static bool is_same_text(const struct value *a, const struct value *b)
{
    struct buf texts[] = {BUF_INIT(TEXT_MAX), BUF_INIT(TEXT_MAX)};
    struct arena arena;
    bool same;

    arena_init(&arena, NULL, 0);
    put_value(&texts[0], a, &arena);
    put_value(&texts[1], b, &arena);
    same = str_eq(buf_view(&texts[0]), buf_view(&texts[1]));
    buf_free(&texts[0]);
    buf_free(&texts[1]);
    arena_reset(&arena);
    return same;
}

static bool is_number(const struct value *value)
{
    return value->type == VALUE_INT || value->type == VALUE_DOUBLE;
}

bool value_is_same(const struct value *a, const struct value *b)
{
    if (a->type != b->type && (!is_number(a) || !is_number(b)))
        return false;
    switch (a->type == b->type ? a->type : VALUE_DOUBLE) {
    case VALUE_NONE:
    case VALUE_NULL: return true;
    case VALUE_BOOL: return a->boolean == b->boolean;
    case VALUE_INT:
    case VALUE_DATE: return a->integer == b->integer;
    case VALUE_DECIMAL:
    case VALUE_STRING:
    case VALUE_BYTES: return str_eq(a->string, b->string);
    case VALUE_OID: return memcmp(&a->oid, &b->oid, sizeof a->oid) == 0;
    case VALUE_UUID: return memcmp(a->uuid, b->uuid, sizeof a->uuid) == 0;
    case VALUE_DOUBLE:
    case VALUE_LIST:
    case VALUE_OBJECT:
    case VALUE_RAW: break;
    }
    return is_same_text(a, b);
}

/* --- All of an array --- */

struct entry {
    struct str text;
    size_t index;
};

static int by_text(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = str_cmp(left->text, right->text);

    return order != 0 ? order : left->index < right->index ? -1 : 1;
}

size_t value_repeated(const struct value *items, size_t count, struct arena *arena)
{
    struct entry *entries = arena_alloc(arena, (count + 1) * sizeof *entries);
    struct buf text = BUF_INIT(TEXT_MAX);
    size_t first = count;

    for (size_t i = 0; i < count; i++) {
        buf_reset(&text);
        put_value(&text, &items[i], arena);
        entries[i] = (struct entry){arena_str(arena, buf_view(&text)), i};
    }
    buf_free(&text);
    qsort(entries, count, sizeof *entries, by_text);
    for (size_t i = 1; i < count; i++)
        if (str_eq(entries[i - 1].text, entries[i].text) && entries[i].index < first)
            first = entries[i].index;
    return first;
}
