/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/passwords.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/trace.h"

enum { AT_WORK_MAX = 2, WAITING_MAX = 64 };

struct passwords {
    uv_loop_t *loop;
    int64_t wait_ms;
    unsigned at_work, waiting;
    struct password_job *first, **last;
};

struct passwords *passwords_new(uv_loop_t *loop, int64_t wait_ms)
{
    struct passwords *passwords = mem_zalloc(sizeof *passwords);

    passwords->loop = loop;
    passwords->wait_ms = wait_ms;
    passwords->last = &passwords->first;
    return passwords;
}

void passwords_free(struct passwords *passwords)
{
    free(passwords);
}

static void work(uv_work_t *request)
{
    struct password_job *job = request->data;

    if (job->make)
        job->err = password_hash(job->password, job->made);
    else
        job->matches = password_matches(job->password, job->hash);
}

static void worked(uv_work_t *request, int status);

/* Behind it the job may be gone. */
static void end_job(struct password_job *job)
{
    struct trace *trace = job->trace, *before = trace_enter(trace);

    job->done(job);
    trace_leave(before);
    trace_put(trace);
}

static void begin(struct passwords *passwords, struct password_job *job)
{
    passwords->at_work++;
    job->work.data = job;
    uv_queue_work(passwords->loop, &job->work, work, worked);
}

static struct password_job *take_first(struct passwords *passwords)
{
    struct password_job *job = passwords->first;

    if (job == NULL)
        return NULL;
    passwords->first = job->next;
    if (passwords->first == NULL)
        passwords->last = &passwords->first;
    passwords->waiting--;
    return job;
}

/* The next one that is still waited for; those before it are over. */
static void begin_next(struct passwords *passwords)
{
    int64_t oldest_ms = clock_mono_ms() - passwords->wait_ms;
    struct password_job *job;

    while (passwords->at_work < AT_WORK_MAX && (job = take_first(passwords)) != NULL) {
        if (job->since_ms >= oldest_ms) {
            begin(passwords, job);
        } else {
            job->err = ERR_BUSY;
            end_job(job);
        }
    }
}

static void worked(uv_work_t *request, int status)
{
    struct password_job *job = request->data;
    struct passwords *passwords = job->passwords;

    (void)status;
    passwords->at_work--;
    begin_next(passwords);
    end_job(job);
}

enum err passwords_submit(struct passwords *passwords, struct password_job *job)
{
    job->passwords = passwords;
    job->next = NULL;
    job->since_ms = clock_mono_ms();
    job->err = ERR_OK;
    job->matches = false;
    if (passwords->at_work >= AT_WORK_MAX && passwords->waiting == WAITING_MAX)
        return ERR_BUSY;
    job->trace = trace_take();
    if (passwords->at_work < AT_WORK_MAX) {
        begin(passwords, job);
        return ERR_OK;
    }
    *passwords->last = job;
    passwords->last = &job->next;
    passwords->waiting++;
    return ERR_OK;
}
