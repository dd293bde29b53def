/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/once.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "app/people/users.h"
#include "app/write/receipt.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "cache/lock.h"

enum { LOCK_NAME_MAX = 96 };

struct once {
    struct app *app;
    struct visit *visit;
    void (*next)(struct visit *visit);
    unsigned users; /* the request, and each job */
    struct receipt receipt;
    struct lock lock;
    bool locked;
    struct mongo_job claiming, keeping;
    size_t head_from; /* where the handler's header lines begin */
    void (*finish)(struct request *request);
};

static void once_release(void *context)
{
    struct once *once = context;

    if (--once->users > 0)
        return;
    receipt_free(&once->receipt);
    free(once);
}

static void unlock(struct once *once)
{
    if (!once->locked)
        return;
    once->lock.done = NULL;
    lock_release(&once->lock);
}

/* --- Afterwards --- */

static enum err keep(struct mongo_db *db, void *context)
{
    return receipt_keep(db, &((struct once *)context)->receipt);
}

static void once_tell(struct once *once)
{
    struct request *request = once->visit->request;

    request->response.part_count = 0;
    buf_reset(&request->response.body);
    buf_str(&request->response.body, buf_view(&once->receipt.body));
    response_body_done(&request->response);
    once->visit->once = NULL;
    request->on_finish = once->finish;
    once_release(once);
    request_finish(request);
}

static void unlocked(struct lock *lock, enum err err)
{
    (void)err;
    once_tell(lock->context);
}

/* The lock goes before the answer: a client that has it may send the request again at once. */
static void kept(void *context, enum err err)
{
    struct once *once = context;

    (void)err; /* it could not be kept: the lease runs out, and nothing is made twice even so */
    if (!once->locked) {
        once_tell(once);
        return;
    }
    once->lock.done = unlocked;
    lock_release(&once->lock);
}

static void once_submit(struct once *once, struct mongo_job *job,
                        enum err (*work)(struct mongo_db *db, void *context),
                        void (*done)(void *context, enum err err))
{
    *job = (struct mongo_job){.work = work,
                              .done = done,
                              .release = once_release,
                              .context = once,
                              .deadline_ms = clock_mono_ms() + READ_MS,
                              .write = true};
    once->users++;
    mongo_submit_or_tell(once->app->mongo, job);
}

/* In the gateway's place, when the handler has answered.  What the answer's parts point to is the
 * handler's, so it is copied. */
static void on_finish(struct request *request)
{
    struct once *once = ((struct visit *)request->state)->once;
    struct receipt *receipt = &once->receipt;
    struct response *response = &request->response;

    buf_reset(&receipt->body);
    for (size_t i = 0; i < response->part_count; i++)
        buf_str(&receipt->body, response->parts[i]);
    receipt->status = response->status;
    receipt->head =
        arena_str(&receipt->arena, str_from_offset(buf_view(&response->head), once->head_from));
    once_submit(once, &once->keeping, keep, kept);
}

/* --- Before --- */

/* A first answer is not repeated for what is not there. */
static enum err claim(struct mongo_db *db, void *context)
{
    struct once *once = context;
    const struct resource *resource = once->visit->route->data;
    enum err err = receipt_claim(db, &once->receipt);

    if (err != ERR_OK || once->receipt.verdict != RECEIPT_REPLAY)
        return err;
    return resource != NULL ? receipt_look(db, &once->receipt, resource->collection, resource->id)
                            : receipt_look(db, &once->receipt, users.collection, ID_OBJECTID);
}

static enum err peek(struct mongo_db *db, void *context)
{
    return receipt_peek(db, &((struct once *)context)->receipt);
}

static void replay(struct once *once)
{
    struct request *request = once->visit->request;
    struct response *response = &request->response;

    response->status = once->receipt.status;
    buf_str(&response->head, once->receipt.head);
    buf_literal(&response->head, "Idempotent-Replayed: true\r\n");
    buf_reset(&response->body);
    buf_str(&response->body, buf_view(&once->receipt.body));
    response_body_done(response);
    once_release(once);
    request_finish(request);
}

static void once_refuse(struct once *once, unsigned status, struct str message)
{
    struct request *request = once->visit->request;

    once_release(once);
    problem_send(request, status, message, NULL);
}

static void carry_out(struct once *once)
{
    struct visit *visit = once->visit;
    struct request *request = visit->request;

    visit->once = once;
    once->head_from = request->response.head.len;
    once->finish = request->on_finish;
    request->on_finish = on_finish;
    once->next(visit);
}

static void refuse_busy(struct once *once)
{
    response_header_lit(&once->visit->request->response, "Retry-After", "1");
    once_refuse(once, 409, STR("A request with this Idempotency-Key is under way"));
}

static void claimed(void *context, enum err err)
{
    struct once *once = context;
    struct request *request = once->visit->request;

    if (err == ERR_OK && once->receipt.verdict == RECEIPT_FIRST) {
        carry_out(once);
        return;
    }
    unlock(once);
    if (err != ERR_OK) {
        once_release(once);
        problem_send_err(request, database_err(err));
    } else if (once->receipt.verdict == RECEIPT_REPLAY) {
        replay(once);
    } else if (once->receipt.verdict == RECEIPT_GONE) {
        once_refuse(once, 410, STR("What this Idempotency-Key has made is not there any more"));
    } else if (once->receipt.verdict == RECEIPT_OTHER_BODY) {
        once_refuse(once, 422, STR("This Idempotency-Key was used for another request"));
    } else {
        refuse_busy(once);
    }
}

/* The lock is for requests at the same time: another body is distinguished from the same one.
 * Without it MongoDB decides alone. */
static void locked(struct lock *lock, enum err err)
{
    struct once *once = lock->context;

    once->locked = err != ERR_EXISTS; /* a late answer may be a lock too */
    once_submit(once, &once->claiming, err == ERR_EXISTS ? peek : claim, claimed);
}

static struct once *once_new(struct visit *visit, struct str key)
{
    struct once *once = mem_zalloc(sizeof *once);
    char who[OID_HEX_SIZE] = "nobody", name[LOCK_NAME_MAX] = "idempotency:";
    size_t name_len = strlen(name);

    once->app = visit->app;
    once->visit = visit;
    once->users = 1;
    if (visit->visitor != NULL)
        oid_text(&visit->visitor->profile.id, who);
    receipt_init(&once->receipt, str_make(who, sizeof who), visit->route->pattern, key,
                 visit->request);
    once->receipt.of_anybody = visit->visitor == NULL && (visit->route->flags & ROUTE_WRITE) == 0;
    memcpy(name + name_len, once->receipt.id, RECEIPT_HEX);
    lock_init(&once->lock, visit->app->redis, visit->app->config.prefix,
              str_make(name, name_len + RECEIPT_HEX), RECEIPT_LEASE_MS);
    once->lock.done = locked;
    once->lock.context = once;
    return once;
}

static bool is_good_key(struct str key)
{
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] < ' ' || key.ptr[i] > '~')
            return false;
    return key.len > 0 && key.len <= ONCE_KEY_MAX;
}

void once_begin(struct visit *visit, void (*next)(struct visit *visit))
{
    struct str key = request_param(visit->request, STR("HTTP_IDEMPOTENCY_KEY"));
    struct once *once;

    if (key.ptr == NULL) {
        next(visit);
        return;
    }
    if (!is_good_key(key)) {
        problem_send(visit->request, 400,
                     STR("Idempotency-Key must be 1 to 255 printable ASCII characters"), NULL);
        return;
    }
    once = once_new(visit, key);
    once->next = next;
    if (redis_ready(visit->app->redis))
        lock_acquire(&once->lock);
    else
        once_submit(once, &once->claiming, claim, claimed);
}

bool once_id(const struct request *request, size_t i, struct oid *id)
{
    const struct visit *visit = request->state;
    unsigned char text[OID_SIZE + sizeof i], digest[SHA256_SIZE];

    if (visit == NULL || visit->once == NULL)
        return false;
    *id = visit->once->receipt.document;
    if (i == 0)
        return true;
    memcpy(text, id->bytes, OID_SIZE);
    memcpy(text + OID_SIZE, &i, sizeof i);
    sha256(str_make((const char *)text, sizeof text), digest);
    memcpy(id->bytes, digest, OID_SIZE);
    return true;
}
