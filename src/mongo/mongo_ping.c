/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/mongo_ping.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

enum { CONNECT_MS = 1000, ANSWER_MS = 2000, ASK_MS = 1000 };

struct mongo_ping {
    struct mongo_ping_config config;
    mongoc_uri_t *uri;
    mongoc_client_t *client; /* the thread's; NULL: none yet, or the last ping failed */
    uv_thread_t thread;
    uv_sem_t wanted;
    uv_async_t answer;
    uv_timer_t late;
    bool started, under_way;
    atomic_bool stop, ended;
    enum err err; /* the thread's until it has sent answer */
    int64_t begun_ns;
    struct mongo_ask *asks;
    void (*closed)(void *context);
    void *closed_context;
    unsigned handles;
};

/* --- On the thread --- */

static enum err read_one(struct mongo_ping *ping)
{
    mongoc_collection_t *collection =
        mongoc_client_get_collection(ping->client, ping->config.database, ping->config.collection);
    bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;
    mongoc_cursor_t *cursor;
    bson_error_t error;
    const bson_t *document;
    enum err err = ERR_OK;

    bson_append_int32(&filter, "_id", -1, 0);
    bson_append_int64(&opts, "limit", -1, 1);
    bson_append_int64(&opts, "maxTimeMS", -1, ANSWER_MS);
    cursor = mongoc_collection_find_with_opts(collection, &filter, &opts, NULL);
    if (!mongoc_cursor_next(cursor, &document) && mongoc_cursor_error(cursor, &error))
        err = mongo_error_kind(&error, false);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(collection);
    bson_destroy(&opts);
    bson_destroy(&filter);
    return err;
}

static mongoc_client_t *client_new(const mongoc_uri_t *uri)
{
    mongoc_client_t *client = mongoc_client_new_from_uri(uri);

    if (client != NULL)
        (void)mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
    return client;
}

/* A client that has failed looks at its servers again after seconds only: the next ping has a new
 * one. */
static enum err ask_server(struct mongo_ping *ping)
{
    enum err err;

    if (ping->client == NULL)
        ping->client = client_new(ping->uri);
    if (ping->client == NULL)
        return ERR_UNAVAILABLE;
    err = read_one(ping);
    if (err != ERR_OK) {
        mongoc_client_destroy(ping->client);
        ping->client = NULL;
    }
    return err;
}

static void mongo_ping_run(void *context)
{
    struct mongo_ping *ping = context;

    for (;;) {
        uv_sem_wait(&ping->wanted);
        if (atomic_load(&ping->stop))
            break;
        ping->begun_ns = clock_mono_ns();
        ping->err = ask_server(ping);
        uv_async_send(&ping->answer);
    }
    if (ping->client != NULL)
        mongoc_client_destroy(ping->client);
    atomic_store(&ping->ended, true);
    uv_async_send(&ping->answer);
}

/* --- On the loop --- */

static void mongo_ping_tell(struct mongo_ping *ping, enum err err)
{
    struct mongo_ask *ask = ping->asks;

    ping->asks = NULL;
    uv_timer_stop(&ping->late);
    while (ask != NULL) {
        struct mongo_ask *next = ask->next;

        ask->told(ask->context, err);
        ask = next;
    }
}

static void on_late(uv_timer_t *timer)
{
    mongo_ping_tell(timer->data, ERR_TIMEOUT);
}

static void close_handles(struct mongo_ping *ping);

static void on_answer(uv_async_t *handle)
{
    struct mongo_ping *ping = handle->data;

    if (atomic_load(&ping->ended)) {
        uv_thread_join(&ping->thread);
        uv_sem_destroy(&ping->wanted);
        close_handles(ping);
        return;
    }
    if (!ping->under_way || atomic_load(&ping->stop))
        return;
    ping->under_way = false;
    ping->config.told(ping->config.context, ping->err, ping->begun_ns);
    mongo_ping_tell(ping, ping->err);
}

static void mongo_ping_start(struct mongo_ping *ping)
{
    if (ping->started)
        return;
    uv_sem_init(&ping->wanted, 0);
    ping->started = uv_thread_create(&ping->thread, mongo_ping_run, ping) == 0;
    if (!ping->started)
        uv_sem_destroy(&ping->wanted);
}

void mongo_ping_now(struct mongo_ping *ping)
{
    if (ping->under_way || atomic_load(&ping->stop))
        return;
    mongo_ping_start(ping);
    ping->under_way = ping->started;
    if (ping->started)
        uv_sem_post(&ping->wanted);
}

void mongo_ping_ask(struct mongo_ping *ping, struct mongo_ask *ask)
{
    ask->next = ping->asks;
    ping->asks = ask;
    if (!uv_is_active((uv_handle_t *)&ping->late))
        uv_timer_start(&ping->late, on_late, ASK_MS, 0);
    mongo_ping_now(ping);
}

/* --- Life --- */

/* No more patience than the URI has. */
static void bound(mongoc_uri_t *uri, const char *option, int32_t most_ms)
{
    int32_t given = mongoc_uri_get_option_as_int32(uri, option, most_ms);

    mongoc_uri_set_option_as_int32(uri, option, given > 0 && given < most_ms ? given : most_ms);
}

struct mongo_ping *mongo_ping_new(const struct mongo_ping_config *config)
{
    struct mongo_ping *ping = mem_zalloc(sizeof *ping);

    ping->config = *config;
    ping->uri = mongoc_uri_copy(config->uri);
    bound(ping->uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, CONNECT_MS);
    bound(ping->uri, MONGOC_URI_CONNECTTIMEOUTMS, CONNECT_MS);
    bound(ping->uri, MONGOC_URI_SOCKETTIMEOUTMS, ANSWER_MS);
    uv_async_init(config->loop, &ping->answer, on_answer);
    uv_timer_init(config->loop, &ping->late);
    ping->answer.data = ping->late.data = ping;
    uv_unref((uv_handle_t *)&ping->answer);
    ping->handles = 2;
    return ping;
}

static void on_mongo_ping_closed(uv_handle_t *handle)
{
    struct mongo_ping *ping = handle->data;

    if (--ping->handles > 0)
        return;
    ping->closed(ping->closed_context);
    mongoc_uri_destroy(ping->uri);
    free(ping);
}

static void close_handles(struct mongo_ping *ping)
{
    uv_close((uv_handle_t *)&ping->answer, on_mongo_ping_closed);
    uv_close((uv_handle_t *)&ping->late, on_mongo_ping_closed);
}

/* A ping that is under way ends by itself, within seconds. */
void mongo_ping_close(struct mongo_ping *ping, void (*closed)(void *context), void *context)
{
    ping->closed = closed;
    ping->closed_context = context;
    atomic_store(&ping->stop, true);
    mongo_ping_tell(ping, ERR_CANCELED);
    if (!ping->started) {
        close_handles(ping);
        return;
    }
    uv_ref((uv_handle_t *)&ping->answer);
    uv_sem_post(&ping->wanted);
}
