/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_have_their_turn),
        cmocka_unit_test(test_what_has_waited_too_long_is_not_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
