/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/activity.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "base/mem.h"

enum { KEY_MAX = 96 };

struct str activity_key(struct str prefix, const struct oid *id, struct buf *room)
{
    char hex[OID_HEX_SIZE];

    oid_text(id, hex);
    *room = BUF_INIT(KEY_MAX);
    buf_str(room, prefix);
    buf_literal(room, ":user:");
    buf_append(room, hex, sizeof hex);
    buf_literal(room, ":activity");
    return buf_view(room);
}

static struct str key_of(const struct app *app, const struct oid *id, struct buf *room)
{
    return activity_key(app->config.prefix, id, room);
}

/* --- Counting --- */

struct counting {
    struct app *app;
    struct oid id;
    int64_t truth;
};

static void counted(void *context, enum err err, const struct redis_value *reply)
{
    struct counting *counting = context;
    char room[DECIMAL_MAX];
    struct buf key;

    if (err == ERR_OK && redis_int(reply) < counting->truth) {
        redis_command(counting->app->redis, 4,
                      (const struct str[]){STR("HSET"), key_of(counting->app, &counting->id, &key),
                                           STR("loginCount"),
                                           str_decimal((uint64_t)counting->truth, room)},
                      redis_ignore, NULL);
        buf_free(&key);
    }
    free(counting);
}

void activity_count(struct app *app, const struct profile *profile, int64_t until_ms)
{
    struct counting *counting;
    char room[DECIMAL_MAX];
    struct buf text;
    struct str key;

    if (!redis_ready(app->redis))
        return;
    counting = mem_alloc(sizeof *counting);
    *counting = (struct counting){app, profile->id, profile->login_count};
    key = key_of(app, &profile->id, &text);
    redis_command(app->redis, 4,
                  (const struct str[]){STR("HINCRBY"), key, STR("loginCount"), STR("1")}, counted,
                  counting);
    redis_command(app->redis, 4,
                  (const struct str[]){STR("HSET"), key, STR("lastLoginAt"),
                                       str_decimal((uint64_t)profile->last_login_ms, room)},
                  redis_ignore, NULL);
    redis_command(
        app->redis, 3,
        (const struct str[]){STR("EXPIREAT"), key, str_decimal((uint64_t)until_ms / 1000, room)},
        redis_ignore, NULL);
    buf_free(&text);
}

/* --- Reading --- */

static void activity_take(struct str name, struct str value, struct profile *profile)
{
    int64_t *to = str_eq(name, STR("loginCount"))    ? &profile->login_count
                  : str_eq(name, STR("lastLoginAt")) ? &profile->last_login_ms
                                                     : NULL;
    int64_t told;

    if (to != NULL && str_int(value, 0, INT64_MAX, &told) == ERR_OK && told > *to)
        *to = told;
}

static void on_read(void *context, enum err err, const struct redis_value *reply)
{
    struct activity *activity = context;

    for (size_t i = 0; err == ERR_OK && i + 1 < redis_count(reply); i += 2)
        activity_take(redis_str(redis_item(reply, i)), redis_str(redis_item(reply, i + 1)),
                      activity->profile);
    activity->done(activity);
}

void activity_read(struct app *app, struct activity *activity)
{
    struct buf key;

    if (!redis_ready(app->redis)) {
        activity->done(activity);
        return;
    }
    redis_command(app->redis, 2,
                  (const struct str[]){STR("HGETALL"), key_of(app, &activity->profile->id, &key)},
                  on_read, activity);
    buf_free(&key);
}
