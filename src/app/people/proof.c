/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/proof.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"

struct proof *proof_new(struct app *app, struct request *request, struct str email,
                        struct str password)
{
    struct proof *proof = mem_zalloc(sizeof *proof);

    proof->app = app;
    proof->request = request;
    proof->users = 1;
    arena_init(&proof->arena, NULL, 0);
    proof->email = arena_str(&proof->arena, email);
    proof->password = arena_str(&proof->arena, password);
    return proof;
}

static void proof_release(void *context)
{
    struct proof *proof = context;

    if (--proof->users > 0)
        return;
    mem_wipe((char *)(uintptr_t)proof->password.ptr, proof->password.len);
    arena_reset(&proof->arena);
    free(proof);
}

void proof_end(struct proof *proof)
{
    proof_release(proof);
}

static void proof_tell(struct proof *proof, enum err err)
{
    proof->err = err;
    metric_inc(err == ERR_OK      ? METRIC_SIGN_INS
               : err == ERR_RANGE ? METRIC_SIGN_INS_THROTTLED
                                  : METRIC_SIGN_INS_FAILED);
    if (proof->admitted)
        throttle_end(&proof->throttle, err == ERR_DENIED);
    proof->done(proof);
}

/* --- The steps, from the last to the first --- */

static void compared(struct password_job *job)
{
    struct proof *proof = job->context;

    if (job->err != ERR_OK)
        proof_tell(proof, job->err);
    else
        proof_tell(proof, job->matches && proof->found == ERR_OK && !proof->profile.disabled
                              ? ERR_OK
                              : ERR_DENIED);
}

static void on_found(void *context, enum err err)
{
    struct proof *proof = context;
    char room[CLIENT_MAX];

    proof->found = err;
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        proof_tell(proof, err);
        return;
    }
    proof->compare = (struct password_job){.password = proof->password,
                                           .hash = err == ERR_OK ? proof->hash.ptr : NULL,
                                           .done = compared,
                                           .context = proof};
    passwords_whose(&proof->compare, client_address(&proof->app->proxies, proof->request, room),
                    proof->email);
    err = passwords_submit(proof->app->passwords, &proof->compare);
    if (err != ERR_OK)
        proof_tell(proof, err);
}

static enum err proof_find(struct mongo_db *db, void *context)
{
    struct proof *proof = context;
    struct condition condition = {STR("email"), OP_EQ, value_string(proof->email)};
    enum err err = users_find(db, &condition, 1, &proof->arena, &proof->profile, &proof->hash);

    if (err == ERR_OK)
        proof->hash = arena_str(&proof->arena, proof->hash);
    return err;
}

static void admitted(struct throttle *throttle, enum err err, int64_t wait_ms)
{
    struct proof *proof = throttle->context;

    proof->admitted = err == ERR_OK;
    if (!proof->admitted) {
        proof->retry_s = (wait_ms + 999) / 1000;
        proof_tell(proof, err);
        return;
    }
    proof->find = (struct mongo_job){.work = proof_find,
                                     .done = on_found,
                                     .release = proof_release,
                                     .context = proof,
                                     .deadline_ms = clock_mono_ms() + READ_MS};
    proof->users++;
    mongo_submit_or_tell(proof->app->mongo, &proof->find);
}

void proof_begin(struct proof *proof)
{
    throttle_init(&proof->throttle, proof->app, proof->request, proof->email);
    proof->throttle.done = admitted;
    proof->throttle.context = proof;
    throttle_begin(&proof->throttle);
}

void proof_refuse(const struct proof *proof, struct str denied)
{
    struct request *request = proof->request;

    if (proof->err == ERR_RANGE) {
        buf_printf(&request->response.head, "Retry-After: %lld\r\n", (long long)proof->retry_s);
        problem_send(request, 429, STR("Too many failed attempts: try again later"), NULL);
    } else if (proof->err == ERR_DENIED) {
        response_header_lit(&request->response, "WWW-Authenticate", "Bearer");
        problem_send(request, 401, denied, NULL);
    } else {
        problem_send_err(request, database_err(proof->err));
    }
}
