/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "mongo/mongo_state.h"
#include "mongo/mongo_uri.h"

enum { THREADS = 4, QUEUE = 64, BREAKER_FAILURES = 3, BREAKER_MS = 250 };

static struct mongo_config with_defaults(const struct mongo_config *config)
{
    struct mongo_config full = *config;

    full.uri = NULL;
    full.threads = or_default(config->threads, THREADS);
    full.queue = or_default(config->queue, QUEUE);
    full.breaker_failures = or_default(config->breaker_failures, BREAKER_FAILURES);
    full.breaker_ms = or_default(config->breaker_ms, BREAKER_MS);
    full.collection = config->collection != NULL ? config->collection : "larder";
    return full;
}

static void add_timer(struct mongo *mongo, uv_timer_t *timer)
{
    uv_timer_init(mongo->config.loop, timer);
    timer->data = mongo;
    mongo->handles++;
}

static void open_ping(struct mongo *mongo, const mongoc_uri_t *uri)
{
    struct mongo_ping_config config = {.loop = mongo->config.loop,
                                       .uri = uri,
                                       .database = mongo->database,
                                       .collection = mongo->config.collection,
                                       .told = mongo_on_ping,
                                       .context = mongo};

    mongo->ping = mongo_ping_new(&config);
    mongo->handles++;
    uv_unref((uv_handle_t *)&mongo->beat);
    if (mongo->config.beat_ms > 0)
        uv_timer_start(&mongo->beat, mongo_on_beat, 0, 0);
}

enum err mongo_new(const struct mongo_config *config, struct mongo **out, const char **why)
{
    struct mongo_config full = with_defaults(config);
    mongoc_client_pool_t *pool;
    mongoc_uri_t *uri = NULL;
    const char *database;
    struct mongo *mongo;
    enum err err;

    driver_start();
    err = mongo_uri_parse(config->uri, &uri, why);
    if (err != ERR_OK)
        return err;
    pool = driver_pool(uri, full.threads + MONGO_BESIDE);
    if (pool == NULL) {
        *why =
            "the driver cannot use this URI (does DNS know a mongodb+srv host? is TLS built in?)";
        err = ERR_UNSUPPORTED;
        goto out;
    }
    database = mongoc_uri_get_database(uri);
    mongo = mem_zalloc(sizeof *mongo);
    mongo->config = full;
    mongo->pool = pool;
    mongo->database = mem_strdup(database != NULL ? database : "larder");
    mongo->breaker.limit = full.breaker_failures;
    if (config->loop != NULL) {
        add_timer(mongo, &mongo->deadlines);
        add_timer(mongo, &mongo->beat);
        open_ping(mongo, uri);
    }
    gauge_set(GAUGE_THREADS, full.threads);
    *out = mongo;
out:
    mongoc_uri_destroy(uri);
    return err;
}

static void mongo_free(struct mongo *mongo)
{
    mongoc_client_pool_destroy(mongo->pool);
    if (mongo->done != NULL)
        mongo->done(mongo->done_context);
    free(mongo->database);
    free(mongo);
}

static void on_part_closed(void *context)
{
    struct mongo *mongo = context;

    if (--mongo->handles == 0)
        mongo_free(mongo);
}

static void on_mongo_timer_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

void mongo_finish_closing(struct mongo *mongo)
{
    if (uv_is_closing((uv_handle_t *)&mongo->deadlines))
        return;
    uv_close((uv_handle_t *)&mongo->deadlines, on_mongo_timer_closed);
    uv_close((uv_handle_t *)&mongo->beat, on_mongo_timer_closed);
    mongo_ping_close(mongo->ping, on_part_closed, mongo);
}

void mongo_close(struct mongo *mongo, void (*done)(void *context), void *context)
{
    mongo->closing = true;
    mongo->done = done;
    mongo->done_context = context;
    for (struct mongo_job *job = mongo->first; job != NULL; job = job->next)
        mongo_call_off(job);
    if (mongo->config.loop == NULL)
        mongo_free(mongo);
    else if (mongo->first == NULL)
        mongo_finish_closing(mongo);
}

const char *mongo_driver_version(void)
{
    return mongoc_get_version();
}
