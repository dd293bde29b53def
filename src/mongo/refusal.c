/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/refusal.h"

#include <stdio.h>
#include <string.h>

#include "base/idiom.h"
#include "base/str.h"
#include "mongo/refusal_note.h"

enum { DEPTH_MAX = 20 };

static _Thread_local struct refusal noted;

void refusal_take(struct refusal *refusal)
{
    *refusal = noted;
    noted.count = 0;
}

static struct refused_field *refusal_add(const char *path, const char *what)
{
    struct refused_field *field = &noted.fields[noted.count];

    if (noted.count == REFUSAL_FIELDS_MAX || path[0] == '\0')
        return NULL;
    *field = (struct refused_field){.what = what};
    snprintf(field->name, sizeof field->name, "%s", path);
    noted.count++;
    return field;
}

/* "a.b" of "a" and "b". */
static void join(char path[static REFUSAL_FIELD_SIZE], const char *outer, const char *inner)
{
    if (outer[0] == '\0')
        snprintf(path, REFUSAL_FIELD_SIZE, "%.100s", inner);
    else
        snprintf(path, REFUSAL_FIELD_SIZE, "%.*s.%.49s", 50, outer, inner);
}

static bool find_text(const bson_iter_t *document, const char *name, const char **text)
{
    bson_iter_t item;
    bool found = bson_iter_recurse(document, &item) && bson_iter_find(&item, name) &&
                 BSON_ITER_HOLDS_UTF8(&item);

    if (found)
        *text = bson_iter_utf8(&item, NULL);
    return found;
}

/* --- Validators: errInfo of code 121
 * (https://www.mongodb.com/docs/manual/core/schema-validation/handle-invalid-documents/) --- */

static const struct rule {
    const char *name, *what;
} rules[] = {
    {"maximum", "must be at most"},
    {"minimum", "must be at least"},
    {"exclusiveMaximum", "must be less than"},
    {"exclusiveMinimum", "must be more than"},
    {"multipleOf", "must be a multiple of"},
    {"maxLength", "must have at most so many characters:"},
    {"minLength", "must have at least so many characters:"},
    {"maxItems", "must have at most so many items:"},
    {"minItems", "must have at least so many items:"},
    {"maxProperties", "must have at most so many fields:"},
    {"minProperties", "must have at least so many fields:"},
    {"bsonType", "has a type that the database does not allow"},
    {"type", "has a type that the database does not allow"},
    {"enum", "must be one of the values that the database allows"},
    {"pattern", "must have the form that the database asks for"},
    {"uniqueItems", "must not have the same item twice"},
};
static const char other_rule[] = "breaks a rule of the database";

/* A rule that one value breaks: {operatorName: "maximum", specifiedAs: {maximum: 1000}, …}. */
static void add_rule(const bson_iter_t *detail, const char *path, const char *name)
{
    bson_iter_t item, limit;
    const struct rule *rule = rules;
    struct refused_field *field;

    while (rule < rules + COUNT(rules) && strcmp(rule->name, name) != 0)
        rule++;
    field = refusal_add(path, rule < rules + COUNT(rules) ? rule->what : other_rule);
    if (field == NULL || rule == rules + COUNT(rules) || !bson_iter_recurse(detail, &item) ||
        !bson_iter_find(&item, "specifiedAs") || !bson_iter_recurse(&item, &limit) ||
        !bson_iter_find(&limit, name))
        return;
    field->has_limit = BSON_ITER_HOLDS_NUMBER(&limit);
    field->limit = field->has_limit ? bson_iter_as_double(&limit) : 0;
}

/* {specifiedAs: {price: {$lt: 1000}}} of a validator that is a query. */
static void add_condition(const bson_iter_t *detail)
{
    bson_iter_t item, field;

    if (bson_iter_recurse(detail, &item) && bson_iter_find(&item, "specifiedAs") &&
        bson_iter_recurse(&item, &field) && bson_iter_next(&field) &&
        bson_iter_key(&field)[0] != '$')
        refusal_add(bson_iter_key(&field), other_rule);
}

static void add_names(const bson_iter_t *names, const char *outer, const char *what)
{
    char path[REFUSAL_FIELD_SIZE];
    bson_iter_t name;

    if (!bson_iter_recurse(names, &name))
        return;
    while (bson_iter_next(&name)) {
        if (!BSON_ITER_HOLDS_UTF8(&name))
            continue;
        join(path, outer, bson_iter_utf8(&name, NULL));
        refusal_add(path, what);
    }
}

static bool holds_more(const bson_iter_t *item)
{
    return BSON_ITER_HOLDS_DOCUMENT(item) || BSON_ITER_HOLDS_ARRAY(item);
}

/* One document or array of errInfo.details, and all that lies in it.  What the client has sent is
 * in consideredValue and is passed over; so is the rule's text. */
static void walk(const bson_iter_t *detail, const char *outer, unsigned depth)
{
    static const char *const passed[] = {"consideredValue", "consideredValues", "specifiedAs"};
    const char *name = NULL, *rule = NULL;
    char path[REFUSAL_FIELD_SIZE];
    size_t before = noted.count, i;
    bson_iter_t item;

    if (depth > DEPTH_MAX || !bson_iter_recurse(detail, &item))
        return;
    join(path, outer, find_text(detail, "propertyName", &name) ? name : "");
    if (name == NULL)
        snprintf(path, sizeof path, "%s", outer);
    find_text(detail, "operatorName", &rule);
    while (bson_iter_next(&item)) {
        for (i = 0; i < COUNT(passed) && strcmp(bson_iter_key(&item), passed[i]) != 0;)
            i++;
        if (i < COUNT(passed) || !holds_more(&item))
            continue;
        if (strcmp(bson_iter_key(&item), "missingProperties") == 0)
            add_names(&item, path, "is required by the database");
        else if (strcmp(bson_iter_key(&item), "additionalProperties") == 0)
            add_names(&item, path, "is not allowed by the database");
        else
            walk(&item, path, depth + 1);
    }
    if (rule == NULL || noted.count > before)
        return;
    if (rule[0] == '$')
        add_condition(detail);
    else
        add_rule(detail, path, rule);
}

/* --- Unique indexes --- */

static void add_keys(const bson_iter_t *pattern)
{
    bson_iter_t key;

    if (!bson_iter_recurse(pattern, &key))
        return;
    while (bson_iter_next(&key))
        refusal_add(bson_iter_key(&key), "must be unique: another document has this value");
}

/* "… index: NAME dup key …", or "… Index 'NAME'" as DocumentDB says it. */
static struct str index_name(struct str text)
{
    static const struct {
        struct str before;
        char end;
    } forms[] = {{STR_INIT("index: "), ' '}, {STR_INIT("Index '"), '\''}};

    for (size_t at = 0; at < text.len; at++)
        for (size_t i = 0; i < COUNT(forms); i++) {
            struct str rest = str_from_offset(text, at);
            if (!str_starts(rest, forms[i].before))
                continue;
            rest = str_from_offset(rest, forms[i].before.len);
            return str_make(rest.ptr, str_find(rest, forms[i].end));
        }
    return STR("");
}

static void add_index(mongoc_collection_t *collection, struct str name)
{
    mongoc_cursor_t *cursor;
    const bson_t *index;
    bson_iter_t iter, key;

    if (str_eq(name, STR("_id_")))
        refusal_add("_id", "must be unique: another document has this value");
    if (name.len == 0 || noted.count > 0)
        return;
    cursor = mongoc_collection_find_indexes_with_opts(collection, NULL);
    while (noted.count == 0 && mongoc_cursor_next(cursor, &index))
        if (bson_iter_init_find(&iter, index, "name") && BSON_ITER_HOLDS_UTF8(&iter) &&
            str_eq(name, str_from(bson_iter_utf8(&iter, NULL))) &&
            bson_iter_init_find(&key, index, "key"))
            add_keys(&key);
    mongoc_cursor_destroy(cursor);
}

void refusal_note_error(mongoc_collection_t *collection, const bson_iter_t *error)
{
    bson_iter_t item, found;
    const char *text = "";

    noted.count = 0;
    if (bson_iter_recurse(error, &item) && bson_iter_find(&item, "keyPattern"))
        add_keys(&item);
    else if (bson_iter_recurse(error, &item) &&
             bson_iter_find_descendant(&item, "errInfo.details", &found))
        walk(&found, "", 0);
    else if (find_text(error, "errmsg", &text))
        add_index(collection, index_name(str_from(text)));
}

void refusal_note(mongoc_collection_t *collection, const bson_t *reply)
{
    bson_iter_t iter, found;

    noted.count = 0;
    if (bson_iter_init(&iter, reply) && bson_iter_find_descendant(&iter, "writeErrors.0", &found))
        refusal_note_error(collection, &found);
}
