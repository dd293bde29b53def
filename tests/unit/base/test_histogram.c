/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/histogram.h"
#include "base/metrics.h"
#include "base/metrics_slot.h"

static char name[64];
static struct buf text = BUF_INIT(1 << 20);

static int setup(void **state)
{
    static int count;

    (void)state;
    snprintf(name, sizeof name, "/larder-test-histogram-%d-%d", (int)getpid(), count++);
    return metrics_open(name) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct dirent *entry;
    DIR *shm = opendir("/dev/shm");
    char path[300];

    (void)state;
    metrics_close();
    buf_free(&text);
    while (shm != NULL && (entry = readdir(shm)) != NULL) {
        snprintf(path, sizeof path, "/%s", entry->d_name);
        if (strncmp(path, name, strlen(name)) == 0)
            shm_unlink(path);
    }
    if (shm != NULL)
        closedir(shm);
    return 0;
}

static bool holds(const char *line)
{
    char room[400];

    buf_reset(&text);
    histograms_text(&text);
    buf_char(&text, '\0');
    snprintf(room, sizeof room, "\n%s\n", line);
    return strstr(text.ptr, room) != NULL;
}

#define PRODUCTS                                                                                   \
    "larder_request_duration_seconds_%s{route=\"/api/products\",method=\"GET\",status=\"2xx\""

static unsigned products(void)
{
    return histogram_route(STR("/api/products"), STR("GET"), 2, 100);
}

static void test_a_time_is_in_its_bucket_and_in_those_above(void **state)
{
    (void)state;
    histogram_add(HISTOGRAM_QUEUE_WAIT, 100000); /* a bound is part of its bucket */
    histogram_add(HISTOGRAM_QUEUE_WAIT, 100001);
    histogram_add(HISTOGRAM_QUEUE_WAIT, 99 * 1000000);
    histogram_add(HISTOGRAM_QUEUE_WAIT, 11000000000);
    histogram_add(HISTOGRAM_QUEUE_WAIT, -5);
    assert_true(holds("larder_queue_wait_seconds_bucket{le=\"0.0001\"} 2"));
    assert_true(holds("larder_queue_wait_seconds_bucket{le=\"0.00025\"} 3"));
    assert_true(holds("larder_queue_wait_seconds_bucket{le=\"0.05\"} 3"));
    assert_true(holds("larder_queue_wait_seconds_bucket{le=\"0.1\"} 4"));
    assert_true(holds("larder_queue_wait_seconds_bucket{le=\"10\"} 4"));
    assert_true(holds("larder_queue_wait_seconds_bucket{le=\"+Inf\"} 5"));
    assert_true(holds("larder_queue_wait_seconds_sum 11.099200001"));
    assert_true(holds("larder_queue_wait_seconds_count 5"));
}

static void test_only_what_has_occurred_is_shown(void **state)
{
    char line[200];

    (void)state;
    snprintf(line, sizeof line, PRODUCTS "} 1", "count");
    (void)products();
    assert_false(holds(line));
    assert_null(strstr(text.ptr, "route="));
    assert_null(strstr(text.ptr, "command="));
    histogram_add(products(), 1);
    assert_true(holds(line));
}

/* The child is gone without a word, as a worker that is killed. */
static void test_what_a_killed_worker_has_counted_stays(void **state)
{
    char line[200];
    int status;
    pid_t child;

    (void)state;
    histogram_add(products(), 1000000);
    child = fork();
    if (child == 0) {
        metrics_close();
        if (metrics_open(name) == ERR_OK)
            histogram_add(products(), 2000000);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    snprintf(line, sizeof line, PRODUCTS "} 2", "count");
    assert_true(holds(line));
    snprintf(line, sizeof line, PRODUCTS "} 0.003000000", "sum");
    assert_true(holds(line));
    snprintf(line, sizeof line, PRODUCTS ",le=\"0.001\"} 1", "bucket");
    assert_true(holds(line));
}

static void test_the_same_labels_have_one_place(void **state)
{
    (void)state;
    assert_int_equal(products(), products());
    assert_int_not_equal(products(), histogram_route(STR("/api/products"), STR("GET"), 4, 100));
    assert_int_not_equal(products(), histogram_route(STR("/api/products"), STR("PUT"), 2, 100));
}

static void test_beyond_the_limit_there_is_other(void **state)
{
    char route[32];
    unsigned which = HISTOGRAM_NONE;

    (void)state;
    for (int i = 0; i < 21; i++) {
        snprintf(route, sizeof route, "/api/%d", i);
        which = histogram_route(str_from(route), STR("GET"), 5, 20);
        assert_int_equal(histogram_is_other(which), i == 20);
    }
    assert_int_equal(which, HISTOGRAM_OTHER_5XX);
    histogram_add(which, 1);
    assert_true(holds("larder_request_duration_seconds_count"
                      "{route=\"other\",method=\"other\",status=\"5xx\"} 1"));
    assert_false(histogram_is_other(histogram_route(STR("/api/3"), STR("GET"), 5, 20)));
}

static void test_labels_that_are_too_long_are_other(void **state)
{
    char route[HISTOGRAM_LABELS_SIZE];

    (void)state;
    memset(route, 'x', sizeof route);
    assert_int_equal(histogram_route(str_make(route, sizeof route), STR("GET"), 4, 20),
                     HISTOGRAM_OTHER_4XX);
}

/* A path and a method that are both unknown: the page would have the series twice. */
static void test_what_is_called_other_is_other(void **state)
{
    (void)state;
    assert_int_equal(histogram_route(STR("other"), STR("other"), 4, 20), HISTOGRAM_OTHER_4XX);
}

/* Whoever was to write it is dead: the labels get another place. */
static void test_a_place_that_is_not_written_is_passed_over(void **state)
{
    unsigned first = products() - HISTOGRAM_FIXED;

    (void)state;
    atomic_store(&metrics_map.head->places[first].state, PLACE_CLAIMED);
    assert_int_not_equal(products(), first + HISTOGRAM_FIXED);
    assert_int_equal(metrics_map.head->places[first].state, PLACE_GIVEN_UP);
    histogram_add(products(), 1);
    assert_non_null(strstr((holds(""), text.ptr), "/api/products"));
}

static void test_gauges_are_of_workers_that_live(void **state)
{
    int ready[2], status;
    pid_t child;
    char byte;

    (void)state;
    gauge_set(GAUGE_CONNECTIONS, 3);
    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        metrics_close();
        if (metrics_open(name) == ERR_OK)
            gauge_set(GAUGE_CONNECTIONS, 4);
        (void)!write(ready[1], "x", 1);
        pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(gauge_sum(GAUGE_CONNECTIONS), 7);
    assert_int_equal(metrics_workers(), 2);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(gauge_sum(GAUGE_CONNECTIONS), 3);
    assert_int_equal(metrics_workers(), 1);
    close(ready[0]);
    close(ready[1]);
}

#define with_map(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_map(test_a_time_is_in_its_bucket_and_in_those_above),
        with_map(test_only_what_has_occurred_is_shown),
        with_map(test_what_a_killed_worker_has_counted_stays),
        with_map(test_the_same_labels_have_one_place),
        with_map(test_beyond_the_limit_there_is_other),
        with_map(test_labels_that_are_too_long_are_other),
        with_map(test_what_is_called_other_is_other),
        with_map(test_a_place_that_is_not_written_is_passed_over),
        with_map(test_gauges_are_of_workers_that_live),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
