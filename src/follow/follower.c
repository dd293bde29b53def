/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "follow/follower.h"

/* The follower's life: on the loop a beat, and while that has the lock, the thread. */

enum { NAP_US = 20000 };

/* --- For the thread --- */

void follow_count(struct follow *follow, size_t lane, enum follow_kind kind)
{
    atomic_fetch_add(&follow->lanes[lane].counts[kind], 1);
}

void follow_sleep(struct follow *follow, int64_t ms)
{
    const int64_t until_ms = clock_mono_ms() + ms;

    while (!follow_is_over(follow) && clock_mono_ms() < until_ms)
        usleep(NAP_US);
}

void follow_move(struct follow *follow, size_t lane, const struct moves_change *change)
{
    while (!moves_add(follow->moves, lane, change) && !follow_is_over(follow))
        follow_sleep(follow, FOLLOW_JOIN_MS);
}

void follow_reset(struct follow *follow)
{
    for (size_t i = 0; i < follow->plan_count; i++)
        moves_all(follow->moves, i);
}

int64_t follow_clock(struct follow *follow)
{
    return atomic_load(&follow->redis_ms);
}

/* Read in the other order: the number is never of an older one than the time.  A thread that is to
 * end has let changes go. */
void follow_seen(struct follow *follow, int64_t redis_ms)
{
    if (follow_is_over(follow))
        return;
    atomic_store(&follow->seen_moves, moves_added(follow->moves));
    atomic_store(&follow->seen_ms, redis_ms);
}

void follow_complain(struct follow *follow, enum complaint complaint, const char *why)
{
    static const char *const messages[COMPLAINTS] = {
        [COMPLAINT_REFUSED] = "the change stream of the database is refused",
        [COMPLAINT_CANNOT] = "cannot follow what other programs write",
        [COMPLAINT_NONE] = "nothing follows what other programs write where no time is named",
    };
    int64_t *last_ms = &follow->complained_ms[complaint], now_ms = clock_mono_ms();

    if (*last_ms != 0 && now_ms - *last_ms < FOLLOW_REFUSED_MS)
        return;
    *last_ms = now_ms;
    if (complaint == COMPLAINT_NONE)
        log_info("follow", messages[complaint], LOG_CSTR("why", why));
    else
        log_warn("follow", messages[complaint], LOG_CSTR("why", why));
}

void follow_goes(struct follow *follow, enum follow_way way)
{
    atomic_store(&follow->way, (int)way);
}

static enum err follow_work(struct mongo_db *db, void *context)
{
    struct follow *follow = context;
    const char *why = "";
    enum err err = stream_run(follow, db, &why);

    atomic_store(&follow->refused, err == ERR_DENIED);
    if (err == ERR_DENIED)
        follow_complain(follow, COMPLAINT_REFUSED, why);
    if (err == ERR_DENIED || err == ERR_UNSUPPORTED) {
        err = times_run(follow, db, why,
                        err == ERR_DENIED ? clock_mono_ms() + FOLLOW_REFUSED_MS : INT64_MAX);
        why = "";
    }
    if (err != ERR_OK && !follow_is_over(follow))
        follow_complain(follow, COMPLAINT_CANNOT, *why != '\0' ? why : err_text(err));
    return err;
}

static void follow_run(void *context)
{
    struct follow *follow = context;

    while (!follow_is_over(follow)) {
        (void)mongo_run(follow->mongo, follow_work, follow);
        follow_sleep(follow, FOLLOW_AGAIN_MS);
    }
    atomic_store(&follow->gone, true);
    uv_async_send(&follow->ended);
}

/* --- The thread, from the loop --- */

static void follow_lead(struct follow *follow)
{
    int64_t age_ms = figures_age_ms(follow);

    if (follow->running || follow->stopping)
        return;
    log_info("follow", "this worker follows the database");
    for (size_t i = 0; i < follow->plan_count; i++)
        follow->lanes[i].asked_ms = age_ms != INT64_MAX ? clock_wall_ms() - age_ms : 0;
    atomic_store(&follow->stop, false);
    atomic_store(&follow->gone, false);
    atomic_store(&follow->way, -1);
    atomic_store(&follow->seen_ms, 0);
    follow->contact_ms = follow->at_ms = 0;
    follow->running = uv_thread_create(&follow->thread, follow_run, follow) == 0;
}

static void follow_finish(struct follow *follow);

static void follow_ended(uv_async_t *handle)
{
    struct follow *follow = handle->data;

    if (!follow->running || !atomic_load(&follow->gone))
        return;
    uv_thread_join(&follow->thread);
    follow->running = false;
    moves_drop(follow->moves);
    if (follow->stopping)
        follow_finish(follow);
}

/* --- The beat --- */

static void follow_take_state(struct follow *follow, const struct redis_value *state)
{
    size_t count = redis_count(state) / 2;

    arena_reset(&follow->told);
    follow->fields = arena_alloc(&follow->told, (count + 1) * sizeof *follow->fields);
    follow->field_count = count;
    for (size_t i = 0; i < count; i++)
        follow->fields[i] = (struct follow_field){
            arena_str(&follow->told, redis_str(redis_item(state, 2 * i))),
            arena_str(&follow->told, redis_str(redis_item(state, 2 * i + 1)))};
}

static void follow_told(void *context, enum err err, const struct redis_value *reply)
{
    struct follow *follow = context;
    int64_t now_ms;

    follow->asking = false;
    if (err == ERR_OK && redis_count(reply) == 3 &&
        str_int(redis_str(redis_item(reply, 1)), 0, INT64_MAX, &now_ms) == ERR_OK) {
        atomic_store(&follow->redis_ms, now_ms);
        follow->told_redis_ms = now_ms;
        follow->told_at_ms = clock_mono_ms();
        follow->leads = redis_int(redis_item(reply, 0)) == 1;
        follow_take_state(follow, redis_item(reply, 2));
        ways_say(follow);
        if (follow->leads)
            follow_lead(follow);
        else if (!atomic_exchange(&follow->stop, true) && follow->running)
            log_info("follow", "this worker does not follow any more: another one does");
    }
    if (follow->stopping)
        follow_finish(follow);
    else
        limits_apply(follow);
}

static void follow_ask(struct follow *follow, bool want)
{
    follow->asking = true;
    beat_send(follow, want, follow_told);
}

static void follow_beat(uv_timer_t *timer)
{
    struct follow *follow = timer->data;

    if (follow->asking)
        return;
    if (redis_ready(follow->redis))
        follow_ask(follow, true);
    else
        limits_apply(follow);
}

/* --- Life --- */

struct follow *follow_new(uv_loop_t *loop, const struct follow_config *config,
                          const struct schema *schema, struct app *app, struct cache *cache,
                          struct mongo *mongo, struct redis *redis)
{
    struct follow *follow = mem_zalloc(sizeof *follow);
    uint64_t token = random_u64();

    follow->loop = loop;
    follow->config = *config;
    follow->schema = schema;
    follow->app = app;
    follow->cache = cache;
    follow->mongo = mongo;
    follow->redis = redis;
    hex_encode(&token, sizeof token, follow->token);
    arena_init(&follow->arena, NULL, 0);
    arena_init(&follow->told, NULL, 0);
    follow->plan_count = schema_count(schema);
    follow->plans = mem_array(follow->plan_count + 1, sizeof *follow->plans);
    follow->lanes = mem_zalloc((follow->plan_count + 1) * sizeof *follow->lanes);
    for (size_t i = 0; i < follow->plan_count; i++)
        plan_init(&follow->plans[i], schema_resource(schema, i), &follow->arena);
    follow->moves = moves_new(loop, cache, redis, follow->plans, follow->plan_count);
    uv_timer_init(loop, &follow->beat);
    uv_async_init(loop, &follow->ended, follow_ended);
    follow->beat.data = follow->ended.data = follow;
    follow->handles = 2;
    app_set_follow(app, &(struct app_follow){figures_way, figures_metrics, figures_status, follow});
    return follow;
}

void follow_start(struct follow *follow)
{
    follow->started_ms = clock_mono_ms();
    limits_apply(follow);
    if (follow->config.on)
        uv_timer_start(&follow->beat, follow_beat, FOLLOW_BEAT_MS / 5, FOLLOW_BEAT_MS);
    else
        ways_say_off(follow);
}

static void follow_closed(void *context)
{
    struct follow *follow = context;

    if (--follow->handles == 0)
        moves_stop(follow->moves, follow->stopped, follow->stopped_context);
}

static void follow_handle_closed(uv_handle_t *handle)
{
    follow_closed(handle->data);
}

/* When the thread has ended, and the last beat was answered. */
static void follow_finish(struct follow *follow)
{
    if (follow->running || follow->asking || uv_is_closing((uv_handle_t *)&follow->beat))
        return;
    uv_close((uv_handle_t *)&follow->beat, follow_handle_closed);
    uv_close((uv_handle_t *)&follow->ended, follow_handle_closed);
}

void follow_stop(struct follow *follow, void (*done)(void *context), void *context)
{
    follow->stopping = true;
    follow->stopped = done;
    follow->stopped_context = context;
    atomic_store(&follow->stop, true);
    uv_timer_stop(&follow->beat);
    if (follow->leads && !follow->asking && redis_ready(follow->redis))
        follow_ask(follow, false);
    follow_finish(follow);
}

void follow_free(struct follow *follow)
{
    if (follow == NULL)
        return;
    moves_free(follow->moves);
    arena_reset(&follow->arena);
    arena_reset(&follow->told);
    free(follow->plans);
    free(follow->lanes);
    free(follow);
}
