/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/mongo.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/idiom.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/trace.h"
#include "store/breaker.h"
#include "store/driver.h"
#include "store/mongo_ping.h"
#include "store/mongo_uri.h"

enum { THREADS = 4, QUEUE = 64, BREAKER_FAILURES = 3, BREAKER_MS = 250 };

/* Queued: libuv does not know it yet, whose threads have other work, too. */
enum stage { STAGE_QUEUED, STAGE_WAITING, STAGE_RUNNING, STAGE_CALLED_OFF };

struct mongo {
    struct mongo_config config;
    char *database;
    mongoc_client_pool_t *pool;
    unsigned pending, working;
    bool closing, greeted;
    struct breaker breaker;
    struct mongo_ping *ping;
    struct mongo_job *first, *last; /* jobs not yet ended, the oldest first */
    uv_timer_t deadlines, beat;
    int64_t armed_ms; /* when the timer of the deadlines is due; 0: not running */
    void (*done)(void *context);
    void *done_context;
    unsigned handles;
};

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

static void note_failure(struct mongo *mongo, const struct mongo_job *job)
{
    if (!mongo->closing && breaker_failure(&mongo->breaker, job->begun_ns))
        mongo_ping_now(mongo->ping);
}

static void note(struct mongo *mongo, const struct mongo_job *job)
{
    enum err err = job->err;
    bool lost = (err == ERR_UNAVAILABLE || err == ERR_UNKNOWN) && !job->answered;

    if (lost && !job->told)
        note_failure(mongo, job);
    else if (!lost && err != ERR_TIMEOUT && err != ERR_CANCELED && err != ERR_DENIED &&
             err != ERR_FORBIDDEN)
        note_success(mongo);
}

/* The pings: no request has to find out. */

static void on_beat(uv_timer_t *timer)
{
    mongo_ping_now(((struct mongo *)timer->data)->ping);
}

static void beat_later(struct mongo *mongo)
{
    unsigned ms =
        breaker_doubts(&mongo->breaker) ? mongo->config.breaker_ms : mongo->config.beat_ms;

    if (ms > 0 && !mongo->closing)
        uv_timer_start(&mongo->beat, on_beat, ms, 0);
}

static void on_ping(void *context, enum err err, int64_t begun_ns)
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

/* Jobs. */

static void show_load(const struct mongo *mongo)
{
    gauge_set(GAUGE_THREADS_BUSY, mongo->working);
    gauge_set(GAUGE_QUEUE_LENGTH, mongo->pending - mongo->working);
}

static void link_job(struct mongo *mongo, struct mongo_job *job)
{
    job->next = NULL;
    job->prev = mongo->last;
    if (job->prev != NULL)
        job->prev->next = job;
    else
        mongo->first = job;
    mongo->last = job;
    mongo->pending++;
}

static void unlink_job(struct mongo *mongo, struct mongo_job *job)
{
    if (job->prev != NULL)
        job->prev->next = job->next;
    else
        mongo->first = job->next;
    if (job->next != NULL)
        job->next->prev = job->prev;
    else
        mongo->last = job->prev;
    mongo->pending--;
}

static enum err with_client(struct mongo *mongo, int64_t deadline_ms, const struct trace *trace,
                            enum err (*work)(struct mongo_db *db, void *context), void *context)
{
    char room[TRACE_COMMENT_SIZE];
    struct mongo_db db = {
        .client = mongoc_client_pool_pop(mongo->pool),
        .name = mongo->database,
        .deadline_ms = deadline_ms,
        .comment = trace != NULL ? trace_comment(trace, room) : STR(""),
    };
    enum err err;

    if (db.client == NULL)
        return ERR_UNAVAILABLE;
    metric_inc(METRIC_MONGO_OPERATIONS);
    err = work(&db, context);
    mongoc_client_pool_push(mongo->pool, db.client);
    return err;
}

enum err mongo_run(struct mongo *mongo, enum err (*work)(struct mongo_db *db, void *context),
                   void *context)
{
    return with_client(mongo, 0, NULL, work, context);
}

/* On a thread. */
static void on_work(uv_work_t *request)
{
    struct mongo_job *job = request->data;
    int waiting = STAGE_WAITING;

    job->begun_ns = clock_mono_ns();
    if (!atomic_compare_exchange_strong(&job->stage, &waiting, STAGE_RUNNING))
        return;
    histogram_add(HISTOGRAM_QUEUE_WAIT, job->begun_ns - job->queued_ns);
    mongo_error_forget();
    job->err = with_client(job->mongo, job->write ? 0 : job->deadline_ms, job->trace, job->work,
                           job->context);
    job->answered = mongo_error_was_answer();
    job->took_ns = clock_mono_ns() - job->begun_ns;
}

static void tell(struct mongo_job *job, enum err err)
{
    struct trace *before;

    if (job->told)
        return;
    job->told = true;
    before = trace_enter(job->trace);
    job->done(job->context, err);
    trace_leave(before);
}

/* Behind it the job may be gone. */
static void release(struct mongo_job *job)
{
    struct trace *trace = job->trace;

    if (job->release != NULL)
        job->release(job->context);
    trace_put(trace);
}

/* What the request has waited for, in the queue until until_ns and then for mongo_ns. */
static void account(struct mongo_job *job, int64_t until_ns, int64_t mongo_ns)
{
    if (job->trace == NULL || job->told)
        return;
    job->trace->queue_ns += until_ns - job->queued_ns;
    job->trace->mongo_ns += mongo_ns;
}

static void finish_closing(struct mongo *mongo);
static void on_ended(uv_work_t *request, int status);

static void hand_over(struct mongo_job *job, enum stage stage)
{
    job->mongo->working++;
    atomic_store(&job->stage, stage);
    (void)uv_queue_work(job->mongo->config.loop, &job->request, on_work, on_ended);
}

static void hand_over_next(struct mongo *mongo)
{
    struct mongo_job *job = mongo->first;

    if (mongo->working >= mongo->config.threads)
        return;
    while (job != NULL && atomic_load(&job->stage) != STAGE_QUEUED)
        job = job->next;
    if (job != NULL)
        hand_over(job, STAGE_WAITING);
}

static void on_ended(uv_work_t *request, int status)
{
    struct mongo_job *job = request->data;
    struct mongo *mongo = job->mongo;
    bool ran = atomic_load(&job->stage) == STAGE_RUNNING;

    (void)status;
    unlink_job(mongo, job);
    mongo->working--;
    hand_over_next(mongo);
    show_load(mongo);
    account(job, ran ? job->begun_ns : clock_mono_ns(), ran ? job->took_ns : 0);
    if (ran)
        note(mongo, job);
    tell(job, ran ? job->err : ERR_CANCELED);
    release(job);
    if (mongo->closing && mongo->first == NULL)
        finish_closing(mongo);
}

static bool call_off(struct mongo_job *job)
{
    int waiting = STAGE_WAITING;

    if (atomic_load(&job->stage) == STAGE_QUEUED)
        hand_over(job, STAGE_CALLED_OFF);
    else if (!atomic_compare_exchange_strong(&job->stage, &waiting, STAGE_CALLED_OFF))
        return false;
    uv_cancel((uv_req_t *)&job->request);
    return true;
}

/* Deadlines. */

static void on_deadline(uv_timer_t *timer);

static void arm(struct mongo *mongo, int64_t deadline_ms)
{
    int64_t left = deadline_ms - clock_mono_ms();

    if (mongo->armed_ms != 0 && mongo->armed_ms <= deadline_ms)
        return;
    mongo->armed_ms = deadline_ms;
    uv_update_time(mongo->config.loop);
    uv_timer_start(&mongo->deadlines, on_deadline, left > 0 ? (uint64_t)left : 0, 0);
}

static void expire(struct mongo *mongo, struct mongo_job *job)
{
    bool begun = !call_off(job);
    int64_t now_ns = clock_mono_ns(), until_ns = begun ? job->begun_ns : now_ns;

    account(job, until_ns, now_ns - until_ns);
    if (begun)
        note_failure(mongo, job);
    tell(job, begun && job->write ? ERR_UNKNOWN : ERR_TIMEOUT);
}

/* A callback may submit or end others, so the list is looked at anew after each. */
static struct mongo_job *find_expired(struct mongo *mongo, int64_t now, int64_t *next)
{
    *next = 0;
    for (struct mongo_job *job = mongo->first; job != NULL; job = job->next) {
        if (job->told || job->deadline_ms == 0)
            continue;
        if (job->deadline_ms <= now)
            return job;
        if (*next == 0 || job->deadline_ms < *next)
            *next = job->deadline_ms;
    }
    return NULL;
}

static void on_deadline(uv_timer_t *timer)
{
    struct mongo *mongo = timer->data;
    int64_t now = clock_mono_ms(), next;
    struct mongo_job *job;

    mongo->armed_ms = 0;
    while ((job = find_expired(mongo, now, &next)) != NULL)
        expire(mongo, job);
    if (next != 0)
        arm(mongo, next);
}

static void start(struct mongo *mongo, struct mongo_job *job)
{
    job->mongo = mongo;
    job->request.data = job;
    job->told = false;
    job->err = ERR_INTERNAL;
    job->trace = trace_take();
    job->queued_ns = clock_mono_ns();
    atomic_store(&job->stage, STAGE_QUEUED);
    link_job(mongo, job);
    hand_over_next(mongo);
    show_load(mongo);
    if (job->deadline_ms != 0)
        arm(mongo, job->deadline_ms);
}

enum err mongo_submit(struct mongo *mongo, struct mongo_job *job)
{
    if (!mongo->closing && !mongo->breaker.open &&
        mongo->pending < mongo->config.threads + mongo->config.queue) {
        start(mongo, job);
        return ERR_OK;
    }
    metric_inc(METRIC_MONGO_REFUSED);
    return mongo->closing || mongo->breaker.open ? ERR_UNAVAILABLE : ERR_BUSY;
}

void mongo_submit_or_tell(struct mongo *mongo, struct mongo_job *job)
{
    enum err err = mongo_submit(mongo, job);

    if (err == ERR_OK)
        return;
    job->told = false;
    job->err = err;
    job->trace = trace_take();
    tell(job, err);
    release(job);
}

/* Making and ending. */

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
                                       .told = on_ping,
                                       .context = mongo};

    mongo->ping = mongo_ping_new(&config);
    mongo->handles++;
    uv_unref((uv_handle_t *)&mongo->beat);
    if (mongo->config.beat_ms > 0)
        uv_timer_start(&mongo->beat, on_beat, 0, 0);
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

static void on_timer_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

static void finish_closing(struct mongo *mongo)
{
    if (uv_is_closing((uv_handle_t *)&mongo->deadlines))
        return;
    uv_close((uv_handle_t *)&mongo->deadlines, on_timer_closed);
    uv_close((uv_handle_t *)&mongo->beat, on_timer_closed);
    mongo_ping_close(mongo->ping, on_part_closed, mongo);
}

void mongo_close(struct mongo *mongo, void (*done)(void *context), void *context)
{
    mongo->closing = true;
    mongo->done = done;
    mongo->done_context = context;
    for (struct mongo_job *job = mongo->first; job != NULL; job = job->next)
        call_off(job);
    if (mongo->config.loop == NULL)
        mongo_free(mongo);
    else if (mongo->first == NULL)
        finish_closing(mongo);
}
