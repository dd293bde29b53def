/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/validate.h"

#include "base/clock.h"

struct check {
    const struct resource *resource;
    enum validate_mode mode;
    int64_t now_ms;
    struct arena *arena;
    struct problem *problem;
    struct draft *draft;
};

static enum err refuse(const struct check *check, const struct field *field, const char *message)
{
    problem_add(check->problem, field->name, str_from(message));
    return ERR_INVALID;
}

static struct str text_of(const json_t *json)
{
    return str_make(json_string_value(json), json_string_length(json));
}

static bool has_length(const struct field *field, struct str text)
{
    size_t chars = str_chars(text);

    return chars >= (size_t)field->min && chars <= (size_t)field->max;
}

/* --- One value by its type --- */

static enum err read_string(const struct check *check, const struct field *field,
                            const json_t *json, struct value *value)
{
    if (!json_is_string(json) || !has_length(field, text_of(json))) {
        problem_addf(check->problem, field->name, "must be a string of %.0f to %.0f characters",
                     field->min, field->max);
        return ERR_INVALID;
    }
    *value = value_string(arena_str(check->arena, text_of(json)));
    return ERR_OK;
}

static enum err read_number(const struct check *check, const struct field *field,
                            const json_t *json, struct value *value)
{
    double number = json_number_value(json);

    if (!json_is_number(json) || number < field->min || number > field->max) {
        problem_addf(check->problem, field->name, "must be a number of at least %g", field->min);
        return ERR_INVALID;
    }
    *value = value_double(number == 0 ? 0 : number); /* -0 is 0 */
    return ERR_OK;
}

static enum err read_bool(const struct check *check, const struct field *field, const json_t *json,
                          struct value *value)
{
    if (!json_is_boolean(json))
        return refuse(check, field, "must be true or false");
    *value = value_bool(json_is_true(json));
    return ERR_OK;
}

static enum err read_time(const struct check *check, const struct field *field, const json_t *json,
                          struct value *value)
{
    int64_t ms;

    if (!json_is_string(json) || clock_parse_iso(text_of(json), &ms) != ERR_OK)
        return refuse(check, field, "must be a time such as 2026-11-23T17:00:00.000Z");
    *value = value_date(ms);
    return ERR_OK;
}

static enum err read_strings(const struct check *check, const struct field *field,
                             const json_t *json, struct value *value)
{
    size_t count = json_array_size(json);
    struct str *items = arena_alloc(check->arena, (count + 1) * sizeof *items);
    bool good = json_is_array(json) && count <= field->items_max;

    for (size_t i = 0; good && i < count; i++) {
        const json_t *item = json_array_get(json, i);
        good = json_is_string(item) && has_length(field, text_of(item));
        if (good)
            items[i] = arena_str(check->arena, text_of(item));
    }
    if (!good) {
        problem_addf(check->problem, field->name,
                     "must be an array of at most %u strings of %.0f to %.0f characters",
                     field->items_max, field->min, field->max);
        return ERR_INVALID;
    }
    *value = value_strings(items, count);
    return ERR_OK;
}

typedef enum err reader(const struct check *, const struct field *, const json_t *, struct value *);
static reader *const readers[] = {
    [FIELD_STRING] = read_string, [FIELD_NUMBER] = read_number,   [FIELD_BOOL] = read_bool,
    [FIELD_TIME] = read_time,     [FIELD_STRINGS] = read_strings,
};

/* --- The object --- */

static void put(struct draft *draft, struct str field, enum assign_op op, struct value value)
{
    draft->items[draft->count++] = (struct assignment){field, op, value};
}

static bool initial_value(const struct check *check, const struct field *field, struct value *value)
{
    if (field->initial == NULL)
        return false;
    *value = strcmp(field->initial, "now") == 0 ? value_date(check->now_ms)
                                                : value_bool(strcmp(field->initial, "true") == 0);
    return true;
}

/* A field that is not there, or null. */
static void put_absent(const struct check *check, const struct field *field, bool given)
{
    bool create = check->mode == VALIDATE_CREATE;
    struct value value = {.type = VALUE_NONE};

    if ((field->flags & FIELD_REQUIRED) != 0 && create)
        (void)refuse(check, field, "is required");
    else if ((field->flags & FIELD_REQUIRED) != 0 && given)
        (void)refuse(check, field, "is required and cannot be removed");
    else if ((create || given) && initial_value(check, field, &value))
        put(check->draft, field->name, ASSIGN_SET, value);
    else if (given && !create)
        put(check->draft, field->name, ASSIGN_UNSET, value);
}

static void put_server(const struct check *check, const struct field *field)
{
    bool create = check->mode == VALIDATE_CREATE;

    if (str_eq(field->name, STR("_id")) && create)
        put(check->draft, field->name, ASSIGN_SET, value_oid(oid_new()));
    else if (field->type == FIELD_INT)
        put(check->draft, field->name, create ? ASSIGN_SET : ASSIGN_INC, value_int(1));
    else if (field->type == FIELD_TIME && (create || str_eq(field->name, STR("updatedAt"))))
        put(check->draft, field->name, ASSIGN_SET, value_date(check->now_ms));
}

static void read_field(const struct check *check, const struct field *field, const json_t *object)
{
    const json_t *json = json_object_getn(object, field->name.ptr, field->name.len);
    struct value value;

    if (field->flags & FIELD_SERVER)
        put_server(check, field);
    else if (json == NULL || json_is_null(json))
        put_absent(check, field, json != NULL);
    else if (readers[field->type](check, field, json, &value) == ERR_OK)
        put(check->draft, field->name, ASSIGN_SET, value);
}

static void refuse_unknown(const struct check *check, const json_t *object)
{
    for (void *at = json_object_iter((json_t *)(uintptr_t)object); at != NULL;
         at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
        struct str name = str_make(json_object_iter_key(at), json_object_iter_key_len(at));
        size_t i = resource_field(check->resource, name);
        if (i == check->resource->field_count)
            problem_add(check->problem, arena_str(check->arena, name), STR("is not a known field"));
        else if (check->resource->fields[i].flags & FIELD_SERVER)
            problem_add(check->problem, arena_str(check->arena, name), STR("is set by the server"));
    }
}

enum err validate(const struct resource *resource, const json_t *object, enum validate_mode mode,
                  int64_t now_ms, struct arena *arena, struct problem *problem, struct draft *draft)
{
    const struct check check = {resource, mode, now_ms, arena, problem, draft};

    draft->count = 0;
    if (!json_is_object(object)) {
        problem_add(problem, STR("body"), STR("must be a JSON object"));
        return ERR_INVALID;
    }
    refuse_unknown(&check, object);
    for (size_t i = 0; i < resource->field_count; i++)
        read_field(&check, &resource->fields[i], object);
    return problem->count == 0 ? ERR_OK : ERR_INVALID;
}

const struct value *draft_value(const struct draft *draft, struct str field)
{
    const struct assignment *item = assignment_find(draft->items, draft->count, field);

    return item != NULL && item->op == ASSIGN_SET ? &item->value : NULL;
}

/* --- And back --- */

static void value_json(const struct value *value, struct buf *out)
{
    char text[32]; /* an id or a time */

    _Static_assert(OID_HEX_SIZE <= 32 && CLOCK_ISO_SIZE <= 32, "both fit");

    switch (value->type) {
    case VALUE_BOOL: buf_str(out, value->boolean ? STR("true") : STR("false")); break;
    case VALUE_INT: buf_int(out, value->integer); break;
    case VALUE_DOUBLE: buf_json_double(out, value->number); break;
    case VALUE_STRING: buf_json_string(out, value->string); break;
    case VALUE_DATE:
        clock_iso(value->integer, text);
        buf_json_string(out, str_make(text, CLOCK_ISO_SIZE));
        break;
    case VALUE_OID:
        oid_text(&value->oid, text);
        buf_json_string(out, str_make(text, OID_HEX_SIZE));
        break;
    case VALUE_STRINGS:
        buf_char(out, '[');
        for (size_t i = 0; i < value->strings.count; i++) {
            if (i > 0)
                buf_char(out, ',');
            buf_json_string(out, value->strings.items[i]);
        }
        buf_char(out, ']');
        break;
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_BYTES:
    case VALUE_LIST: buf_literal(out, "null"); break;
    }
}

void draft_json(const struct resource *resource, const struct draft *draft, struct buf *out)
{
    bool first = true;

    buf_char(out, '{');
    for (size_t i = 0; i < draft->count; i++) {
        size_t field = resource_field(resource, draft->items[i].field);
        if (field == resource->field_count || (resource->fields[field].flags & FIELD_HIDDEN) != 0)
            continue;
        if (!first)
            buf_char(out, ',');
        first = false;
        buf_json_string(out, draft->items[i].field);
        buf_char(out, ':');
        value_json(&draft->items[i].value, out);
    }
    buf_char(out, '}');
}
