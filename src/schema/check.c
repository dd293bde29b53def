/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/check.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/json_writer.h"
#include "schema/format.h"
#include "schema/number.h"
#include "schema/pattern.h"
#include "schema/same.h"
#include "schema/where.h"

enum { MESSAGE_MAX = 200 };

static struct str text_of(const json_t *json)
{
    return str_make(json_string_value(json), json_string_length(json));
}

/* --- Enums --- */

static void put_choice(struct buf *out, const struct value *value)
{
    switch (value->type) {
    case VALUE_NULL: buf_literal(out, "null"); break;
    case VALUE_BOOL: buf_str(out, value->boolean ? STR("true") : STR("false")); break;
    case VALUE_INT: buf_int(out, value->integer); break;
    case VALUE_DOUBLE: json_put_double(out, value->number); break;
    case VALUE_STRING:
    case VALUE_DECIMAL: json_put_string(out, value->string); break;
    default: buf_literal(out, "…"); break; /* shown in the API's description */
    }
}

/* As many of them as a message has room for. */
static enum err refuse_choice(const struct check *check, const struct field *field,
                              const struct where *where)
{
    struct buf text = BUF_INIT(8 * MESSAGE_MAX), one = BUF_INIT(4 * MESSAGE_MAX);

    buf_str(&text, field->choice_count == 1 ? STR("must be ") : STR("must be one of "));
    for (size_t i = 0; i < field->choice_count; i++) {
        buf_reset(&one);
        put_choice(&one, &field->choices[i]);
        if (i > 0)
            buf_literal(&text, ", ");
        if (one.err != ERR_OK || text.len + one.len > MESSAGE_MAX) {
            buf_literal(&text, "…");
            break;
        }
        buf_str(&text, buf_view(&one));
    }
    buf_free(&one);
    return where_refuse_with(check, where, &text);
}

static enum err check_choice(const struct check *check, const struct field *field,
                             const struct where *where, const struct value *value)
{
    if (field->choices == NULL)
        return ERR_OK;
    for (size_t i = 0; i < field->choice_count; i++)
        if (value_is_same(&field->choices[i], value))
            return ERR_OK;
    return refuse_choice(check, field, where);
}

bool check_takes_null(const struct field *field)
{
    if ((field->flags & FIELD_NULLABLE) != 0 || field->type == FIELD_NULL)
        return true;
    for (size_t i = 0; field->type == FIELD_CHOICE && i < field->choice_count; i++)
        if (field->choices[i].type == VALUE_NULL)
            return true;
    return false;
}

/* --- Strings --- */

static enum err check_pattern(const struct check *check, const struct field *field,
                              const struct where *where, struct str text)
{
    const json_t *shown = json_object_get(field->schema, "pattern");
    enum err err = field->pattern != NULL ? pattern_match(field->pattern, text) : ERR_OK;

    if (err == ERR_OK)
        return ERR_OK;
    if (err != ERR_NOT_FOUND)
        return where_refuse(check, where, STR("takes too much work to compare with its pattern"));
    if (!json_is_string(shown) || json_string_length(shown) > MESSAGE_MAX)
        return where_refuse(check, where, STR("must match its pattern"));
    return where_refuse(check, where, ARENA_JOIN(check->arena, STR("must match "), text_of(shown)));
}

static enum err refuse_length(const struct check *check, const struct field *field,
                              const struct where *where)
{
    struct buf text = BUF_INIT(MESSAGE_MAX);

    buf_printf(&text, "must be a string of %zu to %zu characters", field->min_count,
               field->max_count);
    return where_refuse_with(check, where, &text);
}

static enum err read_string(const struct check *check, const struct field *field,
                            const struct where *where, const json_t *json, struct value *value)
{
    struct str text = text_of(json);
    size_t chars;

    if (!json_is_string(json))
        return field->choices != NULL ? refuse_choice(check, field, where)
                                      : refuse_length(check, field, where);
    chars = str_chars(text);
    if (chars < field->min_count || chars > field->max_count)
        return refuse_length(check, field, where);
    if (field->min_count > 0 && !format_shows(text))
        return where_refuse(check, where, STR("must hold something that shows"));
    if (!format_holds(field->format, text))
        return where_refuse(check, where, format_rule(field->format));
    *value = value_string(arena_str(check->arena, text));
    return check_pattern(check, field, where, text);
}

static enum err read_decimal(const struct check *check, const struct field *field,
                             const struct where *where, const json_t *json, struct value *value)
{
    if (!json_is_string(json) || decimal_check(text_of(json)) != ERR_OK)
        return where_refuse(
            check, where,
            STR("must be a decimal number in a string such as \"12.50\", of at most 34 "
                "digits"));
    *value = value_decimal(arena_str(check->arena, text_of(json)));
    return check_pattern(check, field, where, text_of(json));
}

static enum err read_time(const struct check *check, const struct field *field,
                          const struct where *where, const json_t *json, struct value *value)
{
    enum err (*parse)(struct str text, int64_t * wall_ms) =
        check->loose_times ? clock_parse_loose : clock_parse_iso;
    int64_t ms;

    if (!json_is_string(json) || parse(text_of(json), &ms) != ERR_OK)
        return where_refuse(check, where, STR("must be a time such as 2026-11-23T17:00:00.000Z"));
    *value = value_date(ms);
    return check_pattern(check, field, where, text_of(json));
}

static enum err read_id(const struct check *check, const struct field *field,
                        const struct where *where, const json_t *json, struct value *value)
{
    enum id_type type = field->type == FIELD_UUID ? ID_UUID : ID_OBJECTID;
    char room[ID_TEXT_MAX];
    struct str id;

    if (!json_is_string(json) || id_parse(type, text_of(json), room, &id) != ERR_OK)
        return where_refuse(check, where, id_rule(type));
    *value = id_value(type, id);
    return check_pattern(check, field, where, text_of(json));
}

/* --- Other scalars --- */

static enum err read_number(const struct check *check, const struct field *field,
                            const struct where *where, const json_t *json, struct value *value)
{
    struct buf why = BUF_INIT(MESSAGE_MAX);
    enum err err = number_read(field, json, value, &why);

    if (err != ERR_OK)
        return where_refuse_with(check, where, &why);
    buf_free(&why);
    return ERR_OK;
}

static enum err read_bool(const struct check *check, const struct field *field,
                          const struct where *where, const json_t *json, struct value *value)
{
    (void)field;
    if (!json_is_boolean(json))
        return where_refuse(check, where, STR("must be true or false"));
    *value = value_bool(json_is_true(json));
    return ERR_OK;
}

static enum err read_null(const struct check *check, const struct field *field,
                          const struct where *where, const json_t *json, struct value *value)
{
    (void)field;
    (void)json;
    (void)value;
    return where_refuse(check, where, STR("must be null"));
}

/* --- What no schema describes --- */

static enum err read_anything(const struct check *check, const struct where *where,
                              const json_t *json, struct value *value);

static enum err read_key(const struct check *check, const struct where *where, struct str key)
{
    if (key.len > 0 && key.ptr[0] != '$' && str_find(key, '.') == key.len)
        return ERR_OK;
    return where_refuse(check, where,
                        STR("must not be empty, begin with $ or have a dot in its name"));
}

static enum err read_any_member(const struct check *check, const struct where *where,
                                struct str key, const json_t *json, struct member *member)
{
    if (read_key(check, where, key) != ERR_OK)
        return ERR_INVALID;
    member->name = arena_str(check->arena, key);
    return read_anything(check, where, json, &member->value);
}

static enum err read_any_object(const struct check *check, const struct where *where,
                                const json_t *json, struct value *value)
{
    struct member *members =
        arena_alloc(check->arena, (json_object_size(json) + 1) * sizeof *members);
    json_t *object = (json_t *)(uintptr_t)json;
    enum err err = ERR_OK;
    size_t count = 0;

    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        struct str key = str_make(json_object_iter_key(at), json_object_iter_key_len(at));
        struct where inside = where_member(where, key);

        if (read_any_member(check, &inside, key, json_object_iter_value(at), &members[count]) ==
            ERR_OK)
            count++;
        else
            err = ERR_INVALID;
    }
    *value = value_object(members, count);
    return err;
}

static enum err read_any_list(const struct check *check, const struct where *where,
                              const json_t *json, struct value *value)
{
    size_t count = json_array_size(json);
    struct value *items = arena_alloc(check->arena, (count + 1) * sizeof *items);
    enum err err = ERR_OK;

    for (size_t i = 0; i < count; i++) {
        struct where inside = where_item(where, i);
        if (read_anything(check, &inside, json_array_get(json, i), &items[i]) != ERR_OK)
            err = ERR_INVALID;
    }
    *value = value_list(items, count);
    return err;
}

static enum err read_anything(const struct check *check, const struct where *where,
                              const json_t *json, struct value *value)
{
    switch (json_typeof(json)) {
    case JSON_NULL: *value = value_null(); break;
    case JSON_TRUE: *value = value_bool(true); break;
    case JSON_FALSE: *value = value_bool(false); break;
    case JSON_INTEGER: *value = value_int(json_integer_value(json)); break;
    case JSON_REAL: *value = value_double(json_real_value(json)); break;
    case JSON_STRING: *value = value_string(arena_str(check->arena, text_of(json))); break;
    case JSON_ARRAY: return read_any_list(check, where, json, value);
    case JSON_OBJECT: return read_any_object(check, where, json, value);
    }
    return ERR_OK;
}

static enum err read_choice(const struct check *check, const struct field *field,
                            const struct where *where, const json_t *json, struct value *value)
{
    (void)field;
    return read_anything(check, where, json, value);
}

/* --- Arrays --- */

static enum err read_value(const struct check *check, const struct field *field,
                           const struct where *where, const json_t *json, struct value *value);

static enum err refuse_count(const struct check *check, const struct field *field,
                             const struct where *where)
{
    struct buf text = BUF_INIT(MESSAGE_MAX);

    if (field->min_count > 0)
        buf_printf(&text, "must be an array of %zu to %zu items", field->min_count,
                   field->max_count);
    else
        buf_printf(&text, "must be an array of at most %zu items", field->max_count);
    return where_refuse_with(check, where, &text);
}

static enum err refuse_repeated(const struct check *check, const struct where *where, size_t index)
{
    struct buf text = BUF_INIT(MESSAGE_MAX);

    buf_printf(&text, "must not have an item twice, as [%zu]", index);
    return where_refuse_with(check, where, &text);
}

static enum err read_array(const struct check *check, const struct field *field,
                           const struct where *where, const json_t *json, struct value *value)
{
    size_t count = json_array_size(json), repeated;
    struct value *items;
    enum err err = ERR_OK;

    if (!json_is_array(json) || count < field->min_count || count > field->max_count)
        return refuse_count(check, field, where);
    items = arena_alloc(check->arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct where inside = where_item(where, i);
        const json_t *item = json_array_get(json, i);
        enum err bad = field->items != NULL
                           ? read_value(check, field->items, &inside, item, &items[i])
                           : read_anything(check, &inside, item, &items[i]);
        if (bad != ERR_OK)
            err = bad;
    }
    *value = value_list(items, count);
    if (err != ERR_OK || (field->flags & FIELD_UNIQUE_ITEMS) == 0)
        return err;
    repeated = value_repeated(items, count, check->arena);
    return repeated < count ? refuse_repeated(check, where, repeated) : ERR_OK;
}

/* --- Objects --- */

static bool initial_value(const struct check *check, const struct field *field, struct value *value)
{
    if (!check->defaults)
        return false;
    if (field->flags & FIELD_DEFAULT_NOW)
        *value = value_date(check->now_ms);
    else if (field->initial != NULL)
        *value = *field->initial;
    else
        return false;
    return true;
}

/* A property that is given, or not.  null for one that may be left out, and is no value of it,
 * leaves it out. */
static enum err read_property(const struct check *check, const struct field *field,
                              const struct where *where, const json_t *json, struct value *value)
{
    value->type = VALUE_NONE;
    if (json != NULL && (!json_is_null(json) || check_takes_null(field)))
        return read_value(check, field, where, json, value);
    if (initial_value(check, field, value) || (field->flags & FIELD_REQUIRED) == 0 ||
        (field->flags & (FIELD_SERVER | FIELD_READ_ONLY)) != 0)
        return ERR_OK;
    return where_refuse(check, where, STR("is required"));
}

/* The given members that are not declared. */
static enum err read_others(const struct check *check, const struct field *field,
                            const struct where *where, const json_t *json, struct member *members,
                            size_t *count)
{
    json_t *object = (json_t *)(uintptr_t)json;
    enum err err = ERR_OK;

    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        struct str key = str_make(json_object_iter_key(at), json_object_iter_key_len(at));
        struct where inside = where_member(where, key);
        enum err bad;

        if (field_property(field, key) != NULL)
            continue;
        if ((field->flags & FIELD_OPEN) == 0)
            bad = where_refuse(check, &inside, STR("is not a known field"));
        else
            bad =
                read_any_member(check, &inside, key, json_object_iter_value(at), &members[*count]);
        if (bad == ERR_OK)
            ++*count;
        else
            err = bad;
    }
    return err;
}

static enum err read_object(const struct check *check, const struct field *field,
                            const struct where *where, const json_t *json, struct value *value)
{
    size_t room = field->field_count + json_object_size(json) + 1, others = 0, count = 0;
    struct member *members, *rest;
    enum err err;

    if (!json_is_object(json))
        return where_refuse(check, where, STR("must be an object"));
    members = arena_alloc(check->arena, room * sizeof *members);
    rest = arena_alloc(check->arena, (json_object_size(json) + 1) * sizeof *rest);
    err = read_others(check, field, where, json, rest, &others);
    for (size_t i = 0; i < field->field_count; i++) {
        const struct field *inner = &field->fields[i];
        struct where inside = where_member(where, inner->name);
        const json_t *given = json_object_getn(json, inner->name.ptr, inner->name.len);

        members[count].name = inner->name;
        if (read_property(check, inner, &inside, given, &members[count].value) != ERR_OK)
            err = ERR_INVALID;
        else if (members[count].value.type != VALUE_NONE)
            count++;
    }
    if (others > 0)
        memcpy(members + count, rest, others * sizeof *rest);
    *value = value_object(members, count + others);
    return err;
}

/* --- One value --- */

typedef enum err reader(const struct check *, const struct field *, const struct where *,
                        const json_t *, struct value *);
static reader *const readers[] = {
    [FIELD_OBJECT] = read_object,   [FIELD_ARRAY] = read_array,    [FIELD_STRING] = read_string,
    [FIELD_DECIMAL] = read_decimal, [FIELD_TIME] = read_time,      [FIELD_OBJECTID] = read_id,
    [FIELD_UUID] = read_id,         [FIELD_INTEGER] = read_number, [FIELD_NUMBER] = read_number,
    [FIELD_BOOL] = read_bool,       [FIELD_NULL] = read_null,      [FIELD_CHOICE] = read_choice,
};

static enum err read_value(const struct check *check, const struct field *field,
                           const struct where *where, const json_t *json, struct value *value)
{
    enum err err = ERR_OK;

    if ((field->flags & FIELD_SERVER) != 0 && !check->read_only)
        return where_refuse(check, where, STR("is set by the server"));
    if ((field->flags & FIELD_READ_ONLY) != 0 && !check->read_only)
        return where_refuse(check, where, STR("is read-only"));
    if (json_is_null(json) && check_takes_null(field))
        *value = value_null();
    else
        err = readers[field->type](check, field, where, json, value);
    return err == ERR_OK ? check_choice(check, field, where, value) : err;
}

static struct where whole(struct str path)
{
    return (struct where){.name = path.ptr != NULL ? path : STR("")};
}

enum err check_value(const struct check *check, const struct field *field, struct str path,
                     const json_t *json, struct value *value)
{
    struct where where = whole(path);

    return read_value(check, field, &where, json, value);
}

enum err check_anything(const struct check *check, struct str path, const json_t *json,
                        struct value *value)
{
    struct where where = whole(path);

    return read_anything(check, &where, json, value);
}

enum err check_key(const struct check *check, struct str path, struct str key)
{
    struct where where = whole(path);

    return read_key(check, &where, key);
}
