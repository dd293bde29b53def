/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "cache/neighbours.h"

/* Two workers, "a" that looks and "b", each 16 letters. */

static const int64_t now_ms = 1000000;

struct scene {
    struct member_document self;
    struct installation_members in_mongo;
    struct neighbours in_redis;
    struct buf reason;
};

static void set_id(char id[static MEMBER_ID_SIZE], char letter)
{
    memset(id, letter, MEMBER_ID_SIZE);
}

static void put_mongo(struct scene *scene, char letter, int64_t age_ms, bool connected)
{
    struct member_document *member = &scene->in_mongo.list[scene->in_mongo.count++];

    set_id(member->id, letter);
    snprintf(member->host, sizeof member->host, "host-%c", letter);
    snprintf(member->redis, sizeof member->redis, "redis-%c", letter);
    snprintf(member->prefix, sizeof member->prefix, "larder");
    member->beat_ms = now_ms - age_ms;
    member->connected = connected;
}

static void put_redis(struct scene *scene, char letter, int64_t age_ms)
{
    struct neighbour *neighbour = &scene->in_redis.list[scene->in_redis.count++];

    set_id(neighbour->id, letter);
    neighbour->age_ms = age_ms;
    snprintf(neighbour->text, sizeof neighbour->text, "host-%c serves mongo-%c", letter, letter);
}

static struct scene *scene_new(void)
{
    struct scene *scene = calloc(1, sizeof *scene);

    put_mongo(scene, 'a', 0, true);
    put_redis(scene, 'a', 0);
    scene->self = scene->in_mongo.list[0];
    buf_init(&scene->reason, 4096);
    return scene;
}

static bool says(struct scene *scene, const char *text)
{
    const struct seen_from seen = {&scene->self, "mongo-a", &scene->in_mongo, &scene->in_redis};
    bool found;

    buf_reset(&scene->reason);
    neighbours_compare(&seen, &scene->reason);
    buf_char(&scene->reason, '\0');
    found = text[0] == '\0' ? scene->reason.len == 1 : strstr(scene->reason.ptr, text) != NULL;
    buf_free(&scene->reason);
    free(scene);
    return found;
}

static void all_in_both_are_at_one(void **state)
{
    struct scene *scene = scene_new();

    (void)state;
    put_mongo(scene, 'b', 2000, true);
    put_redis(scene, 'b', 1000);
    assert_true(says(scene, ""));
}

static void who_is_slow_in_one_is_at_one(void **state)
{
    struct scene *scene = scene_new();

    (void)state;
    put_mongo(scene, 'b', 2000, true);
    put_redis(scene, 'b', 14000);
    put_mongo(scene, 'c', 14000, true);
    put_redis(scene, 'c', 1000);
    assert_true(says(scene, ""));
}

static void another_cache_is_named(void **state)
{
    struct scene *scene = scene_new();

    (void)state;
    put_mongo(scene, 'b', 2000, true);
    assert_true(says(scene, "host-b uses Redis redis-b"));
}

static void who_is_dead_or_has_no_redis_is_no_other_cache(void **state)
{
    struct scene *scene = scene_new();

    (void)state;
    put_mongo(scene, 'b', 6000, true);
    put_mongo(scene, 'c', 100, false);
    assert_true(says(scene, ""));
}

static void another_database_is_named(void **state)
{
    struct scene *scene = scene_new();

    (void)state;
    put_redis(scene, 'b', 1000);
    assert_true(says(scene, "host-b serves mongo-b; the one here on host-a serves mongo-a"));
}

static void who_is_silent_in_redis_is_no_other_database(void **state)
{
    struct scene *scene = scene_new();

    (void)state;
    put_redis(scene, 'b', 4000);
    assert_true(says(scene, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_in_both_are_at_one),
        cmocka_unit_test(who_is_slow_in_one_is_at_one),
        cmocka_unit_test(another_cache_is_named),
        cmocka_unit_test(who_is_dead_or_has_no_redis_is_no_other_cache),
        cmocka_unit_test(another_database_is_named),
        cmocka_unit_test(who_is_silent_in_redis_is_no_other_database),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
