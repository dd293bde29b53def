/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "base/log.h"
#include "follow/follower.h"

/* Which way each resource goes, and why. */

const char *const way_names[] = {
    [WAY_OFF] = "off", [WAY_STREAMS] = "streams", [WAY_TIMES] = "times"};

static enum follow_way ways_of(const struct resource *resource, enum err said)
{
    if (said == ERR_OK)
        return WAY_STREAMS;
    return resource->follow.field.len > 0 ? WAY_TIMES : WAY_OFF;
}

static const char *ways_why(enum follow_way way, enum err said)
{
    static const struct {
        const char *none, *denied;
    } reasons[] = {
        [WAY_STREAMS] = {"the server has them", "the server has them"},
        [WAY_TIMES] = {"the server gives no change stream, and the file names a time",
                       "the user may not watch the database, and the file names a time"},
        [WAY_OFF] = {"the server gives no change stream, and the file names no time (\"follow\")",
                     "the user may not watch the database, and the file names no time "
                     "(\"follow\")"},
    };

    return said == ERR_DENIED ? reasons[way].denied : reasons[way].none;
}

/* --- As the server is asked --- */

enum err follow_try(struct mongo_db *db, void *context)
{
    struct follow_server *server = context;
    struct arena arena;
    struct changes_config config = {.collection_count = schema_count(server->schema)};
    struct changes *changes = NULL;
    const char *why = "";
    struct str *collections;

    arena_init(&arena, NULL, 0);
    collections = arena_alloc(&arena, (config.collection_count + 1) * sizeof *collections);
    for (size_t i = 0; i < config.collection_count; i++)
        collections[i] = schema_resource(server->schema, i)->collection;
    config.collections = collections;
    server->err = changes_open(db, &config, &changes, &why);
    snprintf(server->why, sizeof server->why, "%s", why);
    changes_close(changes);
    arena_reset(&arena);
    return ERR_OK;
}

bool follow_server_told(const struct follow_server *server)
{
    return server->err == ERR_OK || server->err == ERR_UNSUPPORTED || server->err == ERR_DENIED;
}

static void ways_describe(const struct resource *resource, enum follow_way way, struct buf *out)
{
    switch (way) {
    case WAY_STREAMS: buf_literal(out, "by change streams"); return;
    case WAY_TIMES:
        buf_printf(out, "by times (%.*s, every %lld ms), deletions when an answer's time is over",
                   (int)resource->follow.field.len, resource->follow.field.ptr,
                   (long long)resource->follow.every_ms);
        return;
    case WAY_OFF: break;
    }
    buf_literal(out, "when an answer's time is over, or at a touch");
}

void follow_describe(const struct resource *resource, const struct follow_server *server,
                     struct buf *out)
{
    bool known = follow_server_told(server);
    enum follow_way way = ways_of(resource, known ? server->err : ERR_UNSUPPORTED);

    if (!known)
        buf_literal(out, "by change streams where the server has them; else ");
    ways_describe(resource, way, out);
    if (known)
        buf_printf(out, ": %s", ways_why(way, server->err));
    if (server->err == ERR_DENIED)
        buf_printf(out, " (%s)", server->why);
}

/* --- As the cluster goes --- */

static void ways_log(const struct resource *resource, enum follow_way way, const char *why)
{
    log_info("follow", "other programs", LOG_STR("resource", resource->name),
             LOG_CSTR("way", way_names[way]), LOG_CSTR("why", why));
}

void ways_say_off(const struct follow *follow)
{
    for (size_t i = 0; i < follow->plan_count; i++)
        ways_log(follow->plans[i].resource, WAY_OFF, "LARDER_FOLLOW=off");
}

/* Once, and when it changes. */
void ways_say(struct follow *follow)
{
    struct str way = figures_field(follow, STR("way"));
    enum err said = str_eq(way, STR("streams"))                               ? ERR_OK
                    : str_eq(figures_field(follow, STR("refused")), STR("1")) ? ERR_DENIED
                                                                              : ERR_UNSUPPORTED;

    if (way.len == 0 || (follow->running && atomic_load(&follow->way) < 0) ||
        (follow->said && said == follow->said_err))
        return;
    follow->said = true;
    follow->said_err = said;
    for (size_t i = 0; i < follow->plan_count; i++) {
        enum follow_way goes = ways_of(follow->plans[i].resource, said);
        ways_log(follow->plans[i].resource, goes, ways_why(goes, said));
    }
}
