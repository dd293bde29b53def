/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_writer.h"
#include "base/metrics.h"

/* Standard error is a pipe that nobody reads for a while: who logs goes on. */

enum { LINES = 5000, TIME_MS = 5000 };

static int reading, stderr_fd;

static void begin(void)
{
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    stderr_fd = dup(STDERR_FILENO);
    dup2(fds[1], STDERR_FILENO);
    close(fds[1]);
    reading = fds[0];
}

/* Counts the lines that come until the word is in one. */
static unsigned read_until(const char *word, char line[static 1024])
{
    unsigned count = 0;
    size_t len = 0;
    char c;

    while (read(reading, &c, 1) == 1) {
        line[len] = c;
        len += len < 1023;
        if (c != '\n')
            continue;
        line[len] = '\0';
        if (strstr(line, word) != NULL)
            return count;
        count++;
        len = 0;
    }
    fail();
    return 0;
}

static void test_nobody_reads(void **state)
{
    int64_t begun_ms = clock_mono_ms();
    char line[1024];
    unsigned read;

    (void)state;
    alarm(60); /* where somebody waits */
    begin();
    log_setup(LOG_INFO, LOG_TEXT);
    log_in_background();
    for (int i = 0; i < LINES; i++)
        log_info("test", "a line", LOG_INT("n", i), LOG_CSTR("filled", "up to about 100 bytes"));
    assert_true(clock_mono_ms() - begun_ms < TIME_MS);
    assert_in_range(metric_sum(METRIC_LOG_DROPPED), 1, LINES);
    read = read_until("lines were dropped", line);
    assert_int_equal(read + metric_sum(METRIC_LOG_DROPPED), LINES);
    assert_int_equal(strtoul(strstr(line, "count=") + 6, NULL, 10), LINES - read);
    /* And goes on as if nothing had been. */
    log_info("test", "last words");
    assert_int_equal(read_until("last words", line), 0);
}

/* At the end what is there is written, and what nobody reads is waited for in vain a while only. */
static void test_end(void **state)
{
    char line[1024];
    int64_t begun_ms;

    (void)state;
    for (int i = 0; i < LINES; i++)
        log_info("test", "unread");
    begun_ms = clock_mono_ms();
    log_writer_stop(50);
    assert_true(clock_mono_ms() - begun_ms >= 50);
    assert_true(clock_mono_ms() - begun_ms < TIME_MS);
    log_info("test", "too late");
    read_until("unread", line);
    dup2(stderr_fd, STDERR_FILENO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_reads),
        cmocka_unit_test(test_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
