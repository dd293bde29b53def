/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/resource.h"

#include <stdlib.h>

#include "base/idiom.h"
#include "schema/file.h"
#include "schema/index_specs.h"
#include "schema/node.h"
#include "schema/params.h"

enum { NAME_SIZE = 32, COLLECTION_MAX = 120 };

/* Paths that are not a resource's, and the first words of names in Redis. */
static const struct str paths[] = {
    STR_INIT("users"), STR_INIT("sessions"), STR_INIT("me"),  STR_INIT("openapi.json"),
    STR_INIT("docs"),  STR_INIT("admin"),    STR_INIT("live")};
static const struct str words[] = {
    STR_INIT("activity"), STR_INIT("beat"),      STR_INIT("born"),        STR_INIT("cache"),
    STR_INIT("count"),    STR_INIT("dashboard"), STR_INIT("epoch"),       STR_INIT("export"),
    STR_INIT("fence"),    STR_INIT("fill"),      STR_INIT("idempotency"), STR_INIT("installation"),
    STR_INIT("lock"),     STR_INIT("owner"),     STR_INIT("profile"),     STR_INIT("rate"),
    STR_INIT("session"),  STR_INIT("signin"),    STR_INIT("tag"),         STR_INIT("throttle"),
    STR_INIT("user"),     STR_INIT("view"),      STR_INIT("views"),
};

/* --- Names --- */

static bool is_among(struct str name, const struct str *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(name, list[i]))
            return true;
    return false;
}

static bool is_good_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = c >= 'a' && c <= 'z';
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-')))
            return false;
    }
    return name.len > 0 && name.len <= NAME_SIZE;
}

static void take_name(struct draft *draft, const struct place *place, const json_t *json,
                      struct str *name)
{
    struct str text;

    if (!take_text(draft->reading, place, json, &text))
        return;
    if (!is_good_name(text))
        report(draft->reading, place,
               "must be a lower-case letter and up to 31 such letters, digits or \"-\"");
    else if (is_among(text, paths, COUNT(paths)) || is_among(text, words, COUNT(words)))
        report(draft->reading, place, "\"%.*s\" is a name that Larder itself uses", SHOW(text));
    else
        *name = text;
}

static void read_name(struct draft *draft, const struct place *place, const json_t *json)
{
    struct resource *resource = draft->resource;
    struct arena *arena = draft->reading->arena;

    if (json == NULL)
        report(draft->reading, place, "is required");
    else
        take_name(draft, place, json, &resource->name);
    resource->path = ARENA_JOIN(arena, STR("/api/"), resource->name);
    resource->item_path = ARENA_JOIN(arena, resource->path, STR("/{id}"));
    resource->popular_path = ARENA_JOIN(arena, resource->path, STR("/popular"));
    resource->facets_path = ARENA_JOIN(arena, resource->path, STR("/facets"));
    resource->export_path = ARENA_JOIN(arena, resource->path, STR("/export"));
    resource->stats_path = ARENA_JOIN(arena, resource->item_path, STR("/stats"));
    resource->touch_path = ARENA_JOIN(arena, resource->path, STR("/touch"));
}

static void read_singular(struct draft *draft, const struct place *place, const json_t *json)
{
    struct resource *resource = draft->resource;
    struct arena *arena = draft->reading->arena;
    char *title;

    if (json == NULL)
        report(draft->reading, place, "is required");
    else
        take_name(draft, place, json, &resource->singular);
    if (resource->singular.len == 0)
        return;
    if (str_eq(resource->name, resource->singular))
        report(draft->reading, place, "must differ from \"name\"");
    resource->title = arena_str(arena, resource->singular);
    title = (char *)(uintptr_t)resource->title.ptr;
    title[0] = (char)(title[0] - 'a' + 'A');
    for (size_t i = 0; i < resource->title.len; i++)
        title[i] = title[i] == '-' ? ' ' : title[i];
    resource->absent = ARENA_JOIN(arena, resource->title, STR(" not found"));
    resource->removed = ARENA_JOIN(arena, resource->title, STR(" deleted"));
}

static void read_description(struct draft *draft, const struct place *place, const json_t *json)
{
    if (json != NULL)
        (void)take_text(draft->reading, place, json, &draft->resource->description);
}

static void read_collection(struct draft *draft, const struct place *place, const json_t *json)
{
    struct str name = draft->resource->name;

    if (json != NULL && !take_text(draft->reading, place, json, &name))
        return;
    if (json != NULL &&
        (name.len == 0 || name.len > COLLECTION_MAX || str_find(name, '$') < name.len ||
         name.ptr[0] == '.' || str_starts(name, STR("system."))))
        report(draft->reading, place,
               "must be 1 to %d bytes, without $, and not begin with \".\" or \"system.\"",
               COLLECTION_MAX);
    else if (str_starts(name, STR("larder_")))
        report(draft->reading, place, "must not begin with \"larder_\": these are Larder's own");
    else
        draft->resource->collection = name;
}

static void read_id(struct draft *draft, const struct place *place, const json_t *json)
{
    static const struct str kinds[] = {[ID_OBJECTID] = STR_INIT("objectid"),
                                       [ID_STRING] = STR_INIT("string"),
                                       [ID_INTEGER] = STR_INIT("integer"),
                                       [ID_UUID] = STR_INIT("uuid")};

    for (size_t i = 0; i < COUNT(kinds); i++)
        if (json == NULL || str_eq(json_text(json), kinds[i])) {
            draft->resource->id = (enum id_type)i; /* objectid when none is given */
            return;
        }
    report(draft->reading, place, "must be objectid, string, integer or uuid");
}

/* --- The schema, and what names its fields --- */

static size_t count_paths(const struct field *field)
{
    size_t count = 0;

    field = field_scalar(field);
    for (size_t i = 0; i < field->field_count; i++)
        count += 1 + count_paths(&field->fields[i]);
    return count;
}

static size_t list_paths(const struct field *field, struct str *paths_)
{
    size_t count = 0;

    field = field_scalar(field);
    for (size_t i = 0; i < field->field_count; i++) {
        paths_[count++] = field->fields[i].path;
        count += list_paths(&field->fields[i], paths_ + count);
    }
    return count;
}

static void read_schema(struct draft *draft, const struct place *place, const json_t *json)
{
    static const struct field none = {.type = FIELD_OBJECT};
    struct resource *resource = draft->resource;
    size_t errors = draft->reading->errors;
    struct str *all;

    resource->document = &none;
    if (json == NULL) {
        report(draft->reading, place, "is required");
    } else {
        draft->reading->kept = &resource->kept;
        resource->document = node_document(draft->reading, place, json);
    }
    if (resource->document == NULL)
        resource->document = &none;
    draft->unread = resource->document == &none;
    draft->broken = draft->reading->errors > errors;
    all = arena_alloc(draft->reading->arena, (count_paths(resource->document) + 1) * sizeof *all);
    all[0] = STR("_id");
    resource->field_count = 1 + list_paths(resource->document, all + 1);
    resource->fields = all;
}

static void read_search(struct draft *draft, const struct place *place, const json_t *json)
{
    struct reading *reading = draft->reading;
    size_t count = json_array_size(json);

    if (json == NULL)
        return;
    if (!json_is_array(json) || count > FIELDS_MAX) {
        report(reading, place, "must be an array of fields");
        return;
    }
    draft->search = arena_alloc(reading->arena, (count + 1) * sizeof *draft->search);
    for (size_t i = 0; i < count; i++) {
        struct place at = place_item(reading, place, i);
        struct draft_path found;
        struct str path;
        const struct field *field =
            draft_take_path(draft, &at, json_array_get(json, i), &found, &path);
        if (field == NULL)
            continue;
        field = field_scalar(field);
        if (field->type != FIELD_STRING && field->type != FIELD_CHOICE && !draft->broken)
            report(reading, &at, "\"%.*s\" is no string", SHOW(path));
        else if (is_among(path, draft->search, draft->search_count))
            report(reading, &at, "is there already");
        else
            draft->search[draft->search_count++] = path;
    }
    draft->resource->searchable = draft->search_count > 0;
}

/* --- Sorts --- */

/* Newest first; where no time of creation is kept, by _id. */
static void default_sorts(struct draft *draft)
{
    struct arena *arena = draft->reading->arena;
    struct str created = draft->resource->kept.created;

    draft->sorts = arena_alloc(arena, sizeof *draft->sorts);
    draft->sorts[0] = ARENA_JOIN(arena, STR("-"), created.len > 0 ? created : STR("_id"));
    draft->sort_count = 1;
}

static bool read_sort(struct draft *draft, const struct place *place, const json_t *json,
                      struct str *sort)
{
    struct draft_path found;
    struct str path;

    if (!take_text(draft->reading, place, json, sort))
        return false;
    path = str_from_offset(*sort, str_starts(*sort, STR("-")));
    if (draft_name_path(draft, place, path, &found) == NULL)
        return false;
    if (!draft->broken && (found.through_array || !draft_is_scalar(found.field)))
        report(draft->reading, place, "\"%.*s\" is no single value", SHOW(path));
    else if (is_among(*sort, draft->sorts, draft->sort_count))
        report(draft->reading, place, "is there already");
    else
        return true;
    return false;
}

static void read_sorts(struct draft *draft, const struct place *place, const json_t *json)
{
    size_t count = json_array_size(json);

    if (json != NULL && (!json_is_array(json) || count == 0 || count > QUERY_CHOICES_MAX)) {
        report(draft->reading, place, "must be an array of 1 to %d sorts, such as \"-%s\"",
               QUERY_CHOICES_MAX, "createdAt");
    } else if (json != NULL) {
        draft->sorts = arena_alloc(draft->reading->arena, count * sizeof *draft->sorts);
        for (size_t i = 0; i < count; i++) {
            struct place at = place_item(draft->reading, place, i);
            draft->sort_count +=
                read_sort(draft, &at, json_array_get(json, i), &draft->sorts[draft->sort_count]);
        }
    }
    if (draft->sort_count == 0)
        default_sorts(draft);
}

/* --- The file --- */

static void read_editors_schema(struct draft *draft, const struct place *place, const json_t *json)
{
    struct str text;

    if (json != NULL)
        (void)take_text(draft->reading, place, json, &text);
}

/* In the order in which they are read: what others lean on comes first. */
static const struct key {
    struct str name;
    void (*read)(struct draft *, const struct place *, const json_t *); /* NULL: not given */
} keys[] = {
    {STR_INIT("$schema"), read_editors_schema},
    {STR_INIT("name"), read_name},
    {STR_INIT("singular"), read_singular},
    {STR_INIT("description"), read_description},
    {STR_INIT("collection"), read_collection},
    {STR_INIT("id"), read_id},
    {STR_INIT("fields"), options_kept},
    {STR_INIT("schema"), read_schema},
    {STR_INIT("search"), read_search},
    {STR_INIT("sorts"), read_sorts},
    {STR_INIT("page"), options_page},
    {STR_INIT("filters"), params_read},
    {STR_INIT("lists"), lists_read},
    {STR_INIT("cache"), options_cache},
    {STR_INIT("follow"), options_follow},
    {STR_INIT("access"), options_access},
    {STR_INIT("indexes"), index_specs_read},
    {STR_INIT("views"), options_views},
};

static void refuse_unknown(struct draft *draft, const json_t *json)
{
    struct str known[COUNT(keys)];
    const char *name;
    json_t *value;

    for (size_t i = 0; i < COUNT(keys); i++)
        known[i] = keys[i].name;
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        struct place at = {draft->top, str_from(name)};
        if (!is_among(at.key, known, COUNT(known)))
            report_unknown(draft->reading, &at, "key", known, COUNT(known));
    }
}

void file_read(struct reading *reading, const json_t *json, struct resource *resource)
{
    const struct place top = {.up = NULL};
    struct draft draft = {.reading = reading, .top = &top, .resource = resource};

    if (!json_is_object(json)) {
        report(reading, &top, "must be a JSON object");
        return;
    }
    refuse_unknown(&draft, json);
    for (size_t i = 0; i < COUNT(keys); i++) {
        struct place at = {&top, keys[i].name};
        keys[i].read(&draft, &at, json_object_getn(json, keys[i].name.ptr, keys[i].name.len));
    }
    params_derive(&draft);
    digest_make(&draft);
}
