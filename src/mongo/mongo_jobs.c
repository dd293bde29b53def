/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/histogram.h"
#include "base/metrics.h"
#include "base/trace.h"
#include "mongo/mongo_state.h"

/* Queued: libuv does not know it yet, whose threads have other work, too. */
enum stage { STAGE_QUEUED, STAGE_WAITING, STAGE_RUNNING, STAGE_CALLED_OFF };

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

static void mongo_tell(struct mongo_job *job, enum err err)
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
static void mongo_release(struct mongo_job *job)
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
        mongo_note(mongo, job);
    mongo_tell(job, ran ? job->err : ERR_CANCELED);
    mongo_release(job);
    if (mongo->closing && mongo->first == NULL)
        mongo_finish_closing(mongo);
}

bool mongo_call_off(struct mongo_job *job)
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
    bool begun = !mongo_call_off(job);
    int64_t now_ns = clock_mono_ns(), until_ns = begun ? job->begun_ns : now_ns;

    account(job, until_ns, now_ns - until_ns);
    job->left = begun;
    if (begun)
        mongo_note_failure(mongo, job);
    mongo_tell(job, begun && job->write ? ERR_UNKNOWN : ERR_TIMEOUT);
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

static void mongo_start(struct mongo *mongo, struct mongo_job *job)
{
    job->mongo = mongo;
    job->request.data = job;
    job->told = job->left = false;
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
        mongo_start(mongo, job);
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
    job->told = job->left = false;
    job->err = err;
    job->trace = trace_take();
    mongo_tell(job, err);
    mongo_release(job);
}
