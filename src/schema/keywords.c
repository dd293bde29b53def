/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/node.h"

#include <float.h>
#include <math.h>

#include "base/idiom.h"
#include "schema/pattern.h"

#define OF(type) (1U << (type))
#define STRINGS  OF(FIELD_STRING)
#define NUMBERS  (OF(FIELD_INTEGER) | OF(FIELD_NUMBER))
#define ARRAYS   OF(FIELD_ARRAY)
#define OBJECTS  OF(FIELD_OBJECT)
#define ALL      (~0U)

/* --- Strings and counts --- */

static void read_count(struct node *node, const json_t *json, const struct place *place,
                       int64_t max, size_t *count)
{
    int64_t number;

    if (take_integer(node->reading, place, json, 0, max, &number))
        *count = (size_t)number;
}

static void read_min_length(struct node *node, const json_t *json, const struct place *place)
{
    read_count(node, json, place, STRING_MAX, &node->field->min_count);
}

/* Of maxLength and maxItems: after the lower bound. */
static void read_max_count(struct node *node, const json_t *json, const struct place *place,
                           int64_t max, const char *least)
{
    read_count(node, json, place, max, &node->field->max_count);
    if (node->field->max_count < node->field->min_count)
        report(node->reading, place, "must not be less than %s", least);
}

static void read_max_length(struct node *node, const json_t *json, const struct place *place)
{
    read_max_count(node, json, place, STRING_MAX, "minLength");
}

static void read_pattern(struct node *node, const json_t *json, const struct place *place)
{
    struct reading *reading = node->reading;
    struct buf why = BUF_INIT(256);
    struct pattern *pattern;
    struct str text;

    if (!take_text(reading, place, json, &text))
        return;
    if (pattern_new(text, &pattern, &why) == ERR_OK) {
        struct used_pattern *used = arena_alloc(reading->arena, sizeof *used);
        *used = (struct used_pattern){pattern, *reading->patterns};
        *reading->patterns = used;
        node->field->pattern = pattern;
    } else {
        report(reading, place, "must be a regular expression: %.*s", SHOW(buf_view(&why)));
    }
    buf_free(&why);
}

/* --- Numbers --- */

static bool take_number(struct node *node, const json_t *json, const struct place *place)
{
    if (!json_is_number(json))
        report(node->reading, place, "must be a number");
    return json_is_number(json);
}

/* The least whole number that is at least (or, exclusive, more than) this one; false: none. */
static bool whole_at_least(const json_t *json, bool exclusive, int64_t *whole)
{
    double number = json_number_value(json), up = ceil(number);

    if (json_is_integer(json)) {
        *whole = json_integer_value(json);
    } else if (up >= 0x1p63) {
        return false;
    } else {
        *whole = up < -0x1p63 ? INT64_MIN : (int64_t)up;
        exclusive = exclusive && up == number;
    }
    if (exclusive && *whole == INT64_MAX)
        return false;
    *whole += exclusive;
    return true;
}

static bool whole_at_most(const json_t *json, bool exclusive, int64_t *whole)
{
    double number = json_number_value(json), down = floor(number);

    if (json_is_integer(json)) {
        *whole = json_integer_value(json);
    } else if (down < -0x1p63) {
        return false;
    } else {
        *whole = down >= 0x1p63 ? INT64_MAX : (int64_t)down;
        exclusive = exclusive && down == number;
    }
    if (exclusive && *whole == INT64_MIN)
        return false;
    *whole -= exclusive;
    return true;
}

static void read_least(struct node *node, const json_t *json, const struct place *place,
                       bool exclusive)
{
    struct field *field = node->field;
    int64_t low = INT64_MIN;
    double number;

    if (!take_number(node, json, place))
        return;
    if (field->type == FIELD_INTEGER && !whole_at_least(json, exclusive, &low))
        report(node->reading, place, "leaves no whole number");
    number = json_number_value(json);
    field->low = low > field->low ? low : field->low;
    if (number > field->minimum || (number == field->minimum && exclusive)) {
        field->minimum = number;
        field->flags |= exclusive ? FIELD_EXCLUSIVE_MINIMUM : 0U;
    }
    field->flags |= FIELD_MINIMUM;
}

static void read_most(struct node *node, const json_t *json, const struct place *place,
                      bool exclusive)
{
    struct field *field = node->field;
    int64_t high = INT64_MAX;
    double number;

    if (!take_number(node, json, place))
        return;
    if (field->type == FIELD_INTEGER && !whole_at_most(json, exclusive, &high))
        report(node->reading, place, "leaves no whole number");
    number = json_number_value(json);
    field->high = high < field->high ? high : field->high;
    if (number < field->maximum || (number == field->maximum && exclusive)) {
        field->maximum = number;
        field->flags |= exclusive ? FIELD_EXCLUSIVE_MAXIMUM : 0U;
    }
    field->flags |= FIELD_MAXIMUM;
    if (field->type == FIELD_INTEGER ? field->high < field->low : field->maximum < field->minimum)
        report(node->reading, place, "must not be less than the least value");
}

static void read_minimum(struct node *node, const json_t *json, const struct place *place)
{
    read_least(node, json, place, false);
}

static void read_exclusive_minimum(struct node *node, const json_t *json, const struct place *place)
{
    read_least(node, json, place, true);
}

static void read_maximum(struct node *node, const json_t *json, const struct place *place)
{
    read_most(node, json, place, false);
}

static void read_exclusive_maximum(struct node *node, const json_t *json, const struct place *place)
{
    read_most(node, json, place, true);
}

static void read_multiple_of(struct node *node, const json_t *json, const struct place *place)
{
    if (!take_number(node, json, place))
        return;
    node->field->multiple_of = json_number_value(json);
    if (node->field->multiple_of <= 0)
        report(node->reading, place, "must be more than 0");
}

/* --- Arrays --- */

static void read_min_items(struct node *node, const json_t *json, const struct place *place)
{
    read_count(node, json, place, ITEMS_MAX, &node->field->min_count);
}

static void read_max_items(struct node *node, const json_t *json, const struct place *place)
{
    read_max_count(node, json, place, ITEMS_MAX, "minItems");
}

static void read_unique_items(struct node *node, const json_t *json, const struct place *place)
{
    bool unique = false;

    if (take_bool(node->reading, place, json, &unique) && unique)
        node->field->flags |= FIELD_UNIQUE_ITEMS;
}

/* The node's own JSON with another value of a key: what its references refer to. */
static void replace(struct node *node, const char *key, json_t *value)
{
    json_t *copy = reading_own(node->reading, json_copy((json_t *)(uintptr_t)node->field->schema));

    json_object_set(copy, key, value);
    node->field->schema = copy;
}

static void read_items(struct node *node, const json_t *json, const struct place *place)
{
    struct field *items = arena_zalloc(node->reading->arena, sizeof *items);

    items->path = node->field->path;
    node_read(node->reading, place, json, node->level + 1, items);
    node->field->items = items;
    if (items->schema != json)
        replace(node, "items", (json_t *)(uintptr_t)items->schema);
}

/* --- Objects --- */

static bool is_good_name(struct str name)
{
    return name.len > 0 && name.ptr[0] != '$' && str_find(name, '.') == name.len;
}

/* The schema of a field that the server keeps. */
static void read_kept(struct node *node, struct field *field, const struct place *place)
{
    const struct kept_fields *kept = node->reading->kept;
    const struct {
        struct str name;
        enum field_type type;
        const char *what;
    } all[] = {
        {STR("_id"), FIELD_OBJECT, ""},
        {kept->version, FIELD_INTEGER, "\"type\": \"integer\""},
        {kept->created, FIELD_TIME, "\"type\": \"string\", \"format\": \"date-time\""},
        {kept->updated, FIELD_TIME, "\"type\": \"string\", \"format\": \"date-time\""},
        {kept->owner, FIELD_OBJECTID, "\"type\": \"string\", \"format\": \"objectid\""},
    };

    for (size_t i = 0; i < COUNT(all); i++) {
        if (!str_eq(field->name, all[i].name))
            continue;
        if (i == 0)
            report(node->reading, place, "is always there: \"id\" tells its type");
        else if ((field->flags & FIELD_READ_ONLY) == 0)
            report(node->reading, place,
                   "is kept by the server: declare it \"readOnly\": true, or give \"fields\" "
                   "another name");
        else if (field->type != all[i].type)
            report(node->reading, place, "is kept by the server as %s", all[i].what);
        field->flags |= FIELD_SERVER;
    }
}

static void read_property(struct node *node, const json_t *json, const struct place *place,
                          struct field *field)
{
    struct reading *reading = node->reading;

    field->name = place->key;
    field->path = node->field->path.len > 0
                      ? ARENA_JOIN(reading->arena, node->field->path, STR("."), field->name)
                      : field->name;
    if (!is_good_name(field->name))
        report(reading, place,
               "must not be empty, begin with $ or hold a dot: MongoDB cannot "
               "take it");
    node_read(reading, place, json, node->level + 1, field);
    if (node->level == 1 && reading->kept != NULL)
        read_kept(node, field, place);
}

static void read_properties(struct node *node, const json_t *json, const struct place *place)
{
    struct reading *reading = node->reading;
    json_t *resolved = NULL, *value;
    struct field *fields;
    const char *name;
    size_t len;

    if (!take_object(reading, place, json))
        return;
    fields = arena_zalloc(reading->arena, json_object_size(json) * sizeof *fields);
    node->field->fields = fields;
    json_object_keylen_foreach((json_t *)(uintptr_t)json, name, len, value)
    {
        struct place at = {place, str_make(name, len)};
        struct field *field = &fields[node->field->field_count];
        if (++reading->field_count > FIELDS_MAX) {
            report(reading, reading->root_place, "has more than %d fields", FIELDS_MAX);
            return;
        }
        read_property(node, value, &at, field);
        node->field->field_count++;
        if (field->schema != value && resolved == NULL)
            resolved = json_copy((json_t *)(uintptr_t)json);
        if (field->schema != value)
            json_object_setn(resolved, name, len, (json_t *)(uintptr_t)field->schema);
    }
    if (resolved != NULL)
        replace(node, "properties", reading_own(reading, resolved));
}

static void read_required(struct node *node, const json_t *json, const struct place *place)
{
    struct reading *reading = node->reading;

    if (!json_is_array(json)) {
        report(reading, place, "must be an array of names");
        return;
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        struct place at = place_item(reading, place, i);
        struct field *field;
        struct str name;
        if (!take_text(reading, &at, json_array_get(json, i), &name))
            continue;
        field = (struct field *)(uintptr_t)field_property(node->field, name);
        if (field == NULL)
            report(reading, &at, "\"%.*s\" is not declared under properties", SHOW(name));
        else if (field->flags & FIELD_REQUIRED)
            report(reading, &at, "\"%.*s\" is there already", SHOW(name));
        else if ((field->flags & (FIELD_READ_ONLY | FIELD_SERVER)) == FIELD_READ_ONLY)
            report(reading, &at, "\"%.*s\" is readOnly: no client can give it", SHOW(name));
        else
            field->flags |= FIELD_REQUIRED;
    }
}

static void read_additional(struct node *node, const json_t *json, const struct place *place)
{
    bool open = false;

    if (take_bool(node->reading, place, json, &open) && open)
        node->field->flags |= FIELD_OPEN;
}

/* --- Words about it --- */

static void read_words(struct node *node, const json_t *json, const struct place *place)
{
    struct str text;

    (void)take_text(node->reading, place, json, &text);
}

static void read_examples(struct node *node, const json_t *json, const struct place *place)
{
    if (!json_is_array(json))
        report(node->reading, place, "must be an array");
}

static void read_flag(struct node *node, const json_t *json, const struct place *place)
{
    bool flag;

    (void)take_bool(node->reading, place, json, &flag);
}

static void read_read_only(struct node *node, const json_t *json, const struct place *place)
{
    bool read_only = false;

    if (take_bool(node->reading, place, json, &read_only) && read_only)
        node->field->flags |= FIELD_READ_ONLY;
}

static void read_defs(struct node *node, const json_t *json, const struct place *place)
{
    (void)json;
    if (node->level != 1)
        report(node->reading, place, "must stand at the top of the schema");
}

/* --- All of them, in the order in which they are read --- */

static const struct keyword {
    struct str name;
    unsigned types;  /* that it is for */
    const char *use; /* them, for people */
    void (*read)(struct node *, const json_t *, const struct place *);
} keywords[] = {
    {STR_INIT("title"), ALL, NULL, read_words},
    {STR_INIT("description"), ALL, NULL, read_words},
    {STR_INIT("examples"), ALL, NULL, read_examples},
    {STR_INIT("deprecated"), ALL, NULL, read_flag},
    {STR_INIT("readOnly"), ALL, NULL, read_read_only},
    {STR_INIT("minLength"), STRINGS, "strings that are no date-time, decimal, objectid or uuid",
     read_min_length},
    {STR_INIT("maxLength"), STRINGS, "strings that are no date-time, decimal, objectid or uuid",
     read_max_length},
    {STR_INIT("pattern"), STRINGS, "strings that are no date-time, decimal, objectid or uuid",
     read_pattern},
    {STR_INIT("minimum"), NUMBERS, "numbers", read_minimum},
    {STR_INIT("exclusiveMinimum"), NUMBERS, "numbers", read_exclusive_minimum},
    {STR_INIT("maximum"), NUMBERS, "numbers", read_maximum},
    {STR_INIT("exclusiveMaximum"), NUMBERS, "numbers", read_exclusive_maximum},
    {STR_INIT("multipleOf"), NUMBERS, "numbers", read_multiple_of},
    {STR_INIT("minItems"), ARRAYS, "arrays", read_min_items},
    {STR_INIT("maxItems"), ARRAYS, "arrays", read_max_items},
    {STR_INIT("uniqueItems"), ARRAYS, "arrays", read_unique_items},
    {STR_INIT("items"), ARRAYS, "arrays", read_items},
    {STR_INIT("properties"), OBJECTS, "objects", read_properties},
    {STR_INIT("required"), OBJECTS, "objects", read_required},
    {STR_INIT("additionalProperties"), OBJECTS, "objects", read_additional},
    {STR_INIT("$defs"), ALL, NULL, read_defs},
    {STR_INIT("enum"), ALL, NULL, choices_enum},
    {STR_INIT("const"), ALL, NULL, choices_const},
    {STR_INIT("default"), ALL, NULL, choices_default},
    /* Read before. */
    {STR_INIT("type"), ALL, NULL, NULL},
    {STR_INIT("format"), ALL, NULL, NULL},
    {STR_INIT("$ref"), ALL, NULL, NULL},
};

static void refuse_unknown(struct node *node)
{
    struct str known[COUNT(keywords)];
    const char *name;
    json_t *value;

    for (size_t i = 0; i < COUNT(keywords); i++)
        known[i] = keywords[i].name;
    json_object_foreach((json_t *)(uintptr_t)node->json, name, value)
    {
        struct place at = {node->place, str_from(name)};
        size_t i = 0;
        while (i < COUNT(known) && !str_eq(known[i], at.key))
            i++;
        if (i == COUNT(known))
            report_unknown(node->reading, &at, "keyword", known, COUNT(known));
    }
}

void keywords_read(struct node *node)
{
    struct field *field = node->field;

    field->low = INT64_MIN;
    field->high = INT64_MAX;
    field->minimum = -DBL_MAX;
    field->maximum = DBL_MAX;
    field->max_count = field->type == FIELD_ARRAY ? ITEMS_MAX : STRING_MAX;
    refuse_unknown(node);
    if ((OF(field->type) & (ARRAYS | OBJECTS)) != 0 && node->level > LEVELS_MAX) {
        report(node->reading, node->place, "is on level %u: %d are possible", node->level,
               LEVELS_MAX);
        return;
    }
    for (size_t i = 0; i < COUNT(keywords); i++) {
        const struct keyword *keyword = &keywords[i];
        const json_t *json = json_object_getn(node->json, keyword->name.ptr, keyword->name.len);
        struct place at = {node->place, keyword->name};
        if (json == NULL || keyword->read == NULL)
            continue;
        if (keyword->types & OF(field->type))
            keyword->read(node, json, &at);
        else
            report(node->reading, &at, "is for %s", keyword->use);
    }
}
