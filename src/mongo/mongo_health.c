/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/log.h"
#include "mongo/mongo_state.h"

bool mongo_up(const struct mongo *mongo)
{
    return !mongo->breaker.open;
}

int64_t mongo_away_ns(const struct mongo *mongo)
{
    return mongo->breaker.away_ns;
}

int64_t mongo_silent_ms(const struct mongo *mongo)
{
    int64_t answered_ns = mongo->breaker.succeeded_ns;

    return answered_ns != 0 ? (clock_mono_ns() - answered_ns) / 1000000 : INT64_MAX;
}

/* The breaker. */

static void change(struct mongo *mongo, bool up)
{
    if (mongo->config.on_change != NULL)
        mongo->config.on_change(mongo->config.context, up);
}

static void note_success(struct mongo *mongo)
{
    bool closes = breaker_success(&mongo->breaker, clock_mono_ns());

    if (closes || !mongo->greeted)
        log_info("mongo", "ready", LOG_CSTR("database", mongo->database));
    mongo->greeted = true;
    if (closes)
        change(mongo, true);
}

void mongo_note_failure(struct mongo *mongo, const struct mongo_job *job)
{
    if (!mongo->closing && breaker_failure(&mongo->breaker, job->begun_ns))
        mongo_ping_now(mongo->ping);
}

void mongo_note(struct mongo *mongo, const struct mongo_job *job)
{
    enum err err = job->err;
    bool lost = (err == ERR_UNAVAILABLE || err == ERR_UNKNOWN) && !job->answered;

    if (lost && !job->told)
        mongo_note_failure(mongo, job);
    else if (!lost && err != ERR_TIMEOUT && err != ERR_CANCELED && err != ERR_DENIED &&
             err != ERR_FORBIDDEN)
        note_success(mongo);
}

/* The pings: no request has to find out. */

void mongo_on_beat(uv_timer_t *timer)
{
    mongo_ping_now(((struct mongo *)timer->data)->ping);
}

static void beat_later(struct mongo *mongo)
{
    unsigned ms =
        breaker_doubts(&mongo->breaker) ? mongo->config.breaker_ms : mongo->config.beat_ms;

    if (ms > 0 && !mongo->closing)
        uv_timer_start(&mongo->beat, mongo_on_beat, ms, 0);
}

void mongo_on_ping(void *context, enum err err, int64_t begun_ns)
{
    struct mongo *mongo = context;

    if (mongo->closing)
        return;
    if (err == ERR_OK) {
        note_success(mongo);
    } else if (err != ERR_DENIED &&
               breaker_ping_failure(&mongo->breaker, begun_ns, clock_mono_ns())) {
        log_warn("mongo", "not reachable", LOG_INT("failures", mongo->breaker.failures));
        change(mongo, false);
    }
    beat_later(mongo);
}

void mongo_ask(struct mongo *mongo, struct mongo_ask *ask)
{
    mongo_ping_ask(mongo->ping, ask);
}
