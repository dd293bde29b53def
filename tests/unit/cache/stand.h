/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_CACHE_STAND_H
#define LARDER_TESTS_CACHE_STAND_H

#include "../redis/redis_server.h"

#include "base/log.h"

/* A Redis of the test's own and a client that is connected to it. */

struct stand {
    struct server server;
    uv_loop_t loop;
    struct redis *redis;
};

static inline void stand_up(struct stand *stand)
{
    log_setup(LOG_OFF, LOG_TEXT);
    server_init(&stand->server);
    server_start(&stand->server, NULL);
    stand->redis = client_start(&stand->server, &stand->loop);
}

static inline void stand_down(struct stand *stand)
{
    client_end(stand->redis, &stand->loop);
    server_free(&stand->server);
}

/* --- Asking Redis --- */

enum { ITEMS_MAX = 6, TEXT_MAX = 120 };

/* The last answer, copied: its items as text, or itself as the first. */
struct answer {
    unsigned count;
    enum err err;
    size_t items;
    char text[ITEMS_MAX][TEXT_MAX];
};

static inline void copy_text(char to[TEXT_MAX], const struct redis_value *value)
{
    struct str text = redis_str(value);

    memset(to, 0, TEXT_MAX);
    if (redis_type(value) == REDIS_INTEGER)
        snprintf(to, TEXT_MAX, "%lld", (long long)redis_int(value));
    else if (redis_type(value) == REDIS_NIL)
        snprintf(to, TEXT_MAX, "nil");
    else if (text.len > 0)
        memcpy(to, text.ptr, text.len < TEXT_MAX ? text.len : TEXT_MAX - 1);
}

static inline void on_answer(void *context, enum err err, const struct redis_value *reply)
{
    struct answer *answer = context;

    answer->count++;
    answer->err = err;
    answer->items = redis_count(reply);
    if (answer->items == 0)
        copy_text(answer->text[0], reply);
    for (size_t i = 0; i < answer->items && i < ITEMS_MAX; i++)
        copy_text(answer->text[i], redis_item(reply, i));
}

#define LIST(...)  ((struct str[]){__VA_ARGS__})
#define COUNT(...) (sizeof LIST(__VA_ARGS__) / sizeof(struct str))
/* One command; its answer. */
#define ASK(stand, ...) ask_redis(stand, COUNT(__VA_ARGS__), LIST(__VA_ARGS__))

static inline struct answer ask_redis(struct stand *stand, size_t argc, const struct str argv[])
{
    struct answer answer = {0};

    redis_command(stand->redis, argc, argv, on_answer, &answer);
    wait_until(&stand->loop, answer.count == 1);
    assert_int_equal(answer.err, ERR_OK);
    return answer;
}

static inline void assert_key(struct stand *stand, const char *key, const char *value)
{
    struct answer answer = ASK(stand, STR("GET"), str_from(key));

    assert_string_equal(answer.text[0], value);
}

static inline long long left_ms(struct stand *stand, const char *key)
{
    struct answer answer = ASK(stand, STR("PTTL"), str_from(key));

    return strtoll(answer.text[0], NULL, 10);
}

/* For main, with how many tests it has: whether they cannot be run. */
static inline bool server_is_missing(size_t tests)
{
    if (system("command -v redis-server >/dev/null") == 0)
        return false;
    printf("[  SKIPPED ] %zu test(s): redis-server is not installed\n", tests);
    return true;
}

#endif
