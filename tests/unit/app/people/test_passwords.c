/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/people/passwords.h"

enum { JOBS = 6, AT_ONCE = 2 };

struct all {
    struct password_job jobs[JOBS];
    int done;
};

static void done(struct password_job *job)
{
    ((struct all *)job->context)->done++;
}

static void run(struct all *all, int64_t wait_ms)
{
    uv_loop_t loop;
    struct passwords *passwords;

    uv_loop_init(&loop);
    passwords = passwords_new(&loop, wait_ms);
    for (size_t i = 0; i < JOBS; i++) {
        all->jobs[i] = (struct password_job){
            .password = STR("correct horse"), .make = true, .done = done, .context = all};
        assert_int_equal(passwords_submit(passwords, &all->jobs[i]), ERR_OK);
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    passwords_free(passwords);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(all->done, JOBS);
}

static void test_all_have_their_turn(void **state)
{
    struct all all = {.done = 0};

    (void)state;
    run(&all, INT64_C(1000000));
    for (size_t i = 0; i < JOBS; i++) {
        assert_int_equal(all.jobs[i].err, ERR_OK);
        assert_true(password_matches(STR("correct horse"), all.jobs[i].made));
    }
}

static void test_what_has_waited_too_long_is_not_done(void **state)
{
    struct all all = {.done = 0};

    (void)state;
    run(&all, -1);
    for (size_t i = 0; i < JOBS; i++) {
        assert_int_equal(all.jobs[i].err, i < AT_ONCE ? ERR_OK : ERR_BUSY);
        assert_int_equal(all.jobs[i].made[0] != '\0', i < AT_ONCE);
    }
}

/* --- Whose turn it is --- */

enum { BUSY_JOBS = 80 };

/* Jobs that note in which order they were done; comparing with nothing takes as long as any. */
struct queue {
    uv_loop_t loop;
    struct passwords *passwords;
    struct password_job jobs[BUSY_JOBS];
    size_t count, done[BUSY_JOBS], done_count;
};

static void note(struct password_job *job)
{
    struct queue *queue = job->context;

    queue->done[queue->done_count++] = (size_t)(job - queue->jobs);
}

static enum err submit(struct queue *queue, enum password_use use, const char *address,
                       const char *account)
{
    struct password_job *job = &queue->jobs[queue->count++];

    /* One that is too long is answered at once. */
    *job = (struct password_job){.use = use, .make = true, .done = note, .context = queue};
    job->password = str_make(address, PASSWORD_MAX + 1);
    passwords_whose(job, str_from(address), str_from(account));
    return passwords_submit(queue->passwords, job);
}

static struct queue *queue_open(void)
{
    struct queue *queue = calloc(1, sizeof *queue);

    uv_loop_init(&queue->loop);
    queue->passwords = passwords_new(&queue->loop, INT64_C(1000000));
    return queue;
}

/* At most so many had their turn before this job. */
static size_t place_of(const struct queue *queue, size_t job)
{
    size_t at = 0;

    while (queue->done[at] != job)
        at++;
    return at;
}

static void queue_run(struct queue *queue)
{
    uv_run(&queue->loop, UV_RUN_DEFAULT);
    passwords_free(queue->passwords);
    assert_int_equal(uv_loop_close(&queue->loop), 0);
}

static void test_a_flood_of_one_address_lets_another_by(void **state)
{
    struct queue *queue = queue_open();
    char account[8];

    (void)state;
    for (int i = 0; i < 30; i++) {
        snprintf(account, sizeof account, "a%d", i);
        assert_int_equal(submit(queue, PASSWORD_SIGN_IN, "192.0.2.1", account), ERR_OK);
    }
    assert_int_equal(submit(queue, PASSWORD_SIGN_IN, "198.51.100.7", "ann"), ERR_OK);
    queue_run(queue);
    assert_in_range(place_of(queue, 30), 0, 5);
    free(queue);
}

static void test_a_flood_on_one_account_lets_another_by(void **state)
{
    struct queue *queue = queue_open();

    (void)state;
    for (int i = 0; i < 30; i++)
        assert_int_equal(submit(queue, PASSWORD_SIGN_IN, "192.0.2.1", "bob"), ERR_OK);
    assert_int_equal(submit(queue, PASSWORD_SIGN_IN, "192.0.2.1", "ann"), ERR_OK);
    queue_run(queue);
    assert_in_range(place_of(queue, 30), 0, 20); /* its address has as many before it */
    free(queue);
}

static void test_signing_in_comes_before_signing_up(void **state)
{
    struct queue *queue = queue_open();

    (void)state;
    for (int i = 0; i < 20; i++)
        assert_int_equal(submit(queue, PASSWORD_SIGN_UP, "192.0.2.1", "x"), ERR_OK);
    for (int i = 0; i < 20; i++)
        assert_int_equal(submit(queue, PASSWORD_SIGN_IN, "192.0.2.1", "y"), ERR_OK);
    queue_run(queue);
    assert_in_range(place_of(queue, 39), 0, 30); /* all of them, and each fourth turn of others' */
    assert_in_range(place_of(queue, 2), 0, 8);   /* who signs up has turns as well */
    free(queue);
}

static void test_places_are_kept_for_signing_in(void **state)
{
    struct queue *queue = queue_open();
    size_t busy = 0;

    (void)state;
    for (int i = 0; i < 40; i++)
        busy += submit(queue, PASSWORD_SIGN_UP, "192.0.2.1", "x") == ERR_BUSY;
    assert_int_equal(busy, 40 - AT_ONCE - PASSWORDS_SIGN_UPS_MAX);
    for (int i = 0; i < PASSWORDS_MAX - PASSWORDS_SIGN_UPS_MAX; i++)
        assert_int_equal(submit(queue, PASSWORD_SIGN_IN, "192.0.2.1", "y"), ERR_OK);
    queue_run(queue);
    free(queue);
}

/* The one who has most in it makes room, and is told. */
static void test_a_full_queue_takes_who_has_less_in_it(void **state)
{
    struct queue *queue = queue_open();
    size_t last = AT_ONCE + PASSWORDS_MAX;

    (void)state;
    for (size_t i = 0; i < last; i++)
        assert_int_equal(submit(queue, PASSWORD_SIGN_IN, "192.0.2.1", "x"), ERR_OK);
    assert_int_equal(submit(queue, PASSWORD_SIGN_IN, "192.0.2.1", "x"), ERR_BUSY);
    assert_int_equal(queue->done_count, 0);
    assert_int_equal(submit(queue, PASSWORD_SIGN_IN, "198.51.100.7", "ann"), ERR_OK);
    assert_int_equal(queue->done_count, 1);
    assert_int_equal(queue->done[0], last - 1);
    assert_int_equal(queue->jobs[last - 1].err, ERR_BUSY);
    queue_run(queue);
    assert_int_equal(queue->done_count, last + 1);
    free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_have_their_turn),
        cmocka_unit_test(test_what_has_waited_too_long_is_not_done),
        cmocka_unit_test(test_a_flood_of_one_address_lets_another_by),
        cmocka_unit_test(test_a_flood_on_one_account_lets_another_by),
        cmocka_unit_test(test_signing_in_comes_before_signing_up),
        cmocka_unit_test(test_places_are_kept_for_signing_in),
        cmocka_unit_test(test_a_full_queue_takes_who_has_less_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
