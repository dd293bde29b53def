/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/member.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/idiom.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "cache/cache_state.h"
#include "cache/neighbours.h"
#include "cache/renewal.h"
#include "cache/script.h"

enum {
    TICK_MS = 500,
    REDIS_TICKS = 2,
    MONGO_TICKS = 4,
    CURRENT_MS = 4000, /* less than a cache counts as young */
    SEEN_MS = 5000,    /* one server has seen us so recently that the other may be written to */
    STRANGE_MS = 6000, /* before others are believed to be at odds with us */
    HASH_LIFE_MS = 2000000000, /* longer than a worker is stopped for */
    OWNER_MAX = 40,
    RUN_MAX = 64,
    REASON_MAX = 1024
};

struct membership {
    struct cache *cache;
    uv_timer_t timer;
    bool beats, joined;
    bool failed; /* the last look at MongoDB */
    unsigned ticks;
    struct member_document self;
    char mongo[PLACE_MAX], database[9]; /* of its name: 8 hex digits */
    struct str sessions;

    /* MongoDB's answer. */
    bool known;
    struct installation installation;
    struct installation_members *members;
    int64_t looked_ns; /* 0: never */
    bool looking;

    /* Redis' answer. */
    char run[RUN_MAX], suffix[MEMBER_SUFFIX_MAX];
    bool ours, others; /* whose the hash is; whether members of others run */
    int64_t epoch, beat;
    int64_t heard_ns, sent_ns; /* 0: never */
    bool asking;
    struct neighbours *neighbours;
    void (*connected)(struct cache *cache, enum err err, struct str suffix);

    enum member_verdict verdict;
    int64_t strange_ns;  /* since when; 0: nothing is */
    int64_t needs_epoch; /* what is kept may be believed from this one on */
    struct buf reason;
};

static bool is_recent(int64_t ns, int64_t ms)
{
    return ns != 0 && clock_mono_ns() - ns < ms * 1000000;
}

/* "<id>.<database>", or empty while the id is not known. */
static struct str owner_of(const struct membership *member, char room[static OWNER_MAX])
{
    if (!member->known)
        return STR("");
    snprintf(room, OWNER_MAX, "%.*s.%s", INSTALLATION_ID_SIZE, member->installation.id,
             member->database);
    return str_from(room);
}

/* --- Verdict --- */

static void set_verdict(struct membership *member, enum member_verdict verdict)
{
    bool apart = verdict == MEMBER_APART;

    if (apart && member->verdict != MEMBER_APART)
        log_error("cache", "nothing is kept", LOG_STR("why", buf_view(&member->reason)));
    else if (!apart && member->verdict == MEMBER_APART)
        log_info("cache", "answers are kept again");
    member->verdict = verdict;
    member->cache->apart = apart;
}

/* Another epoch than any that Redis or MongoDB knows. */
static void begin_epoch(struct membership *member, bool restored)
{
    const struct installation *seen = &member->installation;
    int64_t latest = seen->epoch > member->epoch ? seen->epoch : member->epoch;

    member->needs_epoch = latest + 1;
    renewal_start(member->cache,
                  &(struct renewal){.seen = *seen,
                                    .epoch = latest + 1,
                                    .beat = restored ? member->beat : seen->beat,
                                    .sessions = restored ? member->sessions : STR("")});
}

/* Why this process is at odds with others; empty: it is not. */
static void find_reason(struct membership *member)
{
    const struct seen_from self = {&member->self, member->mongo, member->members,
                                   member->neighbours};

    buf_reset(&member->reason);
    if (member->others)
        neighbours_name_others(&self, &member->reason);
    else
        neighbours_compare(&self, &member->reason);
}

bool member_is_changing(const struct membership *member)
{
    int64_t now_ms = neighbours_now(member->members, member->self.id);

    return now_ms != 0 && member->installation.changing_until_ms > now_ms;
}

static void judge_others(struct membership *member)
{
    find_reason(member);
    if (member->reason.len == 0) {
        member->strange_ns = 0;
        set_verdict(member, MEMBER_FINE);
        return;
    }
    if (member->strange_ns == 0)
        member->strange_ns = clock_mono_ns();
    if (!is_recent(member->strange_ns, STRANGE_MS))
        set_verdict(member, MEMBER_APART);
    else if (member->verdict == MEMBER_UNKNOWN)
        set_verdict(member, MEMBER_SUSPECT);
}

/* What is kept while others were at odds with us may have been overtaken. */
static void member_judge(struct membership *member)
{
    bool apart = member->verdict == MEMBER_APART, lasts;

    if (!is_recent(member->looked_ns, SEEN_MS) || !is_recent(member->heard_ns, SEEN_MS))
        return;
    if (member_is_changing(member)) {
        buf_reset(&member->reason);
        buf_literal(&member->reason,
                    "a change of MONGODB_URI or REDIS_URL is under way: larderctl installation");
        member->needs_epoch = 0;
        set_verdict(member, MEMBER_APART);
        return;
    }
    if (!apart) {
        judge_others(member);
        return;
    }
    find_reason(member);
    lasts = member->reason.len > 0;
    if (lasts)
        member->needs_epoch = 0;
    else if (member->needs_epoch == 0)
        begin_epoch(member, false);
    else if (member->epoch >= member->needs_epoch && redis_ready(member->cache->redis))
        judge_others(member);
    if (!lasts && member->verdict == MEMBER_APART)
        buf_literal(&member->reason, "another epoch is being begun");
}

/* --- MongoDB --- */

struct look {
    struct membership *member;
    struct member_document self;
    struct installation installation;
    struct installation_members *members;
    bool beats;
    int64_t beat; /* the greatest that was known before it was asked */
    struct mongo_job job;
};

static enum err do_look(struct mongo_db *db, void *context)
{
    struct look *look = context;
    enum err err = look->beats ? installation_beat(db, &look->self) : ERR_OK;

    return err == ERR_OK ? installation_read(db, &look->installation, look->members) : err;
}

static bool has_gone_back(const struct membership *member, const struct look *look)
{
    const struct installation *found = &look->installation;

    if (member->known && memcmp(member->installation.id, found->id, sizeof found->id) != 0)
        return true;
    return member->ours && found->beat <= look->beat;
}

static void take_look(struct membership *member, const struct look *look)
{
    bool back = look->beats && look->beat > 0 && has_gone_back(member, look);

    member->known = true;
    member->installation = look->installation;
    *member->members = *look->members;
    member->looked_ns = clock_mono_ns();
    if (back && member->needs_epoch <= member->epoch) {
        buf_reset(&member->reason);
        buf_literal(&member->reason, "the database has gone back, as after a restore");
        set_verdict(member, MEMBER_APART);
        begin_epoch(member, true);
    } else if (look->beats) {
        member_judge(member);
    }
}

static void ask_redis(struct membership *member, bool early);

static void on_looked(void *context, enum err err)
{
    struct look *look = context;
    struct membership *member = look->member;

    member->looking = false;
    member->failed = err != ERR_OK;
    if (err == ERR_OK)
        take_look(member, look);
    if (member->connected != NULL)
        ask_redis(member, true);
}

static void release_look(void *context)
{
    struct look *look = context;

    cache_handle_closed(look->member->cache);
    free(look->members);
    free(look);
}

static void look_at_mongo(struct membership *member, bool beats)
{
    struct look *look;

    if (member->looking)
        return;
    member->looking = true;
    look = mem_zalloc(sizeof *look);
    look->member = member;
    look->self = member->self;
    look->self.connected = member->joined && is_recent(member->heard_ns, SEEN_MS);
    look->members = mem_zalloc(sizeof *look->members);
    look->beats = beats;
    look->beat = member->ours ? member->beat : 0;
    look->job = (struct mongo_job){.work = do_look,
                                   .done = on_looked,
                                   .release = release_look,
                                   .context = look,
                                   .write = true};
    cache_handle_opened(member->cache);
    mongo_submit_or_tell(member->cache->mongo, &look->job);
}

/* --- Redis --- */

struct call {
    struct membership *member;
    bool early;
    int64_t sent_ns;
};

static void take_reply(struct membership *member, const struct redis_value *reply)
{
    struct str suffix = redis_str(redis_item(reply, 0));

    member->ours = redis_int(redis_item(reply, 1)) == 1;
    member->epoch = redis_int(redis_item(reply, 2));
    member->beat = redis_int(redis_item(reply, 3));
    member->others = redis_int(redis_item(reply, 4)) == 1;
    neighbours_take(member->neighbours, redis_item(reply, 5));
    if (suffix.len < sizeof member->suffix)
        snprintf(member->suffix, sizeof member->suffix, "%.*s", (int)suffix.len, suffix.ptr);
}

static void end_connecting(struct membership *member, enum err err)
{
    void (*connected)(struct cache * cache, enum err err, struct str suffix) = member->connected;

    member->connected = NULL;
    connected(member->cache, err, str_from(member->suffix));
}

static void on_reply(void *context, enum err err, const struct redis_value *reply)
{
    struct call *call = context;
    struct membership *member = call->member;
    char before[MEMBER_SUFFIX_MAX];

    member->asking = false;
    memcpy(before, member->suffix, sizeof before);
    if (err == ERR_OK) {
        take_reply(member, reply);
        member->heard_ns = clock_mono_ns();
    }
    if (call->early) {
        member->sent_ns = call->sent_ns;
        if (member->connected != NULL)
            end_connecting(member, err);
        if (member->beats && member->verdict == MEMBER_UNKNOWN)
            member_judge(member);
    } else if (err == ERR_OK && strcmp(before, member->suffix) == 0) {
        member->sent_ns = call->sent_ns;
    } else if (err == ERR_OK) {
        redis_reset(member->cache->redis, "another epoch begins");
    }
    free(call);
}

static void ask_redis(struct membership *member, bool early)
{
    struct cache *cache = member->cache;
    struct call *call = mem_alloc(sizeof *call);
    bool seen = member->joined && is_recent(member->looked_ns, SEEN_MS);
    char owner[OWNER_MAX], text[2 * PLACE_MAX + 8];
    struct str key, args[9];

    *call = (struct call){member, early, clock_mono_ns()};
    member->asking = true;
    snprintf(text, sizeof text, "%s serves %s", member->self.host, member->mongo);
    arena_reset(&cache->scratch);
    key = ARENA_JOIN(&cache->scratch, str_from(cache->prefix), STR(":installation"));
    args[0] = str_from(cache->prefix);
    args[1] = str_from(member->run);
    args[2] = owner_of(member, owner);
    args[3] = arena_decimal(&cache->scratch, (uint64_t)member->installation.epoch);
    args[4] = arena_decimal(&cache->scratch, (uint64_t)member->installation.beat);
    args[5] = arena_decimal(&cache->scratch, SEEN_MS);
    args[6] = seen ? str_make(member->self.id, MEMBER_ID_SIZE) : STR("");
    args[7] = str_from(text);
    args[8] = arena_decimal(&cache->scratch, HASH_LIFE_MS);
    (early ? redis_script_early : redis_script)(cache->redis, &script_member, &key, 1, args,
                                                COUNT(args), on_reply, call);
}

void member_connect(struct membership *member, struct str run,
                    void (*done)(struct cache *cache, enum err err, struct str suffix))
{
    snprintf(member->run, sizeof member->run, "%.*s", (int)run.len, run.ptr);
    member->connected = done;
    if (member->known)
        ask_redis(member, true);
    else if (!member->looking)
        look_at_mongo(member, member->beats);
}

void member_join(struct membership *member)
{
    member->joined = true;
}

bool member_is_current(const struct membership *member)
{
    return !member->beats || is_recent(member->sent_ns, CURRENT_MS);
}

struct str member_reason(const struct membership *member)
{
    return member->cache->apart ? buf_view(&member->reason) : STR("");
}

enum member_verdict member_verdict(const struct membership *member)
{
    bool silent = member->failed || redis_reason(member->cache->redis)[0] != '\0';

    return member->verdict == MEMBER_UNKNOWN && silent ? MEMBER_ALONE : member->verdict;
}

/* --- Life --- */

static void on_member_tick(uv_timer_t *timer)
{
    struct membership *member = timer->data;
    bool eager = member->verdict != MEMBER_FINE;

    if ((eager || member->ticks % REDIS_TICKS == 0) && !member->asking &&
        redis_ready(member->cache->redis))
        ask_redis(member, false);
    if (eager || member->ticks % MONGO_TICKS == 0)
        look_at_mongo(member, true);
    member->ticks++;
}

static void member_put_text(char to[static PLACE_MAX], struct str text)
{
    snprintf(to, PLACE_MAX, "%.*s", (int)text.len, text.ptr);
}

static void name_self(struct membership *member, const struct member_config *config)
{
    uint64_t random = random_u64();
    unsigned char digest[SHA256_SIZE];
    struct str database = config->mongo;

    hex_encode(&random, sizeof random, member->self.id);
    if (gethostname(member->self.host, sizeof member->self.host - 1) != 0)
        member_put_text(member->self.host, STR("?"));
    member_put_text(member->self.prefix, config->prefix);
    member_put_text(member->self.redis, config->redis);
    member_put_text(member->mongo, config->mongo);
    while (str_find(database, '/') < database.len)
        database = str_from_offset(database, str_find(database, '/') + 1);
    sha256(database, digest);
    hex_encode(digest, sizeof member->database / 2, member->database);
}

struct membership *member_new(struct cache *cache, const struct member_config *config)
{
    struct membership *member = mem_zalloc(sizeof *member);

    member->cache = cache;
    member->beats = config->beats;
    member->sessions = config->sessions;
    member->members = mem_zalloc(sizeof *member->members);
    member->neighbours = mem_zalloc(sizeof *member->neighbours);
    buf_init(&member->reason, REASON_MAX);
    name_self(member, config);
    uv_timer_init(cache->loop, &member->timer);
    member->timer.data = member;
    if (member->beats)
        uv_timer_start(&member->timer, on_member_tick, 0, TICK_MS);
    cache_handle_opened(cache);
    return member;
}

static void leave_redis(const struct membership *member)
{
    struct cache *cache = member->cache;
    struct str id = str_make(member->self.id, MEMBER_ID_SIZE);

    arena_reset(&cache->scratch);
    redis_command(cache->redis, 3,
                  (const struct str[]){
                      STR("HDEL"),
                      ARENA_JOIN(&cache->scratch, str_from(cache->prefix), STR(":installation")),
                      ARENA_JOIN(&cache->scratch, STR("worker:"), id)},
                  redis_ignore, NULL);
}

static void on_member_timer_closed(uv_handle_t *handle)
{
    cache_handle_closed(((struct membership *)handle->data)->cache);
}

void member_stop(struct membership *member)
{
    uv_close((uv_handle_t *)&member->timer, on_member_timer_closed);
    if (!member->beats)
        return;
    if (redis_ready(member->cache->redis))
        leave_redis(member);
    if (mongo_up(member->cache->mongo))
        renewal_leave(member->cache, member->self.id);
}

void member_free(struct membership *member)
{
    if (member == NULL)
        return;
    free(member->members);
    free(member->neighbours);
    buf_free(&member->reason);
    free(member);
}
