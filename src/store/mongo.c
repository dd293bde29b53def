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
#include "store/collection.h"
#include "store/driver.h"
#include "store/mongo_uri.h"

enum { THREADS = 4, QUEUE = 64, BREAKER_FAILURES = 3, BREAKER_MS = 500 };

/* Queued: libuv does not know it yet, whose threads have other work, too. */
enum stage { STAGE_QUEUED, STAGE_WAITING, STAGE_RUNNING, STAGE_CALLED_OFF };

struct mongo {
    struct mongo_config config;
    char *database;
    mongoc_client_pool_t *pool;
    unsigned pending, working, failures;
    bool open, closing, greeted, pinging;
    uint64_t outages;
    struct mongo_job *first, *last; /* jobs not yet ended, the oldest first */
    struct mongo_job ping;
    uv_timer_t deadlines, breaker;
    int64_t armed_ms; /* when the timer of the deadlines is due; 0: not running */
    void (*done)(void *context);
    void *done_context;
    unsigned handles;
};

bool mongo_up(const struct mongo *mongo)
{
    return !mongo->open;
}

uint64_t mongo_outage(const struct mongo *mongo)
{
    return mongo->open ? mongo->outages : 0;
}

/* The breaker. */

static void change(struct mongo *mongo, bool up)
{
    mongo->open = !up;
    mongo->outages += !up;
    if (mongo->config.on_change != NULL)
        mongo->config.on_change(mongo->config.context, up);
}

static void on_breaker_due(uv_timer_t *timer);

static void note_failure(struct mongo *mongo)
{
    mongo->failures++;
    if (mongo->open || mongo->closing || mongo->failures < mongo->config.breaker_failures)
        return;
    log_warn("mongo", "not reachable", LOG_INT("failures", mongo->failures));
    uv_timer_start(&mongo->breaker, on_breaker_due, mongo->config.breaker_ms, 0);
    change(mongo, false);
}

static void note_success(struct mongo *mongo)
{
    mongo->failures = 0;
    if (mongo->open || !mongo->greeted)
        log_info("mongo", "ready", LOG_CSTR("database", mongo->database));
    mongo->greeted = true;
    if (!mongo->open)
        return;
    uv_timer_stop(&mongo->breaker);
    change(mongo, true);
}

static void note(struct mongo *mongo, enum err err)
{
    if (err == ERR_UNAVAILABLE || err == ERR_UNKNOWN)
        note_failure(mongo);
    else if (err != ERR_TIMEOUT && err != ERR_CANCELED && err != ERR_DENIED)
        note_success(mongo);
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
    mongo->pending += !job->probe;
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
    mongo->pending -= !job->probe;
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
    err = work(&db, context);
    mongoc_client_pool_push(mongo->pool, db.client);
    return err;
}

enum err mongo_run(struct mongo *mongo, enum err (*work)(struct mongo_db *db, void *context),
                   void *context)
{
    metric_inc(METRIC_MONGO_OPERATIONS);
    return with_client(mongo, 0, NULL, work, context);
}

/* On a thread. */
static void on_work(uv_work_t *request)
{
    struct mongo_job *job = request->data;
    int waiting = STAGE_WAITING;

    job->began_ns = clock_mono_ns();
    if (!atomic_compare_exchange_strong(&job->stage, &waiting, STAGE_RUNNING))
        return;
    if (!job->uncounted)
        metric_inc(METRIC_MONGO_OPERATIONS);
    if (!job->probe)
        histogram_add(HISTOGRAM_QUEUE_WAIT, job->began_ns - job->queued_ns);
    job->err = with_client(job->mongo, job->write ? 0 : job->deadline_ms, job->trace, job->work,
                           job->context);
    job->took_ns = clock_mono_ns() - job->began_ns;
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
    job->mongo->working += !job->probe;
    show_load(job->mongo);
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
    mongo->working -= !job->probe;
    hand_over_next(mongo);
    show_load(mongo);
    account(job, ran ? job->began_ns : clock_mono_ns(), ran ? job->took_ns : 0);
    if (ran)
        note(mongo, job->err);
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
    int64_t now_ns = clock_mono_ns();

    if (call_off(job)) {
        account(job, now_ns, 0);
        tell(job, ERR_TIMEOUT);
        return;
    }
    account(job, job->began_ns, now_ns - job->began_ns);
    note_failure(mongo);
    tell(job, job->write ? ERR_UNKNOWN : ERR_TIMEOUT);
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
    job->took_ns = 0;
    atomic_store(&job->stage, STAGE_QUEUED);
    link_job(mongo, job);
    if (job->probe)
        hand_over(job, STAGE_WAITING);
    else
        hand_over_next(mongo);
    show_load(mongo);
    if (job->deadline_ms != 0)
        arm(mongo, job->deadline_ms);
}

enum err mongo_submit(struct mongo *mongo, struct mongo_job *job)
{
    if (!mongo->closing && !mongo->open &&
        mongo->pending < mongo->config.threads + mongo->config.queue) {
        start(mongo, job);
        return ERR_OK;
    }
    metric_inc(METRIC_MONGO_REFUSED);
    return mongo->closing || mongo->open ? ERR_UNAVAILABLE : ERR_BUSY;
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

/* The ping behind the open breaker: no request has to find out. */

static enum err ping(struct mongo_db *db, void *context)
{
    (void)context;
    return collection_ping(db);
}

static void ping_again(struct mongo *mongo)
{
    if (mongo->open && !mongo->closing)
        uv_timer_start(&mongo->breaker, on_breaker_due, mongo->config.breaker_ms, 0);
}

static void on_ping(void *context, enum err err)
{
    (void)err;
    ping_again(context);
}

static void on_ping_over(void *context)
{
    ((struct mongo *)context)->pinging = false;
}

/* The ping of an outage before may still be under way: a late answer to something else has ended
 * that one. */
static void on_breaker_due(uv_timer_t *timer)
{
    struct mongo *mongo = timer->data;

    if (mongo->pinging) {
        ping_again(mongo);
        return;
    }
    mongo->pinging = true;
    mongo->ping = (struct mongo_job){
        .work = ping, .done = on_ping, .release = on_ping_over, .context = mongo, .probe = true};
    start(mongo, &mongo->ping);
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
    return full;
}

static void add_timer(struct mongo *mongo, uv_timer_t *timer)
{
    uv_timer_init(mongo->config.loop, timer);
    timer->data = mongo;
    mongo->handles++;
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
    pool = driver_pool(uri, full.threads);
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
    if (config->loop != NULL) {
        add_timer(mongo, &mongo->deadlines);
        add_timer(mongo, &mongo->breaker);
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

static void on_timer_closed(uv_handle_t *handle)
{
    struct mongo *mongo = handle->data;

    if (--mongo->handles == 0)
        mongo_free(mongo);
}

static void finish_closing(struct mongo *mongo)
{
    if (uv_is_closing((uv_handle_t *)&mongo->deadlines))
        return;
    uv_close((uv_handle_t *)&mongo->deadlines, on_timer_closed);
    uv_close((uv_handle_t *)&mongo->breaker, on_timer_closed);
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
