/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/once.h"

#include <stdlib.h>

#include "app/state.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "cache/lock.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct index indexes[] = {
    {.name = "expires", .keys = "expiresAt", .expire_after_s = 1}};

const struct resource idempotency = {
    .name = STR_INIT("idempotency"), .indexes = indexes, .index_count = COUNT(indexes)};

enum { LEASE_MS = 15000, KEEP_MS = 86400000, HEX = 2 * SHA256_SIZE, LOCK_NAME_MAX = 96 };

enum verdict { FIRST, UNDER_WAY, OTHER_BODY, REPLAY };

struct once {
    struct app *app;
    struct visit *visit;
    void (*next)(struct visit *visit);
    unsigned users; /* the request, and each job */
    char id[HEX], print[HEX];
    struct oid document;
    struct lock lock;
    bool locked;

    struct mongo_job claiming, keeping;
    enum verdict verdict;
    struct arena arena; /* of what is replayed */
    unsigned status;
    struct str head;

    size_t head_from; /* where the handler's header lines begin */
    struct buf body;
    void (*finish)(struct request *request);
};

static void release(void *context)
{
    struct once *once = context;

    if (--once->users > 0)
        return;
    arena_reset(&once->arena);
    buf_free(&once->body);
    free(once);
}

static void unlock(struct once *once)
{
    if (!once->locked)
        return;
    once->lock.done = NULL;
    lock_release(&once->lock);
}

/* --- In MongoDB: who is first --- */

enum { PRINT, STATE, DOCUMENT, LEASE, STATUS, HEAD, BODY, EXPIRES, FIELDS };

static const struct shape_field shape_fields[FIELDS] = {
    [PRINT] = {.name = STR_INIT("print"), .capture = true},
    [STATE] = {.name = STR_INIT("state"), .capture = true},
    [DOCUMENT] = {.name = STR_INIT("document"), .capture = true},
    [LEASE] = {.name = STR_INIT("leaseUntil"), .capture = true},
    [STATUS] = {.name = STR_INIT("status"), .capture = true},
    [HEAD] = {.name = STR_INIT("head"), .capture = true},
    [BODY] = {.name = STR_INIT("body"), .capture = true},
    [EXPIRES] = {.name = STR_INIT("expiresAt"), .capture = true},
};
static const struct shape shape = SHAPE(shape_fields);

static struct value id_of(const struct once *once)
{
    return value_string(str_make(once->id, HEX));
}

static enum err insert(struct mongo_db *db, const struct once *once, int64_t now_ms)
{
    const struct assignment fields[] = {
        {STR("_id"), ASSIGN_SET, id_of(once)},
        {STR("print"), ASSIGN_SET, value_string(str_make(once->print, HEX))},
        {STR("state"), ASSIGN_SET, value_string(STR("busy"))},
        {STR("document"), ASSIGN_SET, value_oid(once->document)},
        {STR("leaseUntil"), ASSIGN_SET, value_date(now_ms + LEASE_MS)},
        {STR("expiresAt"), ASSIGN_SET, value_date(now_ms + KEEP_MS)},
    };

    return collection_insert(db, idempotency.name, &(struct document){fields, COUNT(fields)}, NULL);
}

/* Exactly the record that was seen is taken over, or it was another who did. */
static enum err take_over(struct mongo_db *db, struct once *once, const struct value *seen,
                          int64_t now_ms)
{
    const struct condition conditions[] = {
        {STR("_id"), OP_EQ, id_of(once)},
        {STR("state"), OP_EQ, value_string(STR("busy"))},
        {STR("leaseUntil"), OP_EQ, seen[LEASE]},
    };
    struct assignment next = {STR("leaseUntil"), ASSIGN_SET, value_date(now_ms + LEASE_MS)};
    enum err err = collection_modify(db,
                                     &(struct update){.collection = idempotency.name,
                                                      .conditions = conditions,
                                                      .condition_count = COUNT(conditions),
                                                      .assignments = &next,
                                                      .assignment_count = 1},
                                     NULL);

    once->verdict = err == ERR_OK ? FIRST : UNDER_WAY;
    if (err == ERR_OK && seen[DOCUMENT].type == VALUE_OID)
        once->document = seen[DOCUMENT].oid;
    return err == ERR_NOT_FOUND || err == ERR_CONFLICT ? ERR_OK : err;
}

static enum err judge(struct mongo_db *db, struct once *once, const struct value *seen,
                      int64_t now_ms)
{
    if (seen[PRINT].type != VALUE_STRING ||
        !str_eq(seen[PRINT].string, str_make(once->print, HEX))) {
        once->verdict = OTHER_BODY;
    } else if (seen[STATUS].type == VALUE_INT && seen[BODY].type == VALUE_STRING) {
        once->verdict = REPLAY;
        once->status = (unsigned)seen[STATUS].integer;
        once->head = seen[HEAD].type == VALUE_STRING ? seen[HEAD].string : STR("");
        buf_str(&once->body, seen[BODY].string);
    } else if (seen[LEASE].type == VALUE_DATE && seen[LEASE].integer > now_ms) {
        once->verdict = UNDER_WAY;
    } else {
        return take_over(db, once, seen, now_ms);
    }
    return ERR_OK;
}

/* What is over goes before the database's own clock takes it. */
static enum err drop_expired(struct mongo_db *db, const struct once *once, const struct value *seen)
{
    const struct condition conditions[] = {{STR("_id"), OP_EQ, id_of(once)},
                                           {STR("expiresAt"), OP_EQ, seen[EXPIRES]}};
    enum err err = collection_remove(db, idempotency.name, conditions, 2, 0, NULL);

    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err claim(struct mongo_db *db, void *context)
{
    struct once *once = context;
    struct condition condition = {STR("_id"), OP_EQ, id_of(once)};
    struct record record = {.shape = &shape, .arena = &once->arena};
    struct value seen[FIELDS];
    int64_t now_ms = clock_wall_ms();
    enum err err = ERR_EXISTS;

    record.captured = seen;
    once->verdict = FIRST;
    for (int tries = 0; err == ERR_EXISTS && tries < 2; tries++) {
        err = insert(db, once, now_ms);
        if (err != ERR_EXISTS)
            return err;
        err = collection_find_one(db, idempotency.name, &condition, 1, 0, &record);
        if (err == ERR_OK && seen[EXPIRES].type == VALUE_DATE && seen[EXPIRES].integer <= now_ms)
            err = drop_expired(db, once, seen) == ERR_OK ? ERR_EXISTS : ERR_CONFLICT;
        else if (err == ERR_OK)
            return judge(db, once, seen, now_ms);
        else if (err == ERR_NOT_FOUND)
            err = ERR_EXISTS; /* it has just expired */
    }
    return err == ERR_EXISTS ? ERR_CONFLICT : err;
}

/* --- Afterwards: the answer is kept --- */

static enum err keep(struct mongo_db *db, void *context)
{
    struct once *once = context;
    const struct condition conditions[] = {{STR("_id"), OP_EQ, id_of(once)},
                                           {STR("document"), OP_EQ, value_oid(once->document)}};
    const struct assignment done[] = {
        {STR("state"), ASSIGN_SET, value_string(STR("done"))},
        {STR("status"), ASSIGN_SET, value_int(once->status)},
        {STR("head"), ASSIGN_SET, value_string(once->head)},
        {STR("body"), ASSIGN_SET, value_string(buf_view(&once->body))},
    };
    const struct assignment again = {STR("leaseUntil"), ASSIGN_SET, value_date(0)};
    bool final = once->status < 500;

    return collection_modify(db,
                             &(struct update){.collection = idempotency.name,
                                              .conditions = conditions,
                                              .condition_count = 2,
                                              .assignments = final ? done : &again,
                                              .assignment_count = final ? COUNT(done) : 1},
                             NULL);
}

static void tell(struct once *once)
{
    struct request *request = once->visit->request;

    request->response.part_count = 0;
    buf_reset(&request->response.body);
    buf_str(&request->response.body, buf_view(&once->body));
    response_body_done(&request->response);
    once->visit->once = NULL;
    request->on_finish = once->finish;
    release(once);
    request_finish(request);
}

static void unlocked(struct lock *lock, enum err err)
{
    (void)err;
    tell(lock->context);
}

/* The lock goes before the answer: who has that may send the request again at once. */
static void kept(void *context, enum err err)
{
    struct once *once = context;

    (void)err; /* it could not be kept: the lease runs out, and nothing is made twice even so */
    if (!once->locked) {
        tell(once);
        return;
    }
    once->lock.done = unlocked;
    lock_release(&once->lock);
}

static void submit(struct once *once, struct mongo_job *job,
                   enum err (*work)(struct mongo_db *db, void *context),
                   void (*done)(void *context, enum err err))
{
    enum err err;

    *job = (struct mongo_job){.work = work,
                              .done = done,
                              .release = release,
                              .context = once,
                              .deadline_ms = clock_mono_ms() + READ_MS,
                              .write = true};
    once->users++;
    err = mongo_submit(once->app->mongo, job);
    if (err == ERR_OK)
        return;
    once->users--;
    done(once, err);
}

/* In the gateway's place, when the handler has answered.  What the answer's parts point to is the
 * handler's, so it is copied. */
static void on_finish(struct request *request)
{
    struct once *once = ((struct visit *)request->state)->once;
    struct response *response = &request->response;

    buf_reset(&once->body);
    for (size_t i = 0; i < response->part_count; i++)
        buf_str(&once->body, response->parts[i]);
    once->status = response->status;
    once->head =
        arena_str(&once->arena, str_from_offset(buf_view(&response->head), once->head_from));
    submit(once, &once->keeping, keep, kept);
}

/* --- Before --- */

static void replay(struct once *once)
{
    struct request *request = once->visit->request;
    struct response *response = &request->response;

    response->status = once->status;
    buf_str(&response->head, once->head);
    buf_literal(&response->head, "Idempotent-Replayed: true\r\n");
    buf_reset(&response->body);
    buf_str(&response->body, buf_view(&once->body));
    response_body_done(response);
    release(once);
    request_finish(request);
}

static void refuse(struct once *once, unsigned status, struct str message)
{
    struct request *request = once->visit->request;

    release(once);
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
    refuse(once, 409, STR("A request with this Idempotency-Key is under way"));
}

static void claimed(void *context, enum err err)
{
    struct once *once = context;
    struct request *request = once->visit->request;

    if (err == ERR_OK && once->verdict == FIRST) {
        carry_out(once);
        return;
    }
    unlock(once);
    if (err != ERR_OK) {
        release(once);
        problem_send_err(request, database_err(err));
    } else if (once->verdict == REPLAY) {
        replay(once);
    } else if (once->verdict == OTHER_BODY) {
        refuse(once, 422, STR("This Idempotency-Key was used for another request"));
    } else {
        refuse_busy(once);
    }
}

/* The lock spares MongoDB those who come at the same time; without it MongoDB decides alone. */
static void locked(struct lock *lock, enum err err)
{
    struct once *once = lock->context;

    once->locked = err == ERR_OK;
    if (err == ERR_EXISTS)
        refuse_busy(once);
    else
        submit(once, &once->claiming, claim, claimed);
}

static void hash_all(const struct str *parts, size_t count, char hex[static HEX])
{
    unsigned char digest[SHA256_SIZE];
    struct buf text = BUF_INIT(1 << 20);

    for (size_t i = 0; i < count; i++) {
        buf_uint(&text, parts[i].len);
        buf_char(&text, ':');
        buf_str(&text, parts[i]);
    }
    sha256(buf_view(&text), digest);
    hex_encode(digest, sizeof digest, hex);
    buf_free(&text);
}

static struct once *once_new(struct visit *visit, struct str key)
{
    struct request *request = visit->request;
    struct once *once = mem_zalloc(sizeof *once);
    char who[OID_HEX_SIZE] = "nobody", name[LOCK_NAME_MAX] = "idempotency:";
    size_t name_len = strlen(name);

    once->app = visit->app;
    once->visit = visit;
    once->users = 1;
    once->document = oid_new();
    arena_init(&once->arena, NULL, 0);
    buf_init(&once->body, RESPONSE_BODY_MAX);
    if (visit->visitor != NULL)
        oid_text(&visit->visitor->profile.id, who);
    hash_all((const struct str[]){str_make(who, sizeof who), visit->route->pattern, key}, 3,
             once->id);
    hash_all((const struct str[]){request->query, request->body}, 2, once->print);
    memcpy(name + name_len, once->id, HEX);
    lock_init(&once->lock, visit->app->redis, visit->app->config.prefix,
              str_make(name, name_len + HEX), LEASE_MS);
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
        submit(once, &once->claiming, claim, claimed);
}

bool once_id(const struct request *request, size_t i, struct oid *id)
{
    const struct visit *visit = request->state;
    unsigned char text[OID_SIZE + sizeof i], digest[SHA256_SIZE];

    if (visit == NULL || visit->once == NULL)
        return false;
    *id = visit->once->document;
    if (i == 0)
        return true;
    memcpy(text, id->bytes, OID_SIZE);
    memcpy(text + OID_SIZE, &i, sizeof i);
    sha256(str_make((const char *)text, sizeof text), digest);
    memcpy(id->bytes, digest, OID_SIZE);
    return true;
}
