/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "app/people/session.h"
#include "app/people/users.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "follow/follower.h"

/* By the change stream of the database. */

enum { TOKEN_MAX = 64 << 10, PEOPLE = 2, KEPT = 4, PATH_FIELDS = 4 };

static const struct str stream_position = STR_INIT("streams");

struct stream {
    struct follow *follow;
    struct mongo_db *db;
    struct changes *changes;
    struct arena arena;   /* of the names below */
    struct arena scratch; /* of one change */
    struct changes_config config;
    struct buf token; /* to be kept as soon as all before it has been moved */
    struct buf kept;  /* the one that is */
    int64_t moves;    /* added before the token */
    int64_t kept_ms;  /* monotonic */
    int64_t kept_moves;
};

/* --- What is asked for --- */

static void stream_add(struct str *list, size_t *count, struct str field)
{
    for (size_t i = 0; i < *count; i++)
        if (str_eq(list[i], field))
            return;
    if (field.len > 0)
        list[(*count)++] = field;
}

/* No field twice, and none inside another: MongoDB refuses such a projection. */
static bool stream_is_inside(struct str path, struct str other)
{
    return path.len > other.len && str_starts(path, other) && path.ptr[other.len] == '.';
}

static size_t stream_outermost(struct str *list, size_t count)
{
    size_t left = 0;

    for (size_t i = 0; i < count; i++) {
        bool inside = false;
        for (size_t j = 0; j < count; j++)
            inside = inside || stream_is_inside(list[i], list[j]);
        if (!inside)
            list[left++] = list[i];
    }
    return left;
}

static void stream_configure(struct stream *stream)
{
    const struct follow *follow = stream->follow;
    size_t most = follow->plan_count;
    struct str *collections = arena_alloc(&stream->arena, (most + PEOPLE) * sizeof *collections);
    struct str *fields = arena_alloc(&stream->arena, (KEPT * most + 1) * sizeof *fields);
    struct str *updated = arena_alloc(&stream->arena, (KEPT * most + 1) * sizeof *updated);
    struct changes_config *config = &stream->config;

    collections[config->collection_count++] = users.collection;
    collections[config->collection_count++] = sessions.collection;
    for (size_t i = 0; i < most; i++) {
        const struct resource *resource = follow->plans[i].resource;
        collections[config->collection_count++] = resource->collection;
        stream_add(fields, &config->field_count, resource->partition);
        stream_add(fields, &config->field_count, resource->kept.owner);
        stream_add(fields, &config->field_count, resource->kept.version);
        stream_add(fields, &config->field_count, resource->kept.updated);
        stream_add(updated, &config->updated_count, resource->kept.version);
        stream_add(updated, &config->updated_count, resource->kept.updated);
    }
    config->field_count = stream_outermost(fields, config->field_count);
    config->updated_count = stream_outermost(updated, config->updated_count);
    config->collections = collections;
    config->fields = fields;
    config->updated = updated;
}

/* --- One change --- */

static size_t stream_lane(const struct follow *follow, struct str collection)
{
    size_t lane = 0;

    while (lane < follow->plan_count &&
           !str_eq(follow->plans[lane].resource->collection, collection))
        lane++;
    return lane;
}

static void stream_drop(struct follow *follow, struct str collection)
{
    size_t lane = stream_lane(follow, collection);

    if (lane == follow->plan_count)
        return;
    follow_count(follow, lane, KIND_DROP);
    moves_all(follow->moves, lane);
}

static void stream_take(void *context, const struct change *change)
{
    struct stream *stream = context;
    struct follow *follow = stream->follow;
    size_t lane = stream_lane(follow, change->collection);
    struct moves_change tags;
    bool any;

    if (change->kind >= CHANGE_DROP) {
        stream_drop(follow, change->collection);
        stream_drop(follow, change->target);
        if (change->kind == CHANGE_INVALIDATE)
            follow_reset(follow);
        return;
    }
    arena_reset(&stream->scratch);
    any = lane < follow->plan_count
              ? tags_of_change(&follow->plans[lane], change, &stream->scratch, &tags)
              : tags_of_people(change, &stream->scratch, &tags);
    if (!any)
        return;
    if (lane < follow->plan_count)
        follow_count(follow, lane, tags_kind(change->kind));
    follow_move(follow, lane, &tags);
}

/* --- Positions --- */

/* A token is kept when all that was added before it has been moved, and no sooner. */
static void stream_keep(struct stream *stream)
{
    struct follow *follow = stream->follow;
    int64_t now_ms = clock_mono_ms();
    bool busy = stream->moves != stream->kept_moves;

    if (stream->token.len > 0 && moves_moved(follow->moves) >= stream->moves &&
        now_ms - stream->kept_ms >= (busy ? FOLLOW_SAVE_MS : FOLLOW_IDLE_MS) &&
        !str_eq(buf_view(&stream->token), buf_view(&stream->kept)) &&
        position_save(stream->db, stream_position, buf_view(&stream->token), 0) == ERR_OK) {
        buf_reset(&stream->kept);
        buf_str(&stream->kept, buf_view(&stream->token));
        stream->kept_ms = now_ms;
        stream->kept_moves = stream->moves;
        stream->moves = INT64_MAX;
    }
    if (stream->moves != INT64_MAX && stream->token.len > 0 &&
        moves_moved(follow->moves) < stream->moves)
        return;
    buf_reset(&stream->token);
    buf_str(&stream->token, changes_token(stream->changes));
    stream->moves = moves_added(follow->moves);
}

/* --- Opening --- */

/* Where the position is lost, or there never was one, all is moved, once the stream is open. */
static enum err stream_open(struct stream *stream, const char **why)
{
    struct follow *follow = stream->follow;
    enum err err = position_load(stream->db, stream_position, &stream->kept, NULL);

    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return ERR_UNAVAILABLE;
    if (follow->lost)
        buf_reset(&stream->kept);
    stream->config.token = buf_view(&stream->kept);
    err = changes_open(stream->db, &stream->config, &stream->changes, why);
    if (err == ERR_STALE && stream->kept.len > 0) {
        log_warn("follow", "the server has lost the position: all that is stored is void",
                 LOG_CSTR("why", *why));
        buf_reset(&stream->kept);
        follow->lost = true;
        stream->config.token = STR("");
        err = changes_open(stream->db, &stream->config, &stream->changes, why);
    }
    if (err == ERR_OK && stream->kept.len == 0)
        follow_reset(follow);
    if (err == ERR_OK && follow->lost)
        atomic_fetch_add(&follow->resets, 1);
    if (err == ERR_OK)
        follow->lost = false;
    return err;
}

static void stream_say_images(struct stream *stream)
{
    const struct follow *follow = stream->follow;

    for (size_t i = 0; i < follow->plan_count; i++) {
        const struct resource *resource = follow->plans[i].resource;
        bool kept = true;
        char command[400];
        if (changes_images(stream->db, resource->collection, &kept) != ERR_OK || kept)
            continue;
        snprintf(command, sizeof command, CHANGES_IMAGES_COMMAND, (int)resource->collection.len,
                 resource->collection.ptr);
        log_info("follow",
                 "updates and deletes of others concern the lists of all partitions: the server "
                 "keeps no documents of before",
                 LOG_STR("resource", resource->name), LOG_CSTR("command", command));
    }
}

static enum err stream_follow(struct stream *stream, const char **why)
{
    struct follow *follow = stream->follow;
    enum err err = ERR_OK;
    size_t count;

    /* The first answer is older than the clock. */
    for (bool first = true; err == ERR_OK && !follow_is_over(follow); first = false) {
        int64_t redis_ms = follow_clock(follow);
        err = changes_wait(stream->changes, FOLLOW_WAIT_MS, stream_take, stream, &count, why);
        if (err != ERR_OK)
            break;
        if (count < CHANGES_BATCH && !first)
            follow_seen(follow, redis_ms);
        stream_keep(stream);
    }
    if (err == ERR_STALE)
        follow->lost = true;
    return err;
}

enum err stream_run(struct follow *follow, struct mongo_db *db, const char **why)
{
    struct stream stream = {
        .follow = follow, .db = db, .moves = INT64_MAX, .kept_moves = INT64_MIN};
    enum err err;

    buf_init(&stream.token, TOKEN_MAX);
    buf_init(&stream.kept, TOKEN_MAX);
    arena_init(&stream.arena, NULL, 0);
    arena_init(&stream.scratch, NULL, 0);
    stream_configure(&stream);
    err = stream_open(&stream, why);
    if (err == ERR_OK) {
        follow_goes(follow, WAY_STREAMS);
        stream_say_images(&stream);
        err = stream_follow(&stream, why);
    }
    changes_close(stream.changes);
    buf_free(&stream.token);
    buf_free(&stream.kept);
    arena_reset(&stream.arena);
    arena_reset(&stream.scratch);
    return err;
}
