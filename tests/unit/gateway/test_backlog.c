/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/backlog.h"

/* More than a socket pair takes without a reader. */
enum { MUCH = 8 << 20, PIECE = 65536 };

struct fixture {
    int ours, theirs;
    struct backlog backlog;
    char *bytes;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    fixture->ours = fds[0];
    fixture->theirs = fds[1];
    fixture->bytes = malloc(MUCH);
    for (size_t i = 0; i < MUCH; i++)
        fixture->bytes[i] = (char)(i * 31 >> 3);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    close(fixture->ours);
    close(fixture->theirs);
    backlog_clear(&fixture->backlog);
    free(fixture->bytes);
    free(fixture);
    return 0;
}

/* What the peer can read now, which must be the bytes from `at` on; how many there were. */
static size_t take(struct fixture *fixture, size_t at)
{
    static char into[PIECE];
    ssize_t n = recv(fixture->theirs, into, sizeof into, MSG_DONTWAIT);

    if (n <= 0)
        return 0;
    assert_memory_equal(into, fixture->bytes + at, (size_t)n);
    return (size_t)n;
}

static void test_all_is_sent_at_once_where_there_is_room(void **state)
{
    struct fixture *fixture = *state;
    struct iovec vectors[] = {
        {fixture->bytes, 10}, {fixture->bytes + 10, 0}, {fixture->bytes + 10, 5}};

    assert_int_equal(backlog_send(&fixture->backlog, fixture->ours, vectors, 3, false), ERR_OK);
    assert_int_equal(fixture->backlog.len, 0);
    assert_null(fixture->backlog.ptr);
    assert_int_equal(take(fixture, 0), 15);
}

static void take_all(struct fixture *fixture, size_t *got)
{
    size_t n;

    while ((n = take(fixture, *got)) > 0)
        *got += n;
}

/* Large pieces stay where they are; small ones may be written over at once. */
static void test_large_pieces_that_last_are_not_copied(void **state)
{
    struct fixture *fixture = *state;
    char small[8], tail[8];
    struct iovec vectors[] = {{small, 8},
                              {fixture->bytes + 8, MUCH / 2},
                              {fixture->bytes + 8 + MUCH / 2, MUCH / 2 - 16},
                              {tail, 8}};
    struct iovec more = {fixture->bytes, 8};
    size_t got = 0;

    memcpy(small, fixture->bytes, 8);
    memcpy(tail, fixture->bytes + MUCH - 8, 8);
    assert_int_equal(backlog_send(&fixture->backlog, fixture->ours, vectors, 4, true), ERR_OK);
    memset(small, 0, 8);
    memset(tail, 0, 8);
    assert_false(backlog_is_empty(&fixture->backlog));
    assert_null(fixture->backlog.ptr);
    /* What comes meanwhile is copied, and waits behind it. */
    assert_int_equal(backlog_send(&fixture->backlog, fixture->ours, &more, 1, true), ERR_OK);
    assert_int_equal(fixture->backlog.len, 8);
    while (got < MUCH) {
        take_all(fixture, &got);
        if (got < MUCH)
            assert_int_not_equal(backlog_flush(&fixture->backlog, fixture->ours), ERR_UNAVAILABLE);
    }
    while (!backlog_is_empty(&fixture->backlog))
        assert_int_equal(backlog_flush(&fixture->backlog, fixture->ours), ERR_OK);
    assert_int_equal(take(fixture, 0), 8);
    assert_null(fixture->backlog.lent);
}

/* In their order, though the second lot is given while the first still waits. */
static void test_what_is_not_taken_waits(void **state)
{
    struct fixture *fixture = *state;
    const size_t half = MUCH / 2;
    struct iovec first[] = {{fixture->bytes, 100}, {fixture->bytes + 100, half - 100}};
    struct iovec second = {fixture->bytes + half, MUCH - half};
    size_t got = 0, n;
    enum err err;

    assert_int_equal(backlog_send(&fixture->backlog, fixture->ours, first, 2, false), ERR_OK);
    assert_true(fixture->backlog.len > 0 && fixture->backlog.len < half);
    assert_int_equal(backlog_flush(&fixture->backlog, fixture->ours), ERR_BUSY);
    assert_int_equal(backlog_send(&fixture->backlog, fixture->ours, &second, 1, false), ERR_OK);
    while ((n = take(fixture, got)) > 0) {
        got += n;
        if (fixture->backlog.len > 0) {
            err = backlog_flush(&fixture->backlog, fixture->ours);
            assert_true(err == ERR_OK || err == ERR_BUSY);
        }
    }
    assert_int_equal(got, MUCH);
    assert_null(fixture->backlog.ptr);
}

static void test_a_peer_that_is_gone_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct iovec vector = {fixture->bytes, 10};

    backlog_add(&fixture->backlog, "late", 4);
    shutdown(fixture->theirs, SHUT_RDWR);
    assert_int_equal(backlog_flush(&fixture->backlog, fixture->ours), ERR_UNAVAILABLE);
    backlog_clear(&fixture->backlog);
    assert_int_equal(backlog_send(&fixture->backlog, fixture->ours, &vector, 1, false),
                     ERR_UNAVAILABLE);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_all_is_sent_at_once_where_there_is_room),
        CASE(test_large_pieces_that_last_are_not_copied),
        CASE(test_what_is_not_taken_waits),
        CASE(test_a_peer_that_is_gone_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
