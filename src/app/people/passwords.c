/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/passwords.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/trace.h"

enum { AT_WORK_MAX = 2, SIGN_UP_EVERY = 4 };

struct passwords {
    uv_loop_t *loop;
    int64_t wait_ms;
    struct password_job *at_work[AT_WORK_MAX];
    struct password_job *waiting[PASSWORDS_MAX]; /* in the order of their coming */
    size_t at_work_count, waiting_count;
    unsigned sign_ins; /* begun since the last sign-up */
};

struct passwords *passwords_new(uv_loop_t *loop, int64_t wait_ms)
{
    struct passwords *passwords = mem_zalloc(sizeof *passwords);

    passwords->loop = loop;
    passwords->wait_ms = wait_ms;
    return passwords;
}

void passwords_free(struct passwords *passwords)
{
    free(passwords);
}

/* --- Whose turn it is --- */

static unsigned count_like(struct password_job *const *jobs, size_t count,
                           const struct password_job *job)
{
    unsigned like = 0;

    for (size_t i = 0; i < count; i++)
        like += (jobs[i]->address == job->address ? 1U : 0U) +
                (jobs[i]->account == job->account ? 1U : 0U);
    return like;
}

static size_t count_use(const struct passwords *passwords, enum password_use use)
{
    size_t found = 0;

    for (size_t i = 0; i < passwords->waiting_count; i++)
        found += passwords->waiting[i]->use == use;
    return found;
}

/* The first of the least rank among those of this use; waiting_count when there is none. */
static size_t find_next(const struct passwords *passwords, enum password_use use)
{
    size_t best = passwords->waiting_count;

    for (size_t i = 0; i < passwords->waiting_count; i++)
        if (passwords->waiting[i]->use == use &&
            (best == passwords->waiting_count ||
             passwords->waiting[i]->rank < passwords->waiting[best]->rank))
            best = i;
    return best;
}

/* The last of the greatest rank among those of this use. */
static size_t find_last(const struct passwords *passwords, enum password_use use)
{
    size_t worst = passwords->waiting_count;

    for (size_t i = 0; i < passwords->waiting_count; i++)
        if (passwords->waiting[i]->use == use &&
            (worst == passwords->waiting_count ||
             passwords->waiting[i]->rank >= passwords->waiting[worst]->rank))
            worst = i;
    return worst;
}

static struct password_job *take_at(struct passwords *passwords, size_t at)
{
    struct password_job *job = passwords->waiting[at];

    passwords->waiting_count--;
    for (size_t i = at; i < passwords->waiting_count; i++)
        passwords->waiting[i] = passwords->waiting[i + 1];
    return job;
}

static struct password_job *take_next(struct passwords *passwords)
{
    bool sign_up_turn = passwords->sign_ins + 1 >= SIGN_UP_EVERY;
    enum password_use first = sign_up_turn ? PASSWORD_SIGN_UP : PASSWORD_SIGN_IN;
    enum password_use second = sign_up_turn ? PASSWORD_SIGN_IN : PASSWORD_SIGN_UP;
    size_t at = find_next(passwords, first);

    if (at == passwords->waiting_count)
        at = find_next(passwords, second);
    return at < passwords->waiting_count ? take_at(passwords, at) : NULL;
}

/* --- Work --- */

static void passwords_work(uv_work_t *request)
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

static void passwords_begin(struct passwords *passwords, struct password_job *job)
{
    passwords->at_work[passwords->at_work_count++] = job;
    passwords->sign_ins = job->use == PASSWORD_SIGN_UP ? 0 : passwords->sign_ins + 1;
    job->work.data = job;
    uv_queue_work(passwords->loop, &job->work, passwords_work, worked);
}

static void passwords_refuse(struct password_job *job)
{
    job->err = ERR_BUSY;
    end_job(job);
}

/* The next ones that are still waited for; those whose time is up are over. */
static void begin_next(struct passwords *passwords)
{
    int64_t oldest_ms = clock_mono_ms() - passwords->wait_ms;
    struct password_job *job;

    while (passwords->at_work_count < AT_WORK_MAX && (job = take_next(passwords)) != NULL) {
        if (job->since_ms >= oldest_ms)
            passwords_begin(passwords, job);
        else
            passwords_refuse(job);
    }
}

static void end_work(struct passwords *passwords, const struct password_job *job)
{
    size_t i = 0;

    while (passwords->at_work[i] != job)
        i++;
    passwords->at_work[i] = passwords->at_work[--passwords->at_work_count];
}

static void worked(uv_work_t *request, int status)
{
    struct password_job *job = request->data;
    struct passwords *passwords = job->passwords;

    (void)status;
    end_work(passwords, job);
    begin_next(passwords);
    end_job(job);
}

/* --- The queue --- */

/* Whom a full queue refuses for this one: a sign-up, where those have all their places; or the one
 * with most jobs in it, and more than this one.  NULL: nobody. */
static struct password_job *take_loser(struct passwords *passwords, const struct password_job *job)
{
    enum password_use use = job->use;
    size_t at;

    if (use == PASSWORD_SIGN_IN && count_use(passwords, PASSWORD_SIGN_UP) > 0)
        use = PASSWORD_SIGN_UP;
    at = find_last(passwords, use);
    if (at == passwords->waiting_count ||
        (use == job->use && passwords->waiting[at]->rank <= job->rank))
        return NULL;
    return take_at(passwords, at);
}

static bool is_full(const struct passwords *passwords, const struct password_job *job)
{
    return passwords->waiting_count == PASSWORDS_MAX ||
           (job->use == PASSWORD_SIGN_UP &&
            count_use(passwords, PASSWORD_SIGN_UP) >= PASSWORDS_SIGN_UPS_MAX);
}

void passwords_whose(struct password_job *job, struct str address, struct str account)
{
    job->address = hash64(address.ptr, address.len);
    job->account = hash64(account.ptr, account.len);
}

enum err passwords_submit(struct passwords *passwords, struct password_job *job)
{
    struct password_job *loser = NULL;

    job->passwords = passwords;
    job->since_ms = clock_mono_ms();
    job->err = ERR_OK;
    job->matches = false;
    job->rank = count_like(passwords->at_work, passwords->at_work_count, job) +
                count_like(passwords->waiting, passwords->waiting_count, job);
    if (passwords->at_work_count < AT_WORK_MAX) {
        job->trace = trace_take();
        passwords_begin(passwords, job);
        return ERR_OK;
    }
    if (is_full(passwords, job) && (loser = take_loser(passwords, job)) == NULL)
        return ERR_BUSY;
    job->trace = trace_take();
    passwords->waiting[passwords->waiting_count++] = job;
    if (loser != NULL)
        passwords_refuse(loser);
    return ERR_OK;
}
