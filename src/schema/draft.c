/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/draft.h"

#include "base/idiom.h"

/* Fields that no schema needs to declare. */
static const struct field ids[] = {
    [ID_OBJECTID] = {.name = STR_INIT("_id"), .path = STR_INIT("_id"), .type = FIELD_OBJECTID},
    [ID_STRING] = {.name = STR_INIT("_id"),
                   .path = STR_INIT("_id"),
                   .type = FIELD_STRING,
                   .min_count = 1,
                   .max_count = ID_TEXT_MAX},
    [ID_INTEGER] = {.name = STR_INIT("_id"),
                    .path = STR_INIT("_id"),
                    .type = FIELD_INTEGER,
                    .low = INT64_MIN,
                    .high = INT64_MAX},
    [ID_UUID] = {.name = STR_INIT("_id"), .path = STR_INIT("_id"), .type = FIELD_UUID},
};
static const struct field version = {
    .type = FIELD_INTEGER, .flags = FIELD_SERVER, .low = INT64_MIN, .high = INT64_MAX};
static const struct field moment = {.type = FIELD_TIME, .flags = FIELD_SERVER};
static const struct field person = {.type = FIELD_OBJECTID, .flags = FIELD_SERVER};

static const struct field *find_kept(const struct draft *draft, struct str path)
{
    const struct kept_fields *kept = &draft->resource->kept;

    if (str_eq(path, STR("_id")))
        return &ids[draft->resource->id];
    if (path.len == 0)
        return NULL;
    if (str_eq(path, kept->version))
        return &version;
    if (str_eq(path, kept->created) || str_eq(path, kept->updated))
        return &moment;
    return str_eq(path, kept->owner) ? &person : NULL;
}

struct draft_path draft_find(const struct draft *draft, struct str path)
{
    struct draft_path found = {.field = find_kept(draft, path)};
    struct str name;

    if (found.field != NULL || path.len == 0)
        return found;
    found.field = draft->resource->document;
    while (found.field != NULL && str_split(&path, '.', &name)) {
        found.through_objects = found.through_objects || found.field->type == FIELD_ARRAY;
        found.field = field_scalar(found.field);
        found.field = found.field->type == FIELD_OBJECT ? field_property(found.field, name) : NULL;
        found.through_array =
            found.through_array || (found.field != NULL && found.field->type == FIELD_ARRAY);
    }
    return found;
}

const struct field *draft_name_path(const struct draft *draft, const struct place *place,
                                    struct str path, struct draft_path *found)
{
    *found = draft_find(draft, path);
    if (found->field != NULL && str_find(path, ',') == path.len)
        return found->field;
    if (found->field != NULL)
        report(draft->reading, place, "must not hold a comma");
    else if (!draft->unread)
        report(draft->reading, place, "there is no field \"%.*s\"", SHOW(path));
    return NULL;
}

const struct field *draft_take_path(const struct draft *draft, const struct place *place,
                                    const json_t *json, struct draft_path *found, struct str *path)
{
    if (!take_text(draft->reading, place, json, path))
        return NULL;
    return draft_name_path(draft, place, *path, found);
}
