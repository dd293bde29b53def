/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/neighbours.h"

#include <stdio.h>
#include <string.h>

enum {
    LIVES_REDIS_MS = 3000, /* a heartbeat so recent is of a worker that runs */
    LIVES_MONGO_MS = 5000,
    KNOWN_MS = 15000 /* one so young has been sent, however slow the server is */
};

void neighbours_take(struct neighbours *neighbours, const struct redis_value *reply)
{
    neighbours->count = 0;
    for (size_t i = 0; i < redis_count(reply) && neighbours->count < MEMBERS_MAX; i++) {
        const struct redis_value *item = redis_item(reply, i);
        struct str id = redis_str(redis_item(item, 0)), text = redis_str(redis_item(item, 2));
        struct neighbour *neighbour = &neighbours->list[neighbours->count];

        if (id.len != MEMBER_ID_SIZE)
            continue;
        memcpy(neighbour->id, id.ptr, MEMBER_ID_SIZE);
        neighbour->age_ms = redis_int(redis_item(item, 1));
        snprintf(neighbour->text, sizeof neighbour->text, "%.*s", (int)text.len, text.ptr);
        neighbours->count++;
    }
}

int64_t neighbours_now(const struct installation_members *members,
                       const char id[static MEMBER_ID_SIZE])
{
    for (size_t i = 0; i < members->count; i++)
        if (memcmp(members->list[i].id, id, MEMBER_ID_SIZE) == 0)
            return members->list[i].beat_ms;
    return 0;
}

static bool is_in_redis(const struct seen_from *seen, const char id[static MEMBER_ID_SIZE])
{
    for (size_t i = 0; i < seen->in_redis->count; i++)
        if (memcmp(seen->in_redis->list[i].id, id, MEMBER_ID_SIZE) == 0)
            return seen->in_redis->list[i].age_ms <= KNOWN_MS;
    return false;
}

static bool is_self(const struct seen_from *seen, const char id[static MEMBER_ID_SIZE])
{
    return memcmp(seen->self->id, id, MEMBER_ID_SIZE) == 0;
}

static void name_other_database(const struct seen_from *seen, const char *text, struct buf *reason)
{
    buf_printf(reason,
               "Redis %s with prefix %s belongs to another database: a worker on %s; the one here "
               "on %s serves %s",
               seen->self->redis, seen->self->prefix, text, seen->self->host, seen->mongo);
}

void neighbours_name_others(const struct seen_from *seen, struct buf *reason)
{
    for (size_t i = 0; i < seen->in_redis->count; i++) {
        const struct neighbour *neighbour = &seen->in_redis->list[i];
        if (neighbour->age_ms <= LIVES_MONGO_MS &&
            neighbours_now(seen->in_mongo, neighbour->id) == 0) {
            name_other_database(seen, neighbour->text, reason);
            return;
        }
    }
}

static bool has_other_cache(const struct seen_from *seen, const struct member_document *member,
                            int64_t now_ms)
{
    return !is_self(seen, member->id) && member->connected &&
           now_ms - member->beat_ms <= LIVES_MONGO_MS && !is_in_redis(seen, member->id);
}

static bool has_other_database(const struct seen_from *seen, const struct neighbour *neighbour,
                               int64_t now_ms)
{
    int64_t beat_ms = neighbours_now(seen->in_mongo, neighbour->id);

    return !is_self(seen, neighbour->id) && neighbour->age_ms <= LIVES_REDIS_MS &&
           (beat_ms == 0 || now_ms - beat_ms > KNOWN_MS);
}

void neighbours_compare(const struct seen_from *seen, struct buf *reason)
{
    int64_t now_ms = neighbours_now(seen->in_mongo, seen->self->id);

    for (size_t i = 0; now_ms != 0 && i < seen->in_mongo->count; i++) {
        const struct member_document *member = &seen->in_mongo->list[i];
        if (!has_other_cache(seen, member, now_ms))
            continue;
        buf_printf(reason,
                   "the database %s has another cache: a worker on %s uses Redis %s with prefix "
                   "%s; the one here on %s uses Redis %s with prefix %s",
                   seen->mongo, member->host, member->redis, member->prefix, seen->self->host,
                   seen->self->redis, seen->self->prefix);
        return;
    }
    for (size_t i = 0; now_ms != 0 && i < seen->in_redis->count; i++)
        if (has_other_database(seen, &seen->in_redis->list[i], now_ms)) {
            name_other_database(seen, seen->in_redis->list[i].text, reason);
            return;
        }
}
