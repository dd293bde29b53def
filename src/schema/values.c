/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json_writer.h"
#include "schema/params.h"

#include <float.h>

#include "base/clock.h"

/* How a filter's value is read, from the field that it filters by. */

enum { LIST_TEXT_MAX = 128 };

/* What a client writes for a value that the schema names; empty for null, arrays and objects. */
static struct str text_of(struct arena *arena, const struct value *value)
{
    struct buf text = BUF_INIT(LIST_TEXT_MAX);
    char room[UUID_TEXT_SIZE];
    struct str made;

    switch (value->type) {
    case VALUE_BOOL: return value->boolean ? STR("true") : STR("false");
    case VALUE_STRING:
    case VALUE_DECIMAL: return value->string;
    case VALUE_INT: buf_int(&text, value->integer); break;
    case VALUE_DOUBLE: json_put_double(&text, value->number); break;
    case VALUE_DATE:
        clock_iso(value->integer, room);
        return arena_str(arena, str_make(room, CLOCK_ISO_SIZE));
    case VALUE_OID:
        oid_text(&value->oid, room);
        return arena_str(arena, str_make(room, OID_HEX_SIZE));
    case VALUE_UUID:
        uuid_text(value->uuid, room);
        return arena_str(arena, str_make(room, UUID_TEXT_SIZE));
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_BYTES:
    case VALUE_LIST:
    case VALUE_OBJECT:
    case VALUE_RAW: return STR("");
    }
    made = arena_str(arena, buf_view(&text));
    buf_free(&text);
    return made;
}

/* One of the values that the schema names; false where two have one text. */
static bool of_choices(struct draft *draft, const struct field *field, struct query_param *param)
{
    struct arena *arena = draft->reading->arena;
    struct str *texts = arena_alloc(arena, field->choice_count * sizeof *texts);
    struct value *values = arena_alloc(arena, field->choice_count * sizeof *values);
    bool only_strings = true;
    size_t count = 0;

    for (size_t i = 0; i < field->choice_count; i++) {
        struct str text = text_of(arena, &field->choices[i]);
        if (text.len == 0)
            continue; /* none that a query could have */
        for (size_t k = 0; k < count; k++)
            if (str_eq(texts[k], text))
                return false;
        only_strings = only_strings && field->choices[i].type == VALUE_STRING;
        texts[count] = text;
        values[count++] = field->choices[i];
    }
    param->type = PARAM_CHOICE;
    param->choices = texts;
    param->choice_values = only_strings ? NULL : values;
    param->choice_count = count;
    return count > 0;
}

static bool of_string(const struct field *field, enum param_op op, struct query_param *param)
{
    bool whole = op != PARAM_PREFIX;

    param->type = whole && field->format == FORMAT_DATE ? PARAM_DAY : PARAM_STRING;
    param->min = whole ? (double)field->min_count : 1;
    param->max = (double)field->max_count;
    return true;
}

static bool of_type(const struct field *field, enum param_op op, struct query_param *param)
{
    switch (field->type) {
    case FIELD_STRING: return of_string(field, op, param);
    case FIELD_DECIMAL: param->type = PARAM_DECIMAL; return true;
    case FIELD_TIME: param->type = PARAM_TIME; return true;
    case FIELD_OBJECTID: param->type = PARAM_OBJECTID; return true;
    case FIELD_UUID: param->type = PARAM_UUID; return true;
    case FIELD_BOOL: param->type = PARAM_BOOL; return true;
    case FIELD_INTEGER:
        param->type = PARAM_INTEGER;
        param->low = field->low;
        param->high = field->high;
        return true;
    case FIELD_NUMBER:
        param->type = PARAM_NUMBER;
        param->min = field->minimum;
        param->max = field->maximum;
        return true;
    case FIELD_OBJECT:
    case FIELD_ARRAY:
    case FIELD_NULL:
    case FIELD_CHOICE: return false;
    }
    return false;
}

static bool is_equality(enum param_op op)
{
    return op == PARAM_EQ || op == PARAM_NE || op == PARAM_IN;
}

/* Values that have an order which people mean. */
static bool has_order(const struct field *field)
{
    return field->type == FIELD_STRING || field->type == FIELD_DECIMAL ||
           field->type == FIELD_TIME || field->type == FIELD_OBJECTID ||
           field->type == FIELD_INTEGER || field->type == FIELD_NUMBER;
}

bool params_value(struct draft *draft, const struct field *field, enum param_op op,
                  struct query_param *param)
{
    if (op == PARAM_EXISTS) {
        param->type = PARAM_BOOL;
        return true;
    }
    field = field_scalar(field);
    if (op == PARAM_PREFIX ? field->type != FIELD_STRING : !is_equality(op) && !has_order(field))
        return false;
    if (is_equality(op) && field->choices != NULL && field->choice_count <= QUERY_CHOICES_MAX &&
        of_choices(draft, field, param))
        return true;
    return of_type(field, op, param);
}
