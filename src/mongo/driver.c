/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/driver.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/histogram.h"
#include "base/idiom.h"
#include "base/log.h"

static _Thread_local bool is_silent;

void driver_silence(bool silent)
{
    is_silent = silent;
}

static void on_log(mongoc_log_level_t level, const char *domain, const char *message, void *context)
{
    (void)context;
    if (level <= MONGOC_LOG_LEVEL_WARNING && !is_silent)
        log_warn("mongo", "driver", LOG_CSTR("part", domain), LOG_CSTR("reason", message));
}

void driver_start(void)
{
    char name[32];

    mongoc_init();
    mongoc_log_set_handler(on_log, NULL);
    /* MONGOC_DISABLE_SHM is of no use here: Debian's driver reads it before main begins. */
    snprintf(name, sizeof name, "/mongoc-%ld", (long)getpid());
    shm_unlink(name);
}

void driver_comment(bson_t *opts, const struct mongo_db *db)
{
    if (db->comment.len > 0)
        bson_append_utf8(opts, "comment", -1, db->comment.ptr, (int)db->comment.len);
}

/* --- How long commands take --- */

static const struct {
    const char *command;
    enum histogram histogram;
} timed[] = {
    {"find", HISTOGRAM_MONGO_FIND},           {"getMore", HISTOGRAM_MONGO_FIND},
    {"insert", HISTOGRAM_MONGO_INSERT},       {"update", HISTOGRAM_MONGO_UPDATE},
    {"delete", HISTOGRAM_MONGO_DELETE},       {"count", HISTOGRAM_MONGO_COUNT},
    {"aggregate", HISTOGRAM_MONGO_AGGREGATE},
};

/* The driver counts documents by an aggregation; this thread's command is one. */
static _Thread_local bool counting;

static void on_command(const mongoc_apm_command_started_t *event)
{
    bson_iter_t iter, group;

    counting = bson_iter_init(&iter, mongoc_apm_command_started_get_command(event)) &&
               bson_iter_find_descendant(&iter, "pipeline.1.$group.n.$sum", &group);
}

static void time_command(const char *name, int64_t us)
{
    for (size_t i = 0; i < COUNT(timed); i++)
        if (strcmp(timed[i].command, name) == 0)
            histogram_add(counting ? HISTOGRAM_MONGO_COUNT : timed[i].histogram, us * 1000);
}

static void on_succeeded(const mongoc_apm_command_succeeded_t *event)
{
    time_command(mongoc_apm_command_succeeded_get_command_name(event),
                 mongoc_apm_command_succeeded_get_duration(event));
}

static void on_failed(const mongoc_apm_command_failed_t *event)
{
    time_command(mongoc_apm_command_failed_get_command_name(event),
                 mongoc_apm_command_failed_get_duration(event));
}

static void time_commands(mongoc_client_pool_t *pool)
{
    mongoc_apm_callbacks_t *callbacks = mongoc_apm_callbacks_new();

    mongoc_apm_set_command_started_cb(callbacks, on_command);
    mongoc_apm_set_command_succeeded_cb(callbacks, on_succeeded);
    mongoc_apm_set_command_failed_cb(callbacks, on_failed);
    mongoc_client_pool_set_apm_callbacks(pool, callbacks, NULL);
    mongoc_apm_callbacks_destroy(callbacks);
}

mongoc_client_pool_t *driver_pool(const mongoc_uri_t *uri, unsigned threads)
{
    mongoc_client_pool_t *pool = mongoc_client_pool_new(uri);

    if (pool == NULL)
        return NULL;
    mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2);
    time_commands(pool);
    if (!mongoc_uri_has_option(uri, MONGOC_URI_MAXPOOLSIZE))
        mongoc_client_pool_max_size(pool, threads);
    return pool;
}
