/* SPDX-License-Identifier: BSD-2-Clause */
#include "backend/backend.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum {
    REDIS_NAME_MAX = 300,
    NAMES_MAX = 8192,
    TOOL_CONNECT_MS = 2000,
    TOOL_COMMAND_MS = 5000,
    BEAT_MS = 1000
};

unsigned backend_threads(const struct config *config)
{
    return (unsigned)config_number(config, CONFIG_THREADS) + 3;
}

/* --- Names --- */

static bool is_this_host(struct str host)
{
    return str_eq_nocase(host, STR("localhost")) || str_eq(host, STR("127.0.0.1")) ||
           str_eq(host, STR("::1")) || str_eq(host, STR("[::1]"));
}

static void put_lower(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        buf_char(out, (char)(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? s.ptr[i] + 32 : s.ptr[i]));
}

static void put_host(struct buf *out, struct str host)
{
    if (is_this_host(host))
        buf_literal(out, "localhost");
    else
        put_lower(out, host);
}

static void put_redis(struct buf *out, const struct redis_url *url)
{
    if (url->path != NULL)
        buf_str(out, str_from(url->path));
    else
        put_host(out, str_from(url->host));
    buf_printf(out, ":%u/%u\n", url->path != NULL ? 0 : (unsigned)url->port, (unsigned)url->db);
}

/* "host:port" with the port as a host's end, an IPv6 address in its brackets. */
static void put_address(struct buf *out, struct str address)
{
    size_t bracket = str_find(address, ']');
    size_t from = bracket < address.len ? bracket : 0;
    size_t colon = from + str_find(str_from_offset(address, from), ':');
    struct str port = str_from_offset(address, colon);

    put_host(out, str_make(address.ptr, colon));
    buf_str(out, port.len > 1 ? port : STR(":27017"));
    buf_char(out, ',');
}

/* The hosts and the database of a MongoDB URI; user, password and options are left out. */
static void put_mongo(struct buf *out, struct str uri)
{
    size_t slash = 0, at;
    struct str hosts, database, host;

    while (slash + 2 < uri.len && memcmp(uri.ptr + slash, "://", 3) != 0)
        slash++;
    uri = str_from_offset(uri, slash + 3);
    uri.len = str_find(uri, '?');
    for (at = uri.len; at > 0 && uri.ptr[at - 1] != '@';)
        at--;
    uri = str_from_offset(uri, at);
    hosts = str_make(uri.ptr, str_find(uri, '/'));
    database = str_from_offset(uri, hosts.len + 1);
    while (str_split(&hosts, ',', &host))
        put_address(out, host);
    buf_str(out, database.len > 0 ? database : STR("larder"));
}

void backend_mongo_name(const struct config *config, struct buf *out)
{
    size_t at;

    put_mongo(out, str_from(config_text(config, CONFIG_MONGODB_URI)));
    for (at = out->len; at > 0 && out->ptr[at - 1] != ',';)
        at--;
    if (at > 0)
        out->ptr[at - 1] = '/';
}

void backend_name(const struct config *config, const struct redis_url *url,
                  char name[static MEMORY_NAME_MAX + 1])
{
    struct buf place = BUF_INIT(NAMES_MAX);
    unsigned char digest[SHA256_SIZE];
    char hash[17] = {0};

    put_redis(&place, url);
    put_mongo(&place, str_from(config_text(config, CONFIG_MONGODB_URI)));
    sha256(buf_view(&place), digest);
    hex_encode(digest, 8, hash);
    snprintf(name, MEMORY_NAME_MAX + 1, "larder-%lu-%s-%s", (unsigned long)geteuid(),
             config_text(config, CONFIG_PREFIX), hash);
    buf_free(&place);
}

/* --- Settings as a whole --- */

static void url_problem(const struct config *config, enum config_id id, const char *why,
                        struct buf *problems)
{
    buf_printf(problems, "%s is \"", config_name(id));
    config_mask_url(str_from(config_text(config, id)), problems);
    buf_printf(problems, "\": %s\n", why);
}

static enum err parse_redis(const struct config *config, struct redis_url *url,
                            struct buf *problems)
{
    const char *why = "";
    enum err err = redis_url_parse(str_from(config_text(config, CONFIG_REDIS_URL)), url, &why);

    if (err != ERR_OK)
        url_problem(config, CONFIG_REDIS_URL, why, problems);
    return err;
}

static enum err open_mongo(const struct config *config, enum backend_use use, uv_loop_t *loop,
                           struct mongo **out, struct buf *problems)
{
    const char *why = "";
    struct mongo_config mongo = {
        .loop = loop,
        .beat_ms = use == BACKEND_WORKER ? BEAT_MS : 0,
        .collection = CACHE_COLLECTION,
        .uri = config_text(config, CONFIG_MONGODB_URI),
        .threads = (unsigned)config_number(config, CONFIG_THREADS),
        .queue = (unsigned)config_number(config, CONFIG_QUEUE),
    };
    enum err err = mongo_new(&mongo, out, &why);

    if (err != ERR_OK)
        url_problem(config, CONFIG_MONGODB_URI, why, problems);
    return err;
}

/* The group that LARDER_EDGE_GROUP names; -1 where it names none. */
static enum err find_group(const struct config *config, gid_t *group, struct buf *problems)
{
    const char *name = config_text(config, CONFIG_EDGE_GROUP);
    const struct group *found = *name != '\0' ? getgrnam(name) : NULL;

    *group = found != NULL ? found->gr_gid : (gid_t)-1;
    if (*name == '\0' || found != NULL)
        return ERR_OK;
    buf_printf(problems, "LARDER_EDGE_GROUP is \"%s\": there is no such group\n", name);
    return ERR_INVALID;
}

enum err backend_check(const struct config *config, struct buf *problems)
{
    struct redis_url url = {0};
    struct mongo *mongo = NULL;
    uv_loop_t loop;
    enum err redis_err = parse_redis(config, &url, problems), err;
    gid_t group;

    redis_url_free(&url);
    if (find_group(config, &group, problems) != ERR_OK)
        redis_err = ERR_INVALID;
    if (uv_loop_init(&loop) != 0)
        return ERR_INTERNAL;
    err = open_mongo(config, BACKEND_TOOL, &loop, &mongo, problems);
    if (err == ERR_OK)
        mongo_close(mongo, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return redis_err != ERR_OK ? redis_err : err;
}

/* --- Memory --- */

/* What others must agree on (tags, fences) is small, and a tool makes no more where there is none;
 * without room for records a worker still works, from Redis. */
static enum err open_memory(struct backend *backend, uint64_t bytes, enum backend_use use,
                            struct memory_opened *opened)
{
    struct memory_config config = {.name = backend->name,
                                   .bytes = bytes,
                                   .shown = backend->edge_group != (gid_t)-1,
                                   .group = backend->edge_group};
    enum err err = ERR_NOT_FOUND;

    if (use == BACKEND_TOOL) {
        config.attach = true;
        err = memory_open(&config, &backend->memory, opened);
        config.attach = false;
        config.bytes = 0;
    }
    if (err == ERR_NOT_FOUND)
        err = memory_open(&config, &backend->memory, opened);
    if (err == ERR_TOO_LARGE && config.bytes > 0) {
        log_warn("memory", "no answers are kept in shared memory", LOG_CSTR("why", opened->why));
        config.bytes = 0;
        err = memory_open(&config, &backend->memory, opened);
    }
    return err;
}

enum err backend_attach(struct backend *backend, const struct config *config, enum backend_use use,
                        struct buf *problems)
{
    struct memory_opened opened;
    enum err err;

    *backend = (struct backend){0};
    err = parse_redis(config, &backend->redis_url, problems);
    if (err == ERR_OK)
        err = find_group(config, &backend->edge_group, problems);
    if (err != ERR_OK)
        return err;
    backend_name(config, &backend->redis_url, backend->name);
    err = open_memory(backend, config_number(config, CONFIG_MEMORY), use, &opened);
    if (err != ERR_OK) {
        buf_printf(problems, "shared memory /dev/shm/%s: %s\n", backend->name, opened.why);
        return err;
    }
    if (use == BACKEND_WORKER && opened.other_size)
        log_warn("memory", "its size was kept: other workers hold it",
                 LOG_CSTR("name", backend->name), LOG_INT("bytes", opened.bytes));
    else
        log_debug("memory",
                  opened.created   ? "created"
                  : opened.resized ? "resized"
                                   : "attached",
                  LOG_CSTR("name", backend->name), LOG_INT("bytes", opened.bytes));
    return ERR_OK;
}

void backend_detach(struct backend *backend)
{
    memory_close(backend->memory);
    redis_url_free(&backend->redis_url);
    backend->memory = NULL;
}

/* --- Servers --- */

static void on_connect(void *context, struct redis *redis)
{
    struct backend *backend = context;

    if (backend->cache != NULL)
        cache_redis_connect(backend->cache, redis);
    else
        redis_prepared(redis, ERR_OK);
}

static void on_state(void *context, struct redis *redis, enum redis_state state)
{
    struct backend *backend = context;

    (void)state;
    if (backend->cache != NULL)
        cache_redis_state(backend->cache, redis);
}

static void on_refused(void *context, struct redis *redis)
{
    struct backend *backend = context;

    if (backend->cache != NULL)
        cache_redis_refused(backend->cache, redis);
}

static struct redis *open_redis(struct backend *backend, const struct config *config,
                                enum backend_use use, uv_loop_t *loop)
{
    char probe_key[80];
    struct redis_config redis = {.loop = loop,
                                 .url = &backend->redis_url,
                                 .name = use == BACKEND_TOOL ? "larderctl" : "larderd",
                                 .probe_key = probe_key,
                                 .context = backend,
                                 .on_connect = on_connect,
                                 .on_state = on_state,
                                 .on_refused = on_refused};

    snprintf(probe_key, sizeof probe_key, "%s:probe", config_text(config, CONFIG_PREFIX));
    if (use == BACKEND_TOOL) {
        redis.connect_timeout_ms = TOOL_CONNECT_MS;
        redis.command_timeout_ms = TOOL_COMMAND_MS;
    }
    return redis_new(&redis);
}

enum err backend_open_redis(struct backend *backend, const struct config *config, uv_loop_t *loop,
                            struct buf *problems)
{
    enum err err = parse_redis(config, &backend->redis_url, problems);

    if (err == ERR_OK)
        backend->redis = open_redis(backend, config, BACKEND_TOOL, loop);
    return err;
}

enum err backend_open_mongo(struct backend *backend, const struct config *config, uv_loop_t *loop,
                            struct buf *problems)
{
    return open_mongo(config, BACKEND_TOOL, loop, &backend->mongo, problems);
}

enum err backend_open(struct backend *backend, const struct config *config, enum backend_use use,
                      uv_loop_t *loop, struct buf *problems)
{
    struct cache_config cache = {.prefix = str_from(config_text(config, CONFIG_PREFIX)),
                                 .secret = str_from(config_text(config, CONFIG_SECRET)),
                                 .follows = use == BACKEND_WORKER &&
                                            config_number(config, CONFIG_FOLLOW) == FOLLOW_AUTO,
                                 .listens = use == BACKEND_WORKER,
                                 .sessions = backend->sessions};
    struct buf mongo = BUF_INIT(NAMES_MAX);
    char redis[REDIS_NAME_MAX];
    enum err err = open_mongo(config, use, loop, &backend->mongo, problems);

    if (err != ERR_OK)
        return err;
    redis_url_name(&backend->redis_url, redis, sizeof redis);
    backend_mongo_name(config, &mongo);
    cache.redis_name = str_from(redis);
    cache.mongo_name = buf_view(&mongo);
    backend->redis = open_redis(backend, config, use, loop);
    backend->cache = cache_new(loop, &cache, backend->redis, backend->mongo, backend->memory);
    buf_free(&mongo);
    return ERR_OK;
}

/* Operations of the cache may still be at work in MongoDB and then turn to Redis, so Redis and the
 * cache outlive it. */
static void on_redis_closed(void *context)
{
    struct backend *backend = context;

    backend->redis = NULL;
    cache_free(backend->cache);
    backend->cache = NULL;
    backend->closed(backend->context);
}

static void on_mongo_closed(void *context)
{
    struct backend *backend = context;

    backend->mongo = NULL;
    if (backend->redis != NULL)
        redis_close(backend->redis, on_redis_closed, backend);
    else
        on_redis_closed(backend);
}

static void on_cache_stopped(void *context)
{
    struct backend *backend = context;

    if (backend->mongo != NULL)
        mongo_close(backend->mongo, on_mongo_closed, backend);
    else
        on_mongo_closed(backend);
}

void backend_close(struct backend *backend, void (*closed)(void *context), void *context)
{
    backend->closed = closed;
    backend->context = context;
    if (backend->cache != NULL)
        cache_stop(backend->cache, on_cache_stopped, backend);
    else
        on_cache_stopped(backend);
}
