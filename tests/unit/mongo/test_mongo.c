/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "mongo/mongo.h"
#include "mongo/mongo_uri.h"

/* The pool without a server: what is bounded, refused, called off, late, and how the breaker goes.
 * Work functions here ask nobody. */

enum { WAIT_MS = 20000, JOBS = 8 };

/* Nothing listens there; found out at once. */
#define NOWHERE "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=50&connectTimeoutMS=50"

struct fixture {
    uv_loop_t loop;
    struct mongo *mongo;
    bool closed;
    unsigned ups, downs;
};

struct task {
    struct mongo_job job;
    enum err result, told;
    unsigned ran, done, released;
    atomic_bool hold, begun;
};

static enum err work(struct mongo_db *db, void *context)
{
    struct task *task = context;

    (void)db;
    atomic_store(&task->begun, true);
    while (atomic_load(&task->hold))
        poll(NULL, 0, 1);
    task->ran++;
    return task->result;
}

static void on_done(void *context, enum err err)
{
    struct task *task = context;

    assert_int_equal(task->released, 0);
    task->done++;
    task->told = err;
}

static void on_release(void *context)
{
    struct task *task = context;

    assert_int_equal(task->done, 1);
    task->released++;
}

static struct task *task_init(struct task *task, enum err result)
{
    memset(task, 0, sizeof *task);
    task->result = result;
    task->job.work = work;
    task->job.done = on_done;
    task->job.release = on_release;
    task->job.context = task;
    return task;
}

static void tick(uv_timer_t *timer)
{
    (void)timer;
}

#define wait_until(condition)                                                                      \
    do {                                                                                           \
        int64_t end_ = clock_mono_ms() + WAIT_MS;                                                  \
        uv_timer_t tick_;                                                                          \
        uv_timer_init(&fixture->loop, &tick_);                                                     \
        uv_timer_start(&tick_, tick, 1, 1);                                                        \
        while (!(condition) && clock_mono_ms() < end_)                                             \
            uv_run(&fixture->loop, UV_RUN_ONCE);                                                   \
        uv_close((uv_handle_t *)&tick_, NULL);                                                     \
        uv_run(&fixture->loop, UV_RUN_NOWAIT);                                                     \
        assert_true(condition);                                                                    \
    } while (0)

static void on_change(void *context, bool up)
{
    struct fixture *fixture = context;

    assert_true(mongo_up(fixture->mongo) == up);
    fixture->ups += up;
    fixture->downs += !up;
}

/* The driver would leave a file in /dev/shm behind a process that is killed. */
static void assert_no_counters(void)
{
    char path[64];

    snprintf(path, sizeof path, "/dev/shm/mongoc-%ld", (long)getpid());
    assert_int_equal(access(path, F_OK), -1);
}

static void open_mongo(struct fixture *fixture, struct mongo_config config)
{
    const char *why;

    config.loop = &fixture->loop;
    config.uri = config.uri != NULL ? config.uri : NOWHERE;
    config.on_change = on_change;
    config.context = fixture;
    assert_int_equal(mongo_new(&config, &fixture->mongo, &why), ERR_OK);
    assert_no_counters();
}

static void on_closed(void *context)
{
    *(bool *)context = true;
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    log_setup(getenv("TEST_LOG") != NULL ? LOG_DEBUG : LOG_OFF, LOG_TEXT);
    uv_loop_init(&fixture->loop);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->mongo != NULL && !fixture->closed) {
        mongo_close(fixture->mongo, on_closed, &fixture->closed);
        wait_until(fixture->closed);
    }
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    free(fixture);
    return 0;
}

static void run_one(struct fixture *fixture, struct task *task, enum err result)
{
    task_init(task, result);
    assert_int_equal(mongo_submit(fixture->mongo, &task->job), ERR_OK);
    assert_int_equal(task->done, 0);
    wait_until(task->released == 1);
    assert_int_equal(task->told, result);
}

static void test_bound(void **state)
{
    struct fixture *fixture = *state;
    struct task tasks[JOBS], extra;

    open_mongo(fixture, (struct mongo_config){.threads = 2, .queue = JOBS - 2});
    for (int round = 0; round < 2; round++) { /* those that have ended leave their places */
        for (int i = 0; i < JOBS; i++) {
            task_init(&tasks[i], ERR_NOT_FOUND)->hold = true;
            assert_int_equal(mongo_submit(fixture->mongo, &tasks[i].job), ERR_OK);
        }
        assert_int_equal(mongo_submit(fixture->mongo, &task_init(&extra, ERR_OK)->job), ERR_BUSY);
        for (int i = 0; i < JOBS; i++)
            tasks[i].hold = false;
        for (int i = 0; i < JOBS; i++) {
            wait_until(tasks[i].released == 1);
            assert_int_equal(tasks[i].told, ERR_NOT_FOUND);
        }
        assert_int_equal(extra.done, 0);
    }
    run_one(fixture, &extra, ERR_OK);
}

/* Taken or refused, done and release are called once each. */
static void test_submit_or_tell(void **state)
{
    struct fixture *fixture = *state;
    struct task taken, refused;

    open_mongo(fixture, (struct mongo_config){.threads = 1});
    mongo_submit_or_tell(fixture->mongo, &task_init(&taken, ERR_EXISTS)->job);
    assert_int_equal(taken.done, 0);
    wait_until(taken.released == 1);
    assert_int_equal(taken.told, ERR_EXISTS);
    mongo_close(fixture->mongo, on_closed, &fixture->closed);
    mongo_submit_or_tell(fixture->mongo, &task_init(&refused, ERR_OK)->job);
    assert_int_equal(refused.told, ERR_UNAVAILABLE);
    assert_int_equal(refused.done, 1);
    assert_int_equal(refused.released, 1);
    assert_int_equal(refused.ran, 0);
    wait_until(fixture->closed);
}

/* At the deadline the loop answers, though the thread is still at work: the job keeps its place. */
static void test_deadline(void **state)
{
    struct fixture *fixture = *state;
    struct task reading, writing, waiting, refused;

    open_mongo(fixture, (struct mongo_config){.threads = 2, .queue = 1, .breaker_failures = 100});
    task_init(&reading, ERR_OK)->hold = true;
    task_init(&writing, ERR_OK)->hold = true;
    reading.job.deadline_ms = clock_mono_ms() + 30;
    writing.job.deadline_ms = clock_mono_ms() + 20;
    writing.job.write = true;
    assert_int_equal(mongo_submit(fixture->mongo, &reading.job), ERR_OK);
    assert_int_equal(mongo_submit(fixture->mongo, &writing.job), ERR_OK);
    wait_until(reading.begun && writing.begun);
    wait_until(reading.done == 1 && writing.done == 1);
    assert_true(clock_mono_ms() >= reading.job.deadline_ms);
    assert_int_equal(reading.told, ERR_TIMEOUT);
    assert_int_equal(writing.told, ERR_UNKNOWN);
    assert_true(reading.job.left && writing.job.left);
    assert_int_equal(reading.released + writing.released, 0);
    assert_int_equal(mongo_submit(fixture->mongo, &task_init(&waiting, ERR_OK)->job), ERR_OK);
    assert_int_equal(mongo_submit(fixture->mongo, &task_init(&refused, ERR_OK)->job), ERR_BUSY);
    reading.hold = writing.hold = false;
    wait_until(reading.released == 1 && writing.released == 1 && waiting.released == 1);
    assert_int_equal(reading.done + writing.done, 2);
}

static void no_work(uv_work_t *request)
{
    (void)request;
}

static void on_other(uv_work_t *request, int status)
{
    *(bool *)request->data = status == 0;
}

/* The threads beyond those for MongoDB are free for other work, and jobs begin in their order. */
static void test_threads(void **state)
{
    struct fixture *fixture = *state;
    struct task tasks[JOBS];
    bool other_done = false;
    uv_work_t other = {.data = &other_done};

    open_mongo(fixture, (struct mongo_config){.threads = 2});
    for (int i = 0; i < JOBS; i++) {
        task_init(&tasks[i], ERR_OK)->hold = true;
        assert_int_equal(mongo_submit(fixture->mongo, &tasks[i].job), ERR_OK);
    }
    assert_int_equal(uv_queue_work(&fixture->loop, &other, no_work, on_other), 0);
    wait_until(other_done && tasks[0].begun && tasks[1].begun);
    for (int i = 0; i < JOBS; i++) {
        for (int j = i + 2; j < JOBS; j++)
            assert_false(tasks[j].begun);
        tasks[i].hold = false;
        wait_until(tasks[i].released == 1 && (i + 2 >= JOBS || tasks[i + 2].begun));
    }
}

/* MongoDB with four threads, each of which one of these has until its hold ends. */
static void hold_threads(struct fixture *fixture, struct task holders[static 4])
{
    open_mongo(fixture, (struct mongo_config){.threads = 4});
    for (int i = 0; i < 4; i++) {
        task_init(&holders[i], ERR_OK)->hold = true;
        assert_int_equal(mongo_submit(fixture->mongo, &holders[i].job), ERR_OK);
    }
    for (int i = 0; i < 4; i++)
        wait_until(holders[i].begun);
}

/* Jobs behind others: late, they never begin. */
static void test_not_begun(void **state)
{
    struct fixture *fixture = *state;
    struct task holders[4], late, late_write;

    hold_threads(fixture, holders);
    task_init(&late, ERR_OK)->job.deadline_ms = clock_mono_ms() + 10;
    task_init(&late_write, ERR_OK)->job.deadline_ms = clock_mono_ms() + 10;
    late_write.job.write = true;
    assert_int_equal(mongo_submit(fixture->mongo, &late.job), ERR_OK);
    assert_int_equal(mongo_submit(fixture->mongo, &late_write.job), ERR_OK);
    wait_until(late.released == 1 && late_write.released == 1);
    assert_int_equal(late.told, ERR_TIMEOUT);
    assert_int_equal(late_write.told, ERR_TIMEOUT);
    assert_false(late.job.left || late_write.job.left); /* no thread has begun them */
    assert_int_equal(late.ran + late_write.ran, 0);
    for (int i = 0; i < 4; i++)
        holders[i].hold = false;
    for (int i = 0; i < 4; i++) {
        wait_until(holders[i].released == 1);
        assert_int_equal(holders[i].told, ERR_OK);
    }
}

/* Jobs that fail make pings decide, and these find nobody. */
static void test_breaker(void **state)
{
    struct fixture *fixture = *state;
    struct task task;

    open_mongo(fixture, (struct mongo_config){.breaker_failures = 3, .breaker_ms = 5});
    run_one(fixture, &task, ERR_UNAVAILABLE);
    assert_true(mongo_up(fixture->mongo));
    assert_int_equal(mongo_away_ns(fixture->mongo), 0);
    wait_until(!mongo_up(fixture->mongo));
    assert_int_equal(fixture->downs, 1);
    assert_in_range(mongo_away_ns(fixture->mongo), 1, clock_mono_ns());
    assert_int_equal(mongo_submit(fixture->mongo, &task_init(&task, ERR_OK)->job), ERR_UNAVAILABLE);
    assert_int_equal(task.done, 0);
    assert_int_equal(fixture->downs, 1);
    assert_int_equal(fixture->ups, 0);
}

/* What the server has answered starts anew. */
static void test_answers_between_failures(void **state)
{
    struct fixture *fixture = *state;
    struct task task;

    open_mongo(fixture, (struct mongo_config){.breaker_failures = 3, .breaker_ms = 1000});
    for (int round = 0; round < 3; round++) {
        run_one(fixture, &task, ERR_UNAVAILABLE);
        run_one(fixture, &task, ERR_EXISTS);
    }
    assert_int_equal(fixture->downs, 0);
}

/* An answer ends an outage; a call that began before it and fails then begins no other one. */
static void test_late_failures(void **state)
{
    struct fixture *fixture = *state;
    struct task late[3], answered, task;

    open_mongo(fixture, (struct mongo_config){.breaker_failures = 2, .breaker_ms = 1000});
    for (int i = 0; i < 3; i++) {
        task_init(&late[i], i < 2 ? ERR_UNAVAILABLE : ERR_OK)->hold = true;
        late[i].job.deadline_ms = i == 2 ? clock_mono_ms() + 300 : 0;
        assert_int_equal(mongo_submit(fixture->mongo, &late[i].job), ERR_OK);
    }
    wait_until(late[0].begun && late[1].begun && late[2].begun);
    run_one(fixture, &answered, ERR_OK);
    late[0].hold = late[1].hold = false;
    wait_until(late[0].released == 1 && late[1].released == 1 && late[2].done == 1);
    assert_int_equal(late[2].told, ERR_TIMEOUT);
    late[2].hold = false;
    wait_until(late[2].released == 1);
    run_one(fixture, &task, ERR_OK);
    assert_int_equal(fixture->downs, 0);
}

static void on_asked(void *context, enum err err)
{
    *(enum err *)context = err;
}

/* Whether the server answers is found out although every thread is at work. */
static void test_ask(void **state)
{
    struct fixture *fixture = *state;
    struct task tasks[JOBS];
    enum err told[2] = {ERR_INTERNAL, ERR_INTERNAL};
    struct mongo_ask asks[] = {{.told = on_asked, .context = &told[0]},
                               {.told = on_asked, .context = &told[1]}};

    open_mongo(fixture, (struct mongo_config){.threads = 1, .breaker_ms = 60000});
    for (int i = 0; i < JOBS; i++) {
        task_init(&tasks[i], ERR_OK)->hold = true;
        assert_int_equal(mongo_submit(fixture->mongo, &tasks[i].job), ERR_OK);
    }
    mongo_ask(fixture->mongo, &asks[0]);
    mongo_ask(fixture->mongo, &asks[1]);
    wait_until(told[0] != ERR_INTERNAL && told[1] != ERR_INTERNAL);
    assert_int_equal(told[0], ERR_UNAVAILABLE);
    assert_int_equal(told[1], ERR_UNAVAILABLE);
    for (int i = 0; i < JOBS; i++)
        tasks[i].hold = false;
    wait_until(tasks[JOBS - 1].released == 1);
}

static void test_ask_while_closing(void **state)
{
    struct fixture *fixture = *state;
    enum err told = ERR_INTERNAL;
    struct mongo_ask ask = {.told = on_asked, .context = &told};

    open_mongo(fixture, (struct mongo_config){0});
    mongo_ask(fixture->mongo, &ask);
    mongo_close(fixture->mongo, on_closed, &fixture->closed);
    wait_until(fixture->closed);
    assert_true(told == ERR_CANCELED || told == ERR_UNAVAILABLE);
}

static void test_close(void **state)
{
    struct fixture *fixture = *state;
    struct task holders[4], waiting, refused;

    hold_threads(fixture, holders);
    assert_int_equal(mongo_submit(fixture->mongo, &task_init(&waiting, ERR_OK)->job), ERR_OK);
    mongo_close(fixture->mongo, on_closed, &fixture->closed);
    assert_int_equal(mongo_submit(fixture->mongo, &task_init(&refused, ERR_OK)->job),
                     ERR_UNAVAILABLE);
    wait_until(waiting.released == 1);
    assert_int_equal(waiting.told, ERR_CANCELED);
    assert_false(fixture->closed);
    for (int i = 0; i < 4; i++)
        holders[i].hold = false;
    wait_until(fixture->closed);
    for (int i = 0; i < 4; i++)
        assert_int_equal(holders[i].told, ERR_OK);
}

static void test_uri(void **state)
{
    static const struct {
        const char *text;
        enum err err;
    } bad[] = {
        {"", ERR_SYNTAX},
        {"secret", ERR_SYNTAX},
        {"mongodb://u:secret@h/?tls=secret", ERR_SYNTAX},
        {"mongodb://", ERR_SYNTAX},
        {"mongodb://u:secret@h/?tls=true&tlsInsecure=true", ERR_UNSUPPORTED},
        {"mongodb://u:secret@h/?tls=true&tlsAllowInvalidCertificates=true", ERR_UNSUPPORTED},
        {"mongodb://u:secret@h/?tls=true&tlsAllowInvalidHostnames=true", ERR_UNSUPPORTED},
    };
    mongoc_uri_t *uri;
    const char *why;

    (void)state;
    mongoc_init();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        why = NULL;
        assert_int_equal(mongo_uri_parse(bad[i].text, &uri, &why), bad[i].err);
        assert_non_null(why);
        assert_null(strstr(why, "secret"));
    }
    assert_int_equal(mongo_uri_parse("mongodb://h/?retryWrites=true&socketTimeoutMS=7&"
                                     "readPreference=secondary&w=1&wtimeoutMS=40",
                                     &uri, &why),
                     ERR_OK);
    assert_false(mongoc_uri_get_option_as_bool(uri, MONGOC_URI_RETRYWRITES, true));
    assert_false(mongoc_uri_get_option_as_bool(uri, MONGOC_URI_RETRYREADS, true));
    assert_int_equal(mongoc_uri_get_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, 0), 7);
    assert_int_equal(mongoc_uri_get_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 0),
                     2000);
    assert_string_equal(mongoc_uri_get_appname(uri), "larder");
    assert_int_equal(mongoc_read_prefs_get_mode(mongoc_uri_get_read_prefs_t(uri)),
                     MONGOC_READ_PRIMARY);
    assert_true(mongoc_write_concern_get_wmajority(mongoc_uri_get_write_concern(uri)));
    assert_int_equal(mongoc_write_concern_get_wtimeout(mongoc_uri_get_write_concern(uri)), 40);
    mongoc_uri_destroy(uri);
}

static enum err failure(uint32_t domain, uint32_t code, bool write)
{
    bson_error_t error;

    bson_set_error(&error, domain, code, "the server's words");
    return mongo_error(&error, write, "test");
}

static void test_errors(void **state)
{
    (void)state;
    assert_int_equal(
        failure(MONGOC_ERROR_SERVER_SELECTION, MONGOC_ERROR_SERVER_SELECTION_FAILURE, true),
        ERR_UNAVAILABLE);
    assert_int_equal(failure(MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET, true), ERR_UNKNOWN);
    assert_int_equal(failure(MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET, false),
                     ERR_UNAVAILABLE);
    assert_int_equal(failure(MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_CONNECT, true),
                     ERR_UNAVAILABLE);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 50, false), ERR_TIMEOUT);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 50, true), ERR_UNKNOWN);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 6, true), ERR_UNKNOWN);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 9001, false), ERR_UNAVAILABLE);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 11000, true), ERR_EXISTS);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 13, true), ERR_FORBIDDEN);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 13, false), ERR_DENIED);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 18, true), ERR_DENIED);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 166, true), ERR_FORBIDDEN);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 121, true), ERR_REFUSED);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 112, true), ERR_CONFLICT);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 13388, true), ERR_BUSY);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 14031, true), ERR_READ_ONLY);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 17419, true), ERR_TOO_LARGE);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 2, true), ERR_INTERNAL);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 10107, true), ERR_UNAVAILABLE);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 11602, true), ERR_UNKNOWN);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 4711, false), ERR_INTERNAL);
    assert_int_equal(failure(MONGOC_ERROR_SERVER, 4711, true), ERR_UNKNOWN); /* the safe side */
    assert_int_equal(failure(MONGOC_ERROR_WRITE_CONCERN_ERROR, 64, true), ERR_UNKNOWN);
    assert_true(mongo_error_was_answer());
    failure(MONGOC_ERROR_SERVER, 91, true);
    assert_false(mongo_error_was_answer());
    failure(MONGOC_ERROR_SERVER, 11601, true);
    assert_true(mongo_error_was_answer());
    failure(MONGOC_ERROR_STREAM, MONGOC_ERROR_STREAM_SOCKET, true);
    assert_false(mongo_error_was_answer());
    assert_int_equal(failure(MONGOC_ERROR_CLIENT, MONGOC_ERROR_CLIENT_AUTHENTICATE, false),
                     ERR_DENIED);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_bound),
        CASE(test_submit_or_tell),
        CASE(test_deadline),
        CASE(test_threads),
        CASE(test_not_begun),
        CASE(test_breaker),
        CASE(test_answers_between_failures),
        CASE(test_late_failures),
        CASE(test_ask),
        CASE(test_ask_while_closing),
        CASE(test_close),
        CASE(test_uri),
        CASE(test_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
