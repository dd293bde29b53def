/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/session.h"
#include "app/people/users.h"
#include "base/idiom.h"
#include "follow/follower.h"

/* From a change that the database reports to its tags. */

enum { TAGS_OTHERS = 8 }; /* item, collection, all partitions, owners */

const char *const follow_kinds[FOLLOW_KINDS] = {
    [KIND_INSERT] = "insert", [KIND_UPDATE] = "update", [KIND_REPLACE] = "replace",
    [KIND_DELETE] = "delete", [KIND_DROP] = "drop",     [KIND_TIME] = "time",
};

enum follow_kind tags_kind(enum change_kind kind)
{
    switch (kind) {
    case CHANGE_INSERT: return KIND_INSERT;
    case CHANGE_UPDATE: return KIND_UPDATE;
    case CHANGE_REPLACE: return KIND_REPLACE;
    case CHANGE_DELETE: return KIND_DELETE;
    case CHANGE_DROP:
    case CHANGE_RENAME:
    case CHANGE_INVALIDATE:
    case CHANGE_OTHER: break;
    }
    return KIND_DROP;
}

static void tags_add(struct moves_change *tags, struct str tag)
{
    for (size_t i = 0; i < tags->tag_count; i++)
        if (str_eq(tags->tags[i], tag))
            return;
    tags->tags[tags->tag_count++] = tag;
}

/* --- Partitions and owners, as documents were before and are after --- */

struct partitions {
    struct moves_change *tags;
    bool many;
};

static void tags_take_partition(void *context, struct str tag, struct str filter)
{
    struct partitions *partitions = context;

    (void)filter;
    partitions->many =
        partitions->many || partitions->tags->tag_count >= MOVES_CHANGE_TAGS - TAGS_OTHERS;
    if (!partitions->many)
        tags_add(partitions->tags, tag);
}

static void tags_add_owner(const struct value *owner, struct arena *arena,
                           struct moves_change *tags)
{
    if (owner->type == VALUE_OID)
        tags_add(tags, owner_tag(&owner->oid, arena_alloc(arena, PROFILE_NAME_MAX)));
}

static void tags_of_document(const struct plan *plan, struct str document, struct arena *arena,
                             struct moves_change *tags)
{
    struct partitions partitions = {tags, false};
    struct value owner = {.type = VALUE_NONE};

    plan_each_partition(plan, document, arena, tags_take_partition, &partitions);
    if (partitions.many)
        tags_add(tags, plan_all_partitions(plan, arena));
    if (plan->resource->kept.owner.len > 0 &&
        document_value(document, plan->resource->kept.owner, false, &owner) == ERR_OK)
        tags_add_owner(&owner, arena, tags);
}

/* What must be known of the two, by the kind. */
static void tags_of_both(const struct plan *plan, const struct change *change, struct arena *arena,
                         struct moves_change *tags)
{
    static const struct {
        bool before, after;
    } needed[] = {
        [CHANGE_INSERT] = {false, true},
        [CHANGE_UPDATE] = {true, true},
        [CHANGE_REPLACE] = {true, true},
        [CHANGE_DELETE] = {true, false},
    };

    if ((needed[change->kind].before && change->before.len == 0) ||
        (needed[change->kind].after && change->after.len == 0))
        tags_add(tags, plan_all_partitions(plan, arena));
    if (needed[change->kind].before && change->before.len > 0)
        tags_of_document(plan, change->before, arena, tags);
    if (needed[change->kind].after && change->after.len > 0)
        tags_of_document(plan, change->after, arena, tags);
}

/* --- Whether it may be ours --- */

static void tags_take_own(const struct plan *plan, const struct change *change, struct str id,
                          struct arena *arena, struct moves_change *tags)
{
    switch (change->kind) {
    case CHANGE_INSERT:
        tags->own = plan_own(plan, id, change->after, arena);
        tags->clear = plan_own_removal(plan, id, arena);
        if (tags->own.len == 0) /* no mark, but one of a removal is void */
            tags->own = ARENA_JOIN(arena, tags->clear, STR("?"));
        break;
    case CHANGE_UPDATE: tags->own = plan_own(plan, id, change->updated, arena); break;
    case CHANGE_DELETE: tags->own = plan_own_removal(plan, id, arena); break;
    case CHANGE_REPLACE:
    case CHANGE_DROP:
    case CHANGE_RENAME:
    case CHANGE_INVALIDATE:
    case CHANGE_OTHER: break;
    }
}

bool tags_of_change(const struct plan *plan, const struct change *change, struct arena *arena,
                    struct moves_change *tags)
{
    char room[ID_TEXT_MAX];
    struct value key;
    struct str id = STR("");

    *tags = (struct moves_change){.wall_ms = change->wall_ms};
    if (change->kind > CHANGE_DELETE)
        return false;
    if (document_value(change->key, STR("_id"), false, &key) == ERR_OK)
        id = id_text(plan->resource->id, &key, room);
    if (id.len > 0) {
        tags_add(tags, plan_item_tag(plan, id, arena));
        tags_take_own(plan, change, id, arena, tags);
    }
    tags_add(tags, plan->resource->name);
    tags_of_both(plan, change, arena, tags);
    return true;
}

void tags_of_found(const struct plan *plan, const struct found *found, struct arena *arena,
                   struct moves_change *tags)
{
    char room[ID_TEXT_MAX];
    struct str id = id_text(plan->resource->id, &found->id, room);

    *tags = (struct moves_change){.wall_ms = 0};
    if (id.len > 0) {
        tags_add(tags, plan_item_tag(plan, id, arena));
        tags->own = plan_own_mark(plan, id, &found->version, &found->time, arena);
    }
    tags_add(tags, plan->resource->name);
    tags_add(tags, plan_all_partitions(plan, arena));
    tags_add_owner(&found->owner, arena, tags);
}

/* --- People --- */

/* A session in use changes each minute, and no rights depend on that. */
bool tags_of_people(const struct change *change, struct arena *arena, struct moves_change *tags)
{
    struct value key;

    *tags = (struct moves_change){.wall_ms = change->wall_ms};
    if (change->kind > CHANGE_DELETE ||
        document_value(change->key, STR("_id"), false, &key) != ERR_OK)
        return false;
    if (str_eq(change->collection, users.collection) && key.type == VALUE_OID) {
        tags_add(tags, user_tag(&key.oid, arena_alloc(arena, PROFILE_NAME_MAX)));
        return change->kind != CHANGE_INSERT;
    }
    if (str_eq(change->collection, sessions.collection) && key.type == VALUE_STRING &&
        key.string.len == SESSION_HASH_SIZE) {
        struct str text = arena_str(arena, key.string);
        tags_add(tags, session_tag(text.ptr, arena_alloc(arena, SESSION_NAME_MAX)));
        return change->kind == CHANGE_DELETE || change->kind == CHANGE_REPLACE;
    }
    return false;
}
