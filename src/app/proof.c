/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/proof.h"

#include <stdlib.h>

#include "app/state.h"
#include "base/clock.h"
#include "base/hash.h"
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

static void release(void *context)
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
    release(proof);
}

static void end(struct proof *proof, enum err err)
{
    proof->err = err;
    metric_inc(err == ERR_OK      ? METRIC_SIGN_INS
               : err == ERR_RANGE ? METRIC_SIGN_INS_THROTTLED
                                  : METRIC_SIGN_INS_FAILED);
    if (err != ERR_DENIED && err != ERR_RANGE)
        quota_give(&proof->quota);
    proof->done(proof);
}

/* --- The steps, from the last to the first --- */

static void compared(struct password_job *job)
{
    struct proof *proof = job->context;

    end(proof, job->matches && proof->found == ERR_OK ? ERR_OK : ERR_DENIED);
}

static void on_found(void *context, enum err err)
{
    struct proof *proof = context;

    proof->found = err;
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        end(proof, err);
        return;
    }
    proof->compare = (struct password_job){.password = proof->password,
                                           .hash = err == ERR_OK ? proof->hash.ptr : NULL,
                                           .done = compared,
                                           .context = proof};
    err = passwords_submit(proof->app->passwords, &proof->compare);
    if (err != ERR_OK)
        end(proof, err);
}

static enum err find(struct mongo_db *db, void *context)
{
    struct proof *proof = context;
    struct condition condition = {STR("email"), OP_EQ, value_string(proof->email)};
    struct value captured[PROFILE_FIELDS];
    enum err err = collection_find_one(
        db, users.name, &condition, 1, 0,
        &(struct record){.shape = &profile_shape, .captured = captured, .arena = &proof->arena});

    if (err != ERR_OK)
        return err;
    profile_take(captured, &proof->profile, &proof->hash);
    proof->hash = arena_str(&proof->arena, proof->hash);
    return ERR_OK;
}

static void counted(struct quota *quota)
{
    static const int64_t limits[QUOTA_KEYS] = {PROOF_ACCOUNT_MAX, PROOF_ADDRESS_MAX};
    struct proof *proof = quota->context;
    int64_t wait_ms = 0;
    enum err err;

    for (size_t i = 0; i < QUOTA_KEYS; i++)
        if (quota->count[i] > limits[i] && quota->left_ms[i] > wait_ms)
            wait_ms = quota->left_ms[i];
    if (wait_ms > 0) {
        proof->retry_s = (wait_ms + 999) / 1000;
        end(proof, ERR_RANGE);
        return;
    }
    proof->find = (struct mongo_job){.work = find,
                                     .done = on_found,
                                     .release = release,
                                     .context = proof,
                                     .deadline_ms = clock_mono_ms() + READ_MS};
    proof->users++;
    err = mongo_submit(proof->app->mongo, &proof->find);
    if (err == ERR_OK)
        return;
    proof->users--;
    end(proof, err);
}

void proof_begin(struct proof *proof)
{
    unsigned char digest[SHA256_SIZE];
    char account[2 * SHA256_SIZE], address[CLIENT_MAX];

    sha256(proof->email, digest);
    hex_encode(digest, sizeof digest, account);
    quota_init(&proof->quota, proof->app, PROOF_WINDOW_MS);
    quota_key(&proof->quota, STR("throttle:account"), str_make(account, sizeof account));
    quota_key(&proof->quota, STR("throttle:address"), client_address(proof->request, address));
    proof->quota.done = counted;
    proof->quota.context = proof;
    quota_take(&proof->quota);
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
