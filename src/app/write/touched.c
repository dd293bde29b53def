/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/touched.h"

#include "app/people/users.h"

/* Beyond so many items the tag that all of them have is moved. */
enum { ITEMS_MAX = 200, OWNERS_MAX = 100 };
_Static_assert(3 + ITEMS_MAX + OWNERS_MAX <= CACHE_WRITE_TAGS_MAX, "collection, partitions, items");

struct touching {
    struct touched *touched;
    size_t found, owners;
};

static void touching_tag(struct touched *touched, struct str tag)
{
    for (size_t i = 0; i < touched->tag_count; i++)
        if (str_eq(touched->tags[i], tag))
            return;
    touched->tags[touched->tag_count++] = tag;
}

static void touching_item(struct touched *touched, struct str id)
{
    touching_tag(touched, plan_item_tag(touched->plan, id, touched->arena));
}

/* What belongs to more people than there is room for has the tag of all partitions, too. */
static void touching_owner(struct touching *touching, const struct value *owner)
{
    struct touched *touched = touching->touched;

    if (owner->type == VALUE_OID && touching->owners++ < OWNERS_MAX)
        touching_tag(touched,
                     owner_tag(&owner->oid, arena_alloc(touched->arena, PROFILE_NAME_MAX)));
}

static bool touching_take(void *context, const struct value *captured)
{
    struct touching *touching = context;
    struct touched *touched = touching->touched;
    char room[ID_TEXT_MAX];
    struct str id = id_text(touched->plan->resource->id, &captured[0], room);

    if (++touching->found > ITEMS_MAX && touched->ids == NULL)
        return false;
    if (id.len > 0 && touched->ids == NULL)
        touching_item(touched, id);
    if (touched->plan->resource->kept.owner.len > 0)
        touching_owner(touching, &captured[1]);
    return true;
}

static enum err touching_find(struct mongo_db *db, struct touching *touching)
{
    const struct touched *touched = touching->touched;
    const struct resource *resource = touched->plan->resource;
    const struct shape_field fields[] = {
        {.name = STR("_id"), .capture = true},
        {.name = resource->kept.owner, .capture = true},
    };
    const struct shape shape = {.fields = fields, .count = resource->kept.owner.len > 0 ? 2 : 1};
    const struct find find = {.collection = resource->collection,
                              .conditions = touched->conditions,
                              .condition_count = touched->condition_count,
                              .limit = touched->ids != NULL ? TOUCHED_IDS_MAX : ITEMS_MAX + 1,
                              .shape = &shape};

    return collection_each(db, &find, touching_take, touching);
}

static enum err touching_ids(struct mongo_db *db, struct touching *touching)
{
    struct touched *touched = touching->touched;
    struct value *values = arena_alloc(touched->arena, touched->id_count * sizeof *values);
    const struct condition condition = {STR("_id"), OP_IN, value_list(values, touched->id_count)};

    touched->count = (int64_t)touched->id_count;
    for (size_t i = 0; i < touched->id_count; i++) {
        values[i] = id_value(touched->plan->resource->id, touched->ids[i]);
        if (touched->id_count <= ITEMS_MAX)
            touching_item(touched, touched->ids[i]);
    }
    if (touched->id_count > ITEMS_MAX)
        touching_tag(touched, touched->plan->all_items);
    touched->conditions = &condition;
    touched->condition_count = 1;
    return touched->plan->resource->kept.owner.len > 0 ? touching_find(db, touching) : ERR_OK;
}

static enum err touching_count(struct mongo_db *db, struct touched *touched)
{
    touching_tag(touched, touched->plan->all_items);
    return collection_count(db, touched->plan->resource->collection, touched->conditions,
                            touched->condition_count, 0, &touched->count);
}

enum err touched_look(struct mongo_db *db, struct touched *touched)
{
    struct touching touching = {touched, 0, 0};
    enum err err;

    touched->tag_count = 0;
    touching_tag(touched, touched->plan->resource->name);
    touching_tag(touched, plan_all_partitions(touched->plan, touched->arena));
    if (touched->all)
        return touching_count(db, touched);
    if (touched->ids != NULL)
        return touching_ids(db, &touching);
    err = touching_find(db, &touching);
    if (err != ERR_OK || touching.found > ITEMS_MAX)
        return err != ERR_OK ? err : touching_count(db, touched);
    touched->count = (int64_t)touching.found;
    return ERR_OK;
}
