/* SPDX-License-Identifier: BSD-2-Clause */
#include "../exchange.h"
#include "../stubs.h"

#include "app/write/write.h"
#include "base/idiom.h"

/* The steps of a write, by a kind of the test's own: read, judge, fence, work, release, answer. */

struct own {
    struct write write; /* first */
    struct str tag;
};

/* What its steps say. */
static struct {
    enum err read, work, judged, failed;
    bool refuse;
    bool overdue; /* the deadline passes while the thread is at work */
    unsigned destroyed;
} steps;
static struct exchange exchange;

static enum err own_read(struct mongo_db *db, struct write *write)
{
    (void)db;
    stubs_note("read");
    if (steps.overdue)
        write->reading.done(write, ERR_TIMEOUT);
    return steps.read;
}

static bool own_judge(struct write *write, enum err err)
{
    struct own *own = (struct own *)write;

    stubs_note("judge");
    steps.judged = err;
    if (err != ERR_OK || steps.refuse) {
        write_fail(write, err != ERR_OK ? err : ERR_FORBIDDEN);
        return false;
    }
    own->tag = STR("recipes");
    write->tags = &own->tag;
    write->cache.tag_count = 1;
    return true;
}

static enum err own_work(struct mongo_db *db, struct write *write)
{
    (void)db;
    stubs_note("work");
    if (steps.overdue) {
        write->working.done(write, ERR_UNKNOWN);
        stubs_released(ERR_OK);
    }
    return steps.work;
}

static void own_answer(struct write *write)
{
    stubs_note("answer");
    write_send(write, 200, STR("{}"), NULL);
    write_done(write);
}

static void own_failed(struct write *write, enum err err)
{
    stubs_note("failed");
    steps.failed = err;
    if (err == ERR_NOT_FOUND)
        write_start(write);
    else
        write_fail(write, err);
}

static void own_destroy(struct write *write)
{
    (void)write;
    steps.destroyed++;
}

static const struct write_kind whole = {.size = sizeof(struct own),
                                        .read = own_read,
                                        .judge = own_judge,
                                        .work = own_work,
                                        .answer = own_answer,
                                        .destroy = own_destroy};
static const struct write_kind unread = {
    .size = sizeof(struct own), .work = own_work, .answer = own_answer, .destroy = own_destroy};
static const struct write_kind again = {.size = sizeof(struct own),
                                        .read = own_read,
                                        .judge = own_judge,
                                        .work = own_work,
                                        .answer = own_answer,
                                        .failed = own_failed,
                                        .destroy = own_destroy};

static struct write *start(const struct write_kind *kind)
{
    struct write *write;

    memset(&steps, 0, sizeof steps);
    exchange_begin(&exchange, METHOD_PUT, stubs.recipes);
    write = write_new(kind, &stubs.app, stubs.recipes, &exchange.request);
    write_start(write);
    return write;
}

/* Answered and freed: what is still used afterwards is found by AddressSanitizer. */
static void assert_freed(unsigned status, const char *text)
{
    assert_answer(&exchange, status, text);
    assert_int_equal(steps.destroyed, 1);
    exchange_end(&exchange);
}

/* --- All is well --- */

static void test_each_step_follows_the_one_before(void **state)
{
    const struct own *own = (const struct own *)start(&whole);

    (void)state;
    assert_calls("submit ");
    assert_int_equal(stubs.jobs[0]->deadline_ms, stubs.now_ms + READ_MS);
    stubs_work();
    assert_calls("read judge fence ");
    assert_ptr_equal(stubs.write->tags, &own->tag);
    stubs_fenced(ERR_OK);
    assert_calls("submit-write ");
    assert_int_equal(stubs.jobs[0]->deadline_ms, stubs.now_ms + WRITE_MS);
    stubs_work();
    assert_calls("work release ");
    assert_int_equal(stubs.outcome, ERR_OK);
    assert_int_equal(exchange.answers, 0); /* not before the fence is released */
    stubs_released(ERR_OK);
    assert_calls("answer ");
    assert_freed(200, "{\"success\":true,\"data\":{}}");
}

static void test_a_kind_without_a_read_begins_with_the_fence(void **state)
{
    (void)state;
    start(&unread);
    assert_calls("fence ");
    stubs_run();
    assert_calls("submit-write work release answer ");
    assert_freed(200, "true");
}

/* --- Errors of each step --- */

static void test_what_cannot_be_read_is_not_written(void **state)
{
    static const struct {
        enum err err;
        unsigned status;
        const char *text;
    } cases[] = {{ERR_NOT_FOUND, 404, "Recipe not found"},
                 {ERR_BUSY, 503, "Too busy"},
                 {ERR_TIMEOUT, 503, "did not answer in time"},
                 {ERR_DENIED, 503, "not reachable"},
                 {ERR_INVALID, 500, "Internal error"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        start(&whole);
        steps.read = cases[i].err;
        stubs_work();
        assert_calls("submit read judge ");
        assert_int_equal(steps.judged, cases[i].err);
        assert_freed(cases[i].status, cases[i].text);
    }
}

static void test_what_is_refused_is_not_fenced(void **state)
{
    (void)state;
    start(&whole);
    steps.refuse = true;
    stubs_work();
    assert_calls("submit read judge ");
    assert_freed(403, "false");
}

static void test_without_mongodb_no_tag_moves(void **state)
{
    (void)state;
    stubs.mongo_down = true;
    start(&unread);
    assert_calls("");
    assert_str(exchange_field(&exchange, "Retry-After"), "1");
    assert_freed(503, "not reachable");
}

static void test_without_a_fence_nothing_is_written(void **state)
{
    static const enum err errs[] = {ERR_BUSY, ERR_UNAVAILABLE};

    (void)state;
    for (size_t i = 0; i < COUNT(errs); i++) {
        start(&whole);
        stubs_work();
        stubs_fenced(errs[i]);
        assert_calls("submit read judge fence ");
        assert_freed(503, "try again");
    }
}

/* What did not happen is released as such, and answered by its own error. */
static void test_an_error_of_the_work_is_released_and_answered(void **state)
{
    static const struct {
        enum err err, outcome;
        unsigned status;
    } cases[] = {{ERR_NOT_FOUND, ERR_NOT_FOUND, 404}, {ERR_EXISTS, ERR_EXISTS, 409},
                 {ERR_REFUSED, ERR_REFUSED, 400},     {ERR_UNAVAILABLE, ERR_UNAVAILABLE, 503},
                 {ERR_UNKNOWN, ERR_UNKNOWN, 503},     {ERR_TIMEOUT, ERR_UNKNOWN, 503},
                 {ERR_FORBIDDEN, ERR_FORBIDDEN, 403}, {ERR_INTERNAL, ERR_INTERNAL, 500}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        start(&unread);
        steps.work = cases[i].err;
        stubs_fenced(ERR_OK);
        stubs_work();
        assert_int_equal(stubs.outcome, cases[i].outcome);
        assert_int_equal(exchange.answers, 0);
        stubs_released(ERR_OK);
        assert_calls("fence submit-write work release ");
        assert_freed(cases[i].status, "false");
    }
}

/* Nothing is sent that the fence does not outlast. */
static void test_what_comes_late_is_not_sent(void **state)
{
    (void)state;
    start(&unread);
    stubs_fenced(ERR_OK);
    stubs.late = true;
    stubs_work();
    assert_calls("fence submit-write release ");
    assert_int_equal(stubs.outcome, ERR_BUSY);
    stubs_released(ERR_OK);
    assert_freed(503, "Too busy");
}

static void test_a_write_that_cannot_be_released_is_not_acknowledged(void **state)
{
    (void)state;
    start(&unread);
    stubs_fenced(ERR_OK);
    stubs_work();
    assert_int_equal(stubs.outcome, ERR_OK);
    stubs_released(ERR_UNKNOWN);
    assert_calls("fence submit-write work release ");
    assert_freed(503, "false");
}

static void test_the_error_of_the_work_counts_before_that_of_the_release(void **state)
{
    (void)state;
    start(&unread);
    steps.work = ERR_EXISTS;
    stubs_fenced(ERR_OK);
    stubs_work();
    stubs_released(ERR_UNKNOWN);
    assert_freed(409, "Exists already");
}

/* --- Beginning again --- */

static void test_a_kind_may_begin_again(void **state)
{
    (void)state;
    start(&again);
    steps.work = ERR_NOT_FOUND;
    stubs_work();
    stubs_fenced(ERR_OK);
    stubs_work();
    stubs_released(ERR_OK);
    assert_calls("submit read judge fence submit-write work release failed submit ");
    assert_int_equal(steps.failed, ERR_NOT_FOUND);
    steps.work = ERR_OK;
    stubs_run();
    assert_calls("read judge fence submit-write work release answer ");
    assert_freed(200, "true");
}

/* --- Memory --- */

/* At its deadline a job is done while its thread is at work: the request is answered, and the
 * write's memory stays until the thread has ended. */
static void assert_stays(const struct write_kind *kind)
{
    struct mongo_job *job;

    start(kind);
    steps.overdue = true;
    if (kind == &unread)
        stubs_fenced(ERR_OK);
    job = stubs_job();
    (void)job->work(NULL, job->context);
    assert_answer(&exchange, 503, "false");
    assert_int_equal(steps.destroyed, 0);
    job->release(job->context);
    assert_freed(503, "false");
}

static void test_the_memory_stays_as_long_as_the_read(void **state)
{
    (void)state;
    assert_stays(&whole);
    assert_calls("submit read judge ");
}

static void test_the_memory_stays_as_long_as_the_work(void **state)
{
    (void)state;
    assert_stays(&unread);
    assert_int_equal(stubs.outcome, ERR_UNKNOWN);
}

/* --- What is sent --- */

static void test_what_is_too_large_to_be_shown_was_written_all_the_same(void **state)
{
    struct buf json = BUF_INIT(2 * RESPONSE_BODY_MAX);
    struct write *write = start(&unread);

    (void)state;
    memset(buf_reserve(&json, RESPONSE_BODY_MAX), ' ', RESPONSE_BODY_MAX);
    buf_commit(&json, RESPONSE_BODY_MAX);
    write_send(write, 201, buf_view(&json), NULL);
    assert_answer(&exchange, 201, "too large to be shown");
    assert_str(exchange_field(&exchange, "Cache-Control"), "no-store");
    exchange.answers = 0;
    stubs_run();
    buf_free(&json);
    exchange_end(&exchange);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STUBS_TEST(test_each_step_follows_the_one_before),
        STUBS_TEST(test_a_kind_without_a_read_begins_with_the_fence),
        STUBS_TEST(test_what_cannot_be_read_is_not_written),
        STUBS_TEST(test_what_is_refused_is_not_fenced),
        STUBS_TEST(test_without_mongodb_no_tag_moves),
        STUBS_TEST(test_without_a_fence_nothing_is_written),
        STUBS_TEST(test_an_error_of_the_work_is_released_and_answered),
        STUBS_TEST(test_what_comes_late_is_not_sent),
        STUBS_TEST(test_a_write_that_cannot_be_released_is_not_acknowledged),
        STUBS_TEST(test_the_error_of_the_work_counts_before_that_of_the_release),
        STUBS_TEST(test_a_kind_may_begin_again),
        STUBS_TEST(test_the_memory_stays_as_long_as_the_work),
        STUBS_TEST(test_the_memory_stays_as_long_as_the_read),
        STUBS_TEST(test_what_is_too_large_to_be_shown_was_written_all_the_same),
    };

    return STUBS_RUN(tests);
}
