/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "redis/redis.h"
#include "redis/redis_private.h"
#include "redis/sha1.h"

enum { HEAD = 3 }; /* EVALSHA, its name, the number of keys */

/* A copy of what was sent, in one block, for the second try with the script's text. */
struct run {
    struct redis *redis;
    struct redis_script *script;
    redis_callback *callback;
    void *context;
    bool early;
    size_t argc;
    char count[8];
    struct str *argv; /* right behind */
};

static void on_run(void *context, enum err err, const struct redis_value *reply)
{
    struct run *run = context;

    run->callback(run->context, err == ERR_NOT_FOUND ? ERR_PROTOCOL : err, reply);
    free(run);
}

static void on_first_run(void *context, enum err err, const struct redis_value *reply)
{
    struct run *run = context;

    if (err != ERR_NOT_FOUND) {
        on_run(run, err, reply);
        return;
    }
    run->argv[0] = STR("EVAL");
    run->argv[1] = run->script->text;
    redis_send(run->redis, run->early, run->script->kind, run->argc, run->argv, on_run, run);
}

static size_t total(const struct str items[], size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += items[i].len;
    return size;
}

static char *copy_args(struct str *to, char *room, const struct str items[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].len > 0)
            memcpy(room, items[i].ptr, items[i].len);
        to[i] = str_make(room, items[i].len);
        room += items[i].len;
    }
    return room;
}

static void name_script(struct redis_script *script)
{
    unsigned char digest[SHA1_SIZE];

    sha1(script->text, digest);
    hex_encode(digest, sizeof digest, script->sha);
}

static void run_script(struct redis *redis, bool early, struct redis_script *script,
                       const struct str keys[], size_t key_count, const struct str args[],
                       size_t arg_count, redis_callback *callback, void *context)
{
    size_t argc = HEAD + key_count + arg_count;
    struct run *run;
    char *room;

    if (argc - HEAD > REDIS_SCRIPT_ARGS_MAX) {
        log_error("redis", "too many arguments for a script");
        abort();
    }
    if (script->sha[0] == '\0')
        name_script(script);
    run = mem_alloc(sizeof *run + argc * sizeof run->argv[0] + total(keys, key_count) +
                    total(args, arg_count));
    *run = (struct run){.redis = redis,
                        .script = script,
                        .callback = callback,
                        .context = context,
                        .early = early,
                        .argc = argc,
                        .argv = (struct str *)(void *)(run + 1)};
    snprintf(run->count, sizeof run->count, "%u", (unsigned)key_count);
    run->argv[0] = STR("EVALSHA");
    run->argv[1] = str_make(script->sha, sizeof script->sha);
    run->argv[2] = str_from(run->count);
    room = copy_args(run->argv + HEAD, (char *)(run->argv + argc), keys, key_count);
    copy_args(run->argv + HEAD + key_count, room, args, arg_count);
    redis_send(redis, early, script->kind, argc, run->argv, on_first_run, run);
}

void redis_script(struct redis *redis, struct redis_script *script, const struct str keys[],
                  size_t key_count, const struct str args[], size_t arg_count,
                  redis_callback *callback, void *context)
{
    run_script(redis, false, script, keys, key_count, args, arg_count, callback, context);
}

void redis_script_early(struct redis *redis, struct redis_script *script, const struct str keys[],
                        size_t key_count, const struct str args[], size_t arg_count,
                        redis_callback *callback, void *context)
{
    run_script(redis, true, script, keys, key_count, args, arg_count, callback, context);
}
