/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_CACHE_CACHE_STAND_H
#define LARDER_TESTS_CACHE_CACHE_STAND_H

#include "stand.h"

#include "cache/cache_state.h"

/* A cache on a Redis and a segment of the test's own, and look-ups of it.  There is no MongoDB:
 * what a look-up asks is answered by the test, and so is what the cache itself asks. */

struct mongo {
    enum err err; /* of each job, and of each question that is not held */
    unsigned jobs;
    int64_t away_ns;
};

enum err mongo_submit(struct mongo *mongo, struct mongo_job *job)
{
    (void)mongo, (void)job;
    return ERR_BUSY; /* nobody pays */
}

void mongo_submit_or_tell(struct mongo *mongo, struct mongo_job *job)
{
    mongo->jobs++;
    job->done(job->context, mongo->err);
    job->release(job->context);
}

bool mongo_up(const struct mongo *mongo)
{
    return mongo->err == ERR_OK;
}

int64_t mongo_away_ns(const struct mongo *mongo)
{
    return mongo->away_ns;
}

struct cache_stand {
    struct stand stand;
    struct mongo mongo;
    struct memory *memory;
    struct memory_lease lease;
    struct cache *cache;
    bool stopped;
    const char *truth; /* what the database holds */
    unsigned fills;    /* how often it was asked */
};

static inline void on_connect(void *context, struct redis *redis)
{
    cache_redis_connect(((struct cache_stand *)context)->cache, redis);
}

static inline void on_state(void *context, struct redis *redis, enum redis_state state)
{
    (void)state;
    cache_redis_state(((struct cache_stand *)context)->cache, redis);
}

/* A name in Redis, with prefix and epoch; good until the next call. */
static inline const char *full_name(const struct cache_stand *stand, const char *name)
{
    static char text[256];
    struct str base = cache_base(stand->cache);

    snprintf(text, sizeof text, "%.*s%s", (int)base.len, base.ptr, name);
    return text;
}

/* Another host's doing. */
static inline void set(struct cache_stand *stand, const char *name, const char *value)
{
    ASK(&stand->stand, STR("SET"), str_from(full_name(stand, name)), str_from(value), STR("PX"),
        STR("60000"));
}

static inline void del(struct cache_stand *stand, const char *name)
{
    ASK(&stand->stand, STR("DEL"), str_from(full_name(stand, name)));
}

static inline bool in_redis(struct cache_stand *stand, const char *name)
{
    struct answer answer = ASK(&stand->stand, STR("EXISTS"), str_from(full_name(stand, name)));

    return answer.text[0][0] == '1';
}

/* Where its lease runs, memory is believed. */
static inline bool renew_lease(struct cache_stand *stand)
{
    return memory_lease_renew(stand->memory, &stand->lease,
                              clock_mono_ns() + MEMORY_LEASE_MAX_MS * INT64_C(1000000));
}

static inline void open_memory(struct cache_stand *stand, char name[static 64])
{
    struct memory_config config = {.name = name, .bytes = MEMORY_BYTES_MIN};
    struct memory_opened opened;
    int64_t now_ns = clock_mono_ns();

    snprintf(name, 64, "larder-test-%d", (int)getpid());
    (void)memory_unlink(name);
    if (memory_open(&config, &stand->memory, &opened) != ERR_OK)
        fail_msg("%s", opened.why);
    (void)memory_unlink(name);
    assert_true(memory_lease_acquire(stand->memory, now_ns, MEMORY_LEASE_MAX_MS * INT64_C(1000000),
                                     &stand->lease));
    assert_true(renew_lease(stand));
}

static inline int cache_setup(void **state)
{
    struct cache_stand *stand = calloc(1, sizeof *stand);
    struct redis_config config = {
        .context = stand, .on_connect = on_connect, .on_state = on_state, .backoff_step_ms = 1};
    char name[64];

    log_setup(getenv("TEST_LOG") != NULL ? LOG_DEBUG : LOG_OFF, LOG_TEXT);
    server_init(&stand->stand.server);
    server_start(&stand->stand.server, NULL);
    stand->stand.redis = client_make(&stand->stand.server, &stand->stand.loop, config);
    open_memory(stand, name);
    stand->truth = "one";
    stand->cache = cache_new(&stand->stand.loop, &(struct cache_config){.prefix = STR("larder")},
                             stand->stand.redis, &stand->mongo, stand->memory);
    redis_wake(stand->stand.redis);
    wait_until(&stand->stand.loop, redis_ready(stand->stand.redis));
    stand->mongo.jobs = 1; /* the look for what is pending; that for the installation is not one */
    set(stand, "born", "1"); /* or all would be read through for five seconds */
    *state = stand;
    return 0;
}

static inline void on_stopped(void *context)
{
    ((struct cache_stand *)context)->stopped = true;
}

static inline int cache_teardown(void **state)
{
    struct cache_stand *stand = *state;

    cache_stop(stand->cache, on_stopped, stand);
    wait_until(&stand->stand.loop, stand->stopped);
    stand_down(&stand->stand);
    cache_free(stand->cache);
    memory_close(stand->memory);
    free(stand);
    return 0;
}

/* For tests of what is done in time only: tries until this machine was fast enough, which attempt
 * tells. */
static inline void until_in_time(struct cache_stand *stand,
                                 bool (*attempt)(struct cache_stand *stand))
{
    int64_t end = clock_mono_ms() + SERVER_WAIT_MS;

    while (!attempt(stand))
        assert_true(clock_mono_ms() < end);
}

/* --- Looking up --- */

enum hold { HOLD_NOT, HOLD_ASKED, HOLD_UNASKED };

struct look {
    struct cache_lookup lookup;
    struct cache_stand *stand;
    struct cache_fill *fill; /* a question that is held */
    const char *read;        /* what the database said to it */
    enum hold hold;
    uint32_t status;
    unsigned done;
    char body[32];
};

static inline void look_ask(struct look *look)
{
    cache_fill_seal(look->fill);
    look->read = look->stand->truth;
}

static inline void look_tell(struct look *look, enum err err)
{
    struct entry entry = {.status = look->status, .etag = STR("\"e\"")};

    entry.plain = str_from(look->read);
    cache_fill_done(look->fill, err, err == ERR_OK ? &entry : NULL);
}

static inline void on_fill(struct cache_lookup *lookup, struct cache_fill *fill)
{
    struct look *look = lookup->context;

    look->fill = fill;
    look->stand->fills++;
    if (look->hold != HOLD_UNASKED)
        look_ask(look);
    if (look->hold == HOLD_NOT)
        look_tell(look, look->stand->mongo.err);
}

static inline void on_done(struct cache_lookup *lookup)
{
    struct look *look = lookup->context;
    struct str plain = lookup->entry.plain;

    look->done++;
    if (lookup->err == ERR_OK && plain.len < sizeof look->body)
        memcpy(look->body, plain.ptr, plain.len);
}

static inline void on_detached_free(struct cache_lookup *lookup)
{
    free(lookup->context);
}

static inline struct cache_lookup *on_detach(const struct cache_lookup *lookup)
{
    struct look *copy = malloc(sizeof *copy);

    memcpy(copy, lookup->context, sizeof *copy);
    copy->lookup.context = copy;
    return &copy->lookup;
}

/* An item under the tag "t", kept for a minute. */
static inline struct look look_for(struct cache_stand *stand, struct str name)
{
    static const struct cache_class class = {
        .ttl_ms = 60000, .refresh_ms = 6000, .error_ms = 60000, .negative = true};
    struct look look = {.stand = stand, .status = 200};

    look.lookup.name = name;
    look.lookup.tags[0] = STR("t");
    look.lookup.tag_count = 1;
    look.lookup.class = &class;
    look.lookup.fill = on_fill;
    look.lookup.detach = on_detach;
    look.lookup.detached_free = on_detached_free;
    look.lookup.done = on_done;
    return look;
}

static inline void look_begin(struct look *look)
{
    look->lookup.context = look;
    (void)renew_lease(look->stand);
    cache_get(look->stand->cache, &look->lookup);
}

static inline void look_end(struct look *look)
{
    wait_until(&look->stand->stand.loop, look->done == 1);
}

/* Begun, and so far that the database would be asked. */
static inline void look_held(struct look *look, enum hold hold)
{
    look->hold = hold;
    look_begin(look);
    wait_until(&look->stand->stand.loop, look->fill != NULL);
}

static inline struct look look_once(struct cache_stand *stand, struct str name)
{
    struct look look = look_for(stand, name);

    look_begin(&look);
    look_end(&look);
    return look;
}

/* The same, for who has room for what lies in memory. */
static inline struct look look_with_room(struct cache_stand *stand, struct str name)
{
    struct buf room = BUF_INIT(1 << 16);
    struct look look = look_for(stand, name);

    look.lookup.room = &room;
    look_begin(&look);
    look_end(&look);
    buf_free(&room);
    return look;
}

#define assert_look(actual, source_, detail_, body_)                                               \
    do {                                                                                           \
        const struct look look_ = (actual);                                                        \
        assert_int_equal(look_.lookup.err, ERR_OK);                                                \
        assert_int_equal(look_.lookup.source, CACHE_##source_);                                    \
        assert_int_equal(look_.lookup.detail, CACHE_DETAIL_##detail_);                             \
        assert_string_equal(look_.body, body_);                                                    \
    } while (0)
#define assert_stored(actual, body) assert_look(actual, DATABASE, STORED, body)
#define assert_hit(actual, body)    assert_look(actual, REDIS, NONE, body)

#endif
