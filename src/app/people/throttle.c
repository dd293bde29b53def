/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/throttle.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "app/people/attempts.h"
#include "app/window.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/trace.h"

/* An attempt of a worker that died is forgotten after TRYING_MS; one that finds no place looks
 * again each PAUSE_MS, for PATIENCE_MS. */
enum { TRYING_MS = 15000, PAUSE_MS = 50, PATIENCE_MS = 4000 };

enum { FAILED, TRYING, KEYS = 2 * THROTTLE_COUNTERS, ARGS = THROTTLE_COUNTERS + 1 };
/* The verdict of the script, of the worker's own table or of MongoDB. */
enum { ADMITTED, NO_PLACE, REFUSED };
enum { PLACE_MS = 3000 };

/* KEYS failed, trying, and so on; ARGV a limit for each two, and TRYING_MS.  Gives one of the
 * above, and for how long the window of a refusal is still open. */
static struct redis_script script_begin = {
    .kind = HISTOGRAM_REDIS_COUNT,
    .text = STR_INIT("local place, wait = true, 0\n"
                     "for i = 1, #KEYS, 2 do\n"
                     "  local limit = tonumber(ARGV[(i + 1) / 2])\n"
                     "  local failed = tonumber(redis.call('GET', KEYS[i]) or '0')\n"
                     "  local trying = tonumber(redis.call('GET', KEYS[i + 1]) or '0')\n"
                     "  if failed >= limit then\n"
                     "    wait = math.max(wait, redis.call('PTTL', KEYS[i]), 1)\n"
                     "  elseif failed + trying >= limit then\n"
                     "    place = false\n"
                     "  end\n"
                     "end\n"
                     "if wait > 0 then return {2, wait} end\n"
                     "if not place then return {1, 0} end\n"
                     "for i = 2, #KEYS, 2 do\n"
                     "  redis.call('INCR', KEYS[i])\n"
                     "  if redis.call('PTTL', KEYS[i]) < 0 then\n"
                     "    redis.call('PEXPIRE', KEYS[i], ARGV[#ARGV])\n"
                     "  end\n"
                     "end\n"
                     "return {0, 0}\n")};
/* KEYS likewise; ARGV the length of the window in ms, nothing when the attempt did not fail.  The
 * first failure opens the window, and the counter never stays without an end. */
static struct redis_script script_end = {
    .kind = HISTOGRAM_REDIS_COUNT,
    .text = STR_INIT("for i = 1, #KEYS, 2 do\n"
                     "  if redis.call('EXISTS', KEYS[i + 1]) == 1 and\n"
                     "     redis.call('DECR', KEYS[i + 1]) <= 0 then\n"
                     "    redis.call('DEL', KEYS[i + 1])\n"
                     "  end\n"
                     "  if ARGV[1] then\n"
                     "    redis.call('INCR', KEYS[i])\n"
                     "    if redis.call('PTTL', KEYS[i]) < 0 then\n"
                     "      redis.call('PEXPIRE', KEYS[i], ARGV[1])\n"
                     "    end\n"
                     "  end\n"
                     "end\n"
                     "return 1\n")};

static const struct kind {
    struct str failed, trying;
    int64_t limit;
} kinds[THROTTLE_COUNTERS] = {
    {STR_INIT("throttle:account"), STR_INIT("throttle:trying:account"), THROTTLE_ACCOUNT_MAX},
    {STR_INIT("throttle:address"), STR_INIT("throttle:trying:address"), THROTTLE_ADDRESS_MAX},
};

void throttle_init(struct throttle *throttle, struct app *app, const struct request *request,
                   struct str account)
{
    unsigned char digest[SHA256_SIZE];
    char address[CLIENT_MAX];
    struct str who[THROTTLE_COUNTERS];

    *throttle = (struct throttle){.app = app};
    sha256(account, digest);
    hex_encode(digest, sizeof digest, throttle->account);
    who[0] = str_make(throttle->account, sizeof throttle->account);
    who[1] = client_address(&app->proxies, request, address);
    for (size_t i = 0; i < THROTTLE_COUNTERS; i++) {
        throttle->failed[i] =
            counter_name(app, kinds[i].failed, who[i], throttle->rooms[FAILED + 2 * i]);
        throttle->trying[i] =
            counter_name(app, kinds[i].trying, who[i], throttle->rooms[TRYING + 2 * i]);
    }
}

/* --- By the worker's own table --- */

static int decide_here(const struct throttle *throttle, int64_t *wait_ms)
{
    const struct windows *windows = throttle->app->windows;
    int64_t now_ms = clock_mono_ms(), left_ms;
    int verdict = ADMITTED;

    *wait_ms = 0;
    for (size_t i = 0; i < THROTTLE_COUNTERS; i++) {
        int64_t failed = windows_count(windows, throttle->failed[i], now_ms, &left_ms);

        if (failed >= kinds[i].limit) {
            verdict = REFUSED;
            *wait_ms = left_ms > *wait_ms ? left_ms : *wait_ms;
        } else if (verdict == ADMITTED &&
                   failed + windows_count(windows, throttle->trying[i], now_ms, NULL) >=
                       kinds[i].limit) {
            verdict = NO_PLACE;
        }
    }
    return verdict;
}

/* What is admitted and what has failed is counted here in any case, so that this worker goes on
 * from what it knows when Redis does not answer. */
static void admit_here(const struct throttle *throttle)
{
    for (size_t i = 0; i < THROTTLE_COUNTERS; i++)
        windows_take(throttle->app->windows, throttle->trying[i], TRYING_MS, clock_mono_ms(), NULL);
}

static void end_here(const struct throttle *throttle, bool failed)
{
    struct windows *windows = throttle->app->windows;
    int64_t now_ms = clock_mono_ms();

    for (size_t i = 0; i < THROTTLE_COUNTERS; i++) {
        windows_give(windows, throttle->trying[i], now_ms);
        if (failed)
            windows_take(windows, throttle->failed[i], THROTTLE_WINDOW_MS, now_ms, NULL);
    }
}

/* MongoDB knows of a lock that this worker has not seen made. */
static void lock_here(const struct throttle *throttle, int64_t left_ms)
{
    struct windows *windows = throttle->app->windows;
    int64_t now_ms = clock_mono_ms();

    while (windows_count(windows, throttle->failed[0], now_ms, NULL) < kinds[0].limit)
        windows_take(windows, throttle->failed[0], left_ms, now_ms, NULL);
}

/* --- In Redis --- */

static void keys_of(const struct throttle *throttle, struct str keys[static KEYS])
{
    for (size_t i = 0; i < THROTTLE_COUNTERS; i++) {
        keys[2 * i] = throttle->failed[i];
        keys[2 * i + 1] = throttle->trying[i];
    }
}

static void end_in_redis(const struct throttle *throttle, bool failed)
{
    char room[DECIMAL_MAX];
    struct str keys[KEYS], window = str_decimal(THROTTLE_WINDOW_MS, room);

    if (!redis_ready(throttle->app->redis))
        return;
    keys_of(throttle, keys);
    redis_script(throttle->app->redis, &script_end, keys, KEYS, &window, failed, redis_ignore,
                 NULL);
}

/* Redis has lost the counter, or never had it. */
static void lock_in_redis(const struct throttle *throttle, int64_t left_ms)
{
    char limit[DECIMAL_MAX], left[DECIMAL_MAX];

    if (redis_ready(throttle->app->redis))
        redis_command(throttle->app->redis, 5,
                      (const struct str[]){STR("SET"), throttle->failed[0],
                                           str_decimal((uint64_t)kinds[0].limit, limit), STR("PX"),
                                           str_decimal((uint64_t)left_ms, left)},
                      redis_ignore, NULL);
}

/* --- Waiting for a place --- */

struct pause {
    uv_timer_t timer;
    struct throttle *throttle;
    struct trace *trace; /* of the request */
};

static void throttle_ask(struct throttle *throttle);

static void on_throttle_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_throttle_time(uv_timer_t *timer)
{
    struct pause *pause = timer->data;
    struct throttle *throttle = pause->throttle;
    struct trace *before = trace_enter(pause->trace);

    uv_close((uv_handle_t *)timer, on_throttle_closed);
    throttle_ask(throttle);
    trace_leave(before);
    trace_put(pause->trace);
}

static void look_again(struct throttle *throttle)
{
    struct pause *pause;

    if (clock_mono_ms() >= throttle->patience_until_ms) {
        throttle->done(throttle, ERR_RANGE, PAUSE_MS);
        return;
    }
    pause = mem_alloc(sizeof *pause);
    pause->throttle = throttle;
    pause->trace = trace_take();
    uv_timer_init(throttle->app->loop, &pause->timer);
    pause->timer.data = pause;
    uv_timer_start(&pause->timer, on_throttle_time, PAUSE_MS, 0);
}

/* --- In MongoDB --- */

/* Outlives the throttle, which must not be touched but in done. */
struct place {
    struct mongo_job job;
    struct attempt attempt;
    struct throttle *throttle;
    bool failed;
    char account[2 * SHA256_SIZE];
};

static struct place *place_new(const struct throttle *throttle)
{
    struct place *place = mem_zalloc(sizeof *place);

    memcpy(place->account, throttle->account, sizeof place->account);
    place->attempt = (struct attempt){.account = str_make(place->account, sizeof place->account),
                                      .limit = kinds[0].limit,
                                      .window_ms = THROTTLE_WINDOW_MS};
    return place;
}

static void place_submit(struct place *place, const struct throttle *throttle,
                         enum err (*work)(struct mongo_db *db, void *context),
                         void (*done)(void *context, enum err err))
{
    place->job = (struct mongo_job){.work = work,
                                    .done = done,
                                    .release = free,
                                    .context = place,
                                    .deadline_ms = clock_mono_ms() + PLACE_MS,
                                    .write = true};
    mongo_submit_or_tell(throttle->app->mongo, &place->job);
}

static enum err take_place(struct mongo_db *db, void *context)
{
    return attempts_take(db, &((struct place *)context)->attempt);
}

static void on_place(void *context, enum err err)
{
    const struct place *place = context;
    struct throttle *throttle = place->throttle;

    if (err != ERR_OK) {
        end_here(throttle, false);
        end_in_redis(throttle, false);
    }
    if (err == ERR_NOT_FOUND && place->attempt.locked) {
        lock_here(throttle, place->attempt.left_ms);
        lock_in_redis(throttle, place->attempt.left_ms);
        throttle->done(throttle, ERR_RANGE, place->attempt.left_ms);
    } else if (err == ERR_NOT_FOUND) {
        look_again(throttle);
    } else {
        throttle->done(throttle, err == ERR_UNKNOWN ? ERR_UNAVAILABLE : err, 0);
    }
}

static enum err end_place(struct mongo_db *db, void *context)
{
    const struct place *place = context;

    return place->failed ? attempts_fail(db, &place->attempt) : attempts_give(db, &place->attempt);
}

/* What cannot be sent keeps its place until its window ends. */
static void on_ended(void *context, enum err err)
{
    (void)context, (void)err;
}

/* --- The verdict: the stricter of the three --- */

static void throttle_take(struct throttle *throttle, int verdict, int64_t wait_ms)
{
    struct place *place;

    if (verdict == REFUSED) {
        throttle->done(throttle, ERR_RANGE, wait_ms);
    } else if (verdict == NO_PLACE) {
        look_again(throttle);
    } else {
        admit_here(throttle);
        place = place_new(throttle);
        place->throttle = throttle;
        place_submit(place, throttle, take_place, on_place);
    }
}

static void on_decided(void *context, enum err err, const struct redis_value *reply)
{
    if (err == ERR_OK && redis_count(reply) == 2)
        throttle_take(context, (int)redis_int(redis_item(reply, 0)),
                      redis_int(redis_item(reply, 1)));
    else
        throttle_take(context, ADMITTED, 0);
}

/* This worker's table has admitted it. */
static void ask_redis(struct throttle *throttle)
{
    struct redis *redis = throttle->app->redis;
    struct str keys[KEYS], args[ARGS];
    char rooms[ARGS][DECIMAL_MAX];

    if (!redis_ready(redis)) {
        redis_wake(redis);
        throttle_take(throttle, ADMITTED, 0);
        return;
    }
    keys_of(throttle, keys);
    for (size_t i = 0; i < THROTTLE_COUNTERS; i++)
        args[i] = str_decimal((uint64_t)kinds[i].limit, rooms[i]);
    args[THROTTLE_COUNTERS] = str_decimal(TRYING_MS, rooms[THROTTLE_COUNTERS]);
    redis_script(redis, &script_begin, keys, KEYS, args, ARGS, on_decided, throttle);
}

static void throttle_ask(struct throttle *throttle)
{
    int64_t wait_ms;
    int verdict = decide_here(throttle, &wait_ms);

    if (verdict == ADMITTED)
        ask_redis(throttle);
    else
        throttle_take(throttle, verdict, wait_ms);
}

void throttle_begin(struct throttle *throttle)
{
    throttle->patience_until_ms = clock_mono_ms() + PATIENCE_MS;
    throttle_ask(throttle);
}

void throttle_end(struct throttle *throttle, bool failed)
{
    struct place *place = place_new(throttle);

    end_here(throttle, failed);
    end_in_redis(throttle, failed);
    place->failed = failed;
    place_submit(place, throttle, end_place, on_ended);
}
