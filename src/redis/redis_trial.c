/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"
#include "redis/redis_error.h"
#include "redis/redis_link.h"

enum { NAMES = 2, NAME_MAX_SIZE = 80, WHY_SIZE = 256 };

const char redis_cluster_text[] =
    "this is Redis Cluster, which is not supported: name one server that has all keys";

/* Each command of the scripts by itself, so that the one that is refused can be named. */
static struct redis_script script_try = {
    .text = STR_INIT("local refused = {}\n"
                     "local function try(name, ...)\n"
                     "  local reply = redis.pcall(name, ...)\n"
                     "  if type(reply) == 'table' and reply.err then\n"
                     "    refused[#refused + 1] = name\n"
                     "    refused[#refused + 1] = reply.err\n"
                     "  end\n"
                     "end\n"
                     "try('TIME')\n"
                     "try('GET', KEYS[2])\n"
                     "try('SET', KEYS[1], '1', 'PX', '1000')\n"
                     "try('PEXPIRE', KEYS[1], '1000')\n"
                     "try('PTTL', KEYS[1])\n"
                     "try('GETRANGE', KEYS[1], '0', '1')\n"
                     "try('DEL', KEYS[2])\n"
                     "try('UNLINK', KEYS[1])\n"
                     "return refused\n")};

struct trial {
    struct redis *redis;
    char names[NAMES][NAME_MAX_SIZE];
    void (*done)(void *context, enum err err, const char *why);
    void *context;
};

bool redis_is_cluster(struct str info)
{
    struct str line;

    while (str_split(&info, '\n', &line))
        if (str_starts(line, STR("redis_mode:cluster")) ||
            str_starts(line, STR("server_mode:cluster")))
            return true;
    return false;
}

static void redis_trial_end(struct trial *trial, enum err err, const char *why)
{
    trial->done(trial->context, err, why);
    free(trial);
}

/* A server that does not say what it is, behind a proxy perhaps, still answers like a cluster. */
static bool is_cluster_error(const char *refusal)
{
    static const char *const words[] = {": CROSSSLOT ", ": MOVED ", ": CLUSTERDOWN "};

    for (size_t i = 0; i < COUNT(words); i++)
        if (strstr(refusal, words[i]) != NULL)
            return true;
    return false;
}

/* Time mends the others: a busy server, a lost connection. */
static void failed(struct trial *trial, enum err err)
{
    const char *why = redis_refusal(trial->redis);

    if (err == ERR_DENIED || err == ERR_PROTOCOL)
        redis_trial_end(trial, ERR_DENIED, is_cluster_error(why) ? redis_cluster_text : why);
    else
        redis_trial_end(trial, err, err_text(err));
}

static void on_script(void *context, enum err err, const struct redis_value *reply)
{
    struct trial *trial = context;
    char why[WHY_SIZE];

    if (err != ERR_OK) {
        failed(trial, err);
        return;
    }
    for (size_t i = 0; i + 1 < redis_count(reply); i += 2) {
        struct str name = redis_str(redis_item(reply, i));
        struct str text = redis_words(redis_str(redis_item(reply, i + 1)));
        if (redis_error(text) == ERR_READ_ONLY)
            continue;
        snprintf(why, sizeof why, "%.*s is refused: %.*s", (int)name.len, name.ptr, (int)text.len,
                 text.ptr);
        redis_trial_end(trial, ERR_DENIED, is_cluster_error(why) ? redis_cluster_text : why);
        return;
    }
    redis_trial_end(trial, ERR_OK, NULL);
}

/* By EVALSHA from now on, which alone does not try EVAL where the script is known already. */
static void on_eval(void *context, enum err err, const struct redis_value *reply)
{
    struct trial *trial = context;
    struct str keys[NAMES];

    (void)reply;
    if (err != ERR_OK) {
        failed(trial, err);
        return;
    }
    for (size_t i = 0; i < NAMES; i++)
        keys[i] = str_from(trial->names[i]);
    redis_script_early(trial->redis, &script_try, keys, NAMES, NULL, 0, on_script, trial);
}

static void on_mget(void *context, enum err err, const struct redis_value *reply)
{
    struct trial *trial = context;
    struct str argv[] = {STR("EVAL"), STR("return 1"), STR("1"), str_from(trial->names[0])};

    (void)reply;
    if (err == ERR_OK)
        redis_command_early(trial->redis, COUNT(argv), argv, on_eval, trial);
    else
        failed(trial, err);
}

void redis_try(struct redis *redis, struct str prefix,
               void (*done)(void *context, enum err err, const char *why), void *context)
{
    struct trial *trial = mem_zalloc(sizeof *trial);
    struct str argv[1 + NAMES] = {STR("MGET")};

    trial->redis = redis;
    trial->done = done;
    trial->context = context;
    for (size_t i = 0; i < NAMES; i++) {
        snprintf(trial->names[i], sizeof trial->names[i], "%.*s:probe:%u", (int)prefix.len,
                 prefix.ptr, (unsigned)i + 1);
        argv[1 + i] = str_from(trial->names[i]);
    }
    redis_command_early(redis, COUNT(argv), argv, on_mget, trial);
}
