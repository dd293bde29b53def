/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/metrics.h"

static char name[64], path[280];

/* Makes the object and gives it back; its path follows from the table. */
static int setup(void **state)
{
    struct dirent *entry;
    DIR *shm = opendir("/dev/shm");

    (void)state;
    snprintf(name, sizeof name, "/larder-test-metrics-%d", (int)getpid());
    assert_int_equal(metrics_open(name), ERR_OK);
    metrics_close();
    assert_non_null(shm);
    while ((entry = readdir(shm)) != NULL)
        if (strncmp(entry->d_name, name + 1, strlen(name + 1)) == 0)
            snprintf(path, sizeof path, "/dev/shm/%s", entry->d_name);
    closedir(shm);
    return path[0] != '\0' ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    metrics_close();
    return unlink(path);
}

static void test_counts_outlive_who_counted(void **state)
{
    (void)state;
    assert_int_equal(metrics_open(name), ERR_OK);
    metric_add(METRIC_HIT_MEMORY, 3);
    metrics_close();
    assert_int_equal(metrics_open(name), ERR_OK);
    assert_int_equal(metric_sum(METRIC_HIT_MEMORY), 3);
}

static void test_what_is_open_to_others_is_not_used(void **state)
{
    static const mode_t modes[] = {0660, 0606, 0640, 0604};

    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(metrics_open(name), ERR_DENIED);
    }
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(metrics_open(name), ERR_OK);
}

static void test_what_was_removed_or_cut_is_noticed(void **state)
{
    (void)state;
    assert_true(metrics_are_linked());
    assert_int_equal(metrics_open(name), ERR_OK);
    assert_true(metrics_are_linked());
    assert_int_equal(truncate(path, 100), 0);
    assert_false(metrics_are_linked());
    metrics_close();
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(metrics_open(name), ERR_OK);
    assert_int_equal(unlink(path), 0);
    assert_false(metrics_are_linked());
    metrics_close();
    assert_int_equal(metrics_open(name), ERR_OK);
    assert_true(metrics_are_linked());
}

static void test_what_has_another_size_is_not_used(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size + 1), 0);
    assert_int_equal(metrics_open(name), ERR_UNSUPPORTED);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(metrics_open(name), ERR_UNSUPPORTED);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(metrics_open(name), ERR_OK);
}

#define with_object(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_object(test_counts_outlive_who_counted),
        with_object(test_what_is_open_to_others_is_not_used),
        with_object(test_what_was_removed_or_cut_is_noticed),
        with_object(test_what_has_another_size_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
