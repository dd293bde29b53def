/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/file.h"

#include "base/idiom.h"
#include "schema/params.h"

enum { PAGE_MAX = 1000, SECONDS_MAX = 31536000, FOLLOW_MS_MAX = 3600000 };

static bool refuse_unknown(struct draft *draft, const struct place *place, const json_t *json,
                           const struct str *known, size_t count)
{
    const char *name;
    json_t *value;

    if (!take_object(draft->reading, place, json))
        return false;
    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        struct place at = {place, str_from(name)};
        size_t i = 0;
        while (i < count && !str_eq(known[i], at.key))
            i++;
        if (i == count)
            report_unknown(draft->reading, &at, "key", known, count);
    }
    return true;
}

/* --- page --- */

void options_page(struct draft *draft, const struct place *place, const json_t *json)
{
    static const struct str known[] = {STR_INIT("max"), STR_INIT("default")};
    int64_t *const to[] = {&draft->page_max, &draft->page_default};

    draft->page_default = 20;
    draft->page_max = 100;
    if (json == NULL || !refuse_unknown(draft, place, json, known, COUNT(known)))
        return;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct place at = {place, known[i]};
        const json_t *value = json_object_getn(json, known[i].ptr, known[i].len);
        if (value != NULL)
            (void)take_integer(draft->reading, &at, value, 1, PAGE_MAX, to[i]);
    }
    if (draft->page_default <= draft->page_max)
        return;
    if (json_object_get(json, "default") != NULL)
        report_key(draft->reading, place, STR("default"), "must not be more than max");
    else
        draft->page_default = draft->page_max;
}

/* --- cache --- */

static void read_partition(struct draft *draft, const struct place *place, const json_t *json)
{
    struct resource *resource = draft->resource;
    struct draft_path found;
    struct str path;
    const struct field *field = draft_take_path(draft, place, json, &found, &path);

    if (field == NULL)
        return;
    if ((!draft->broken && !draft_is_scalar(field_scalar(field))) || found.through_objects ||
        str_eq(path, STR("_id"))) {
        report(draft->reading, place, "\"%.*s\" is no single value and no list of them",
               SHOW(path));
        return;
    }
    resource->partition = path;
    for (size_t i = 0; i < resource->param_count; i++)
        if (resource->params[i].op == PARAM_EQ && str_eq(resource->params[i].field, path)) {
            resource->partition_param = i;
            return;
        }
}

void options_cache(struct draft *draft, const struct place *place, const json_t *json)
{
    static const struct str known[] = {STR_INIT("item"), STR_INIT("list"), STR_INIT("others"),
                                       STR_INIT("partition")};
    struct resource *resource = draft->resource;
    int64_t seconds[] = {600, 300, 0};

    resource->partition_param = resource->param_count;
    if (json != NULL && refuse_unknown(draft, place, json, known, COUNT(known)))
        for (size_t i = 0; i < COUNT(known); i++) {
            struct place at = {place, known[i]};
            const json_t *value = json_object_getn(json, known[i].ptr, known[i].len);
            if (value != NULL && i < COUNT(seconds))
                (void)take_integer(draft->reading, &at, value, i == 2, SECONDS_MAX, &seconds[i]);
            else if (value != NULL)
                read_partition(draft, &at, value);
        }
    resource->item_ttl_ms = seconds[0] * 1000;
    resource->list_ttl_ms = seconds[1] * 1000;
    resource->others_ms = seconds[2] * 1000;
}

/* --- follow --- */

static void read_follow_field(struct draft *draft, const struct place *place, const json_t *json)
{
    struct draft_path found;
    struct str path;
    const struct field *field = draft_take_path(draft, place, json, &found, &path);

    if (field == NULL)
        return;
    if (!draft->broken && (found.through_array || field->type != FIELD_TIME))
        report(draft->reading, place, "\"%.*s\" is no date-time", SHOW(path));
    else
        draft->resource->follow.field = path;
}

void options_follow(struct draft *draft, const struct place *place, const json_t *json)
{
    static const struct str known[] = {STR_INIT("every"), STR_INIT("overlap"), STR_INIT("field")};
    static const int64_t least[] = {100, 0};
    struct resource *resource = draft->resource;
    int64_t *const to[] = {&resource->follow.every_ms, &resource->follow.overlap_ms};

    resource->follow.every_ms = 1000;
    resource->follow.overlap_ms = 5000;
    if (json == NULL || !refuse_unknown(draft, place, json, known, COUNT(known)))
        return;
    if (json_object_get(json, "field") == NULL)
        report_key(draft->reading, place, STR("field"), "is required");
    for (size_t i = 0; i < COUNT(known); i++) {
        struct place at = {place, known[i]};
        const json_t *value = json_object_getn(json, known[i].ptr, known[i].len);
        if (value != NULL && i < COUNT(to))
            (void)take_integer(draft->reading, &at, value, least[i], FOLLOW_MS_MAX, to[i]);
        else if (value != NULL)
            read_follow_field(draft, &at, value);
    }
}

/* --- access --- */

static bool take_access(struct draft *draft, const struct place *place, const json_t *json,
                        enum access *access)
{
    static const struct str names[] = {[ACCESS_ANYONE] = STR_INIT("anyone"),
                                       [ACCESS_READER] = STR_INIT("reader"),
                                       [ACCESS_EDITOR] = STR_INIT("editor"),
                                       [ACCESS_ADMIN] = STR_INIT("admin"),
                                       [ACCESS_OWNER] = STR_INIT("owner")};

    if (json == NULL)
        return false;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq(json_text(json), names[i])) {
            *access = (enum access)i;
            if (*access == ACCESS_OWNER && draft->resource->kept.owner.len == 0)
                report(draft->reading, place,
                       "cannot be owner: \"fields\" says that no owner is kept");
            return true;
        }
    report(draft->reading, place, "must be anyone, reader, editor, admin or owner");
    return false;
}

void options_access(struct draft *draft, const struct place *place, const json_t *json)
{
    static const struct str known[] = {STR_INIT("read"), STR_INIT("create"), STR_INIT("update"),
                                       STR_INIT("delete"), STR_INIT("write")};
    struct resource *resource = draft->resource;
    enum access *const to[] = {&resource->read, &resource->create, &resource->update,
                               &resource->remove};
    enum access write = ACCESS_EDITOR;
    struct place at = {place, STR("write")};

    resource->read = ACCESS_ANYONE;
    if (json != NULL && !refuse_unknown(draft, place, json, known, COUNT(known)))
        json = NULL;
    (void)take_access(draft, &at, json_object_get(json, "write"), &write);
    resource->create = resource->update = resource->remove = write;
    for (size_t i = 0; i < COUNT(to); i++) {
        at.key = known[i];
        (void)take_access(draft, &at, json_object_getn(json, known[i].ptr, known[i].len), to[i]);
    }
}

/* --- fields --- */

static void take_kept(struct draft *draft, const struct place *place, const json_t *json,
                      struct str *name)
{
    struct str text;

    if (json_is_null(json)) {
        *name = STR("");
        return;
    }
    if (!json_is_string(json)) {
        report(draft->reading, place, "must be a name, or null: not kept");
        return;
    }
    text = json_text(json);
    if (text.len == 0 || text.ptr[0] == '$' || text.ptr[0] == '-' ||
        str_find(text, '.') < text.len || str_find(text, ',') < text.len ||
        str_eq(text, STR("_id")))
        report(draft->reading, place,
               "must be the name of a field other than _id, without dot and comma, that does not "
               "begin with $ or -");
    else
        *name = text;
}

void options_kept(struct draft *draft, const struct place *place, const json_t *json)
{
    static const struct str known[] = {STR_INIT("version"), STR_INIT("createdAt"),
                                       STR_INIT("updatedAt"), STR_INIT("owner")};
    struct kept_fields *kept = &draft->resource->kept;
    struct str *const to[] = {&kept->version, &kept->created, &kept->updated, &kept->owner};

    *kept =
        (struct kept_fields){STR("version"), STR("createdAt"), STR("updatedAt"), STR("ownerId")};
    if (json == NULL || !refuse_unknown(draft, place, json, known, COUNT(known)))
        return;
    for (size_t i = 0; i < COUNT(known); i++) {
        struct place at = {place, known[i]};
        const json_t *value = json_object_getn(json, known[i].ptr, known[i].len);
        if (value != NULL)
            take_kept(draft, &at, value, to[i]);
    }
    for (size_t i = 0; i < COUNT(to); i++)
        for (size_t k = 0; k < i; k++)
            if (to[i]->len > 0 && str_eq(*to[i], *to[k])) {
                report_key(draft->reading, place, known[i], "has the name of another one");
                *to[i] = STR("");
            }
}

/* --- views --- */

void options_views(struct draft *draft, const struct place *place, const json_t *json)
{
    if (json != NULL)
        (void)take_bool(draft->reading, place, json, &draft->resource->views);
}
