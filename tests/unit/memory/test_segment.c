/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/idiom.h"
#include "memory/segment.h"

static const uint64_t MiB = 1 << 20;
static char name[64];

static int setup(void **state)
{
    (void)state;
    snprintf(name, sizeof name, "larder-test-segment-%d", (int)getpid());
    (void)memory_unlink(name);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)memory_unlink(name);
    return 0;
}

static enum err open_with(struct memory_config config, struct memory **m,
                          struct memory_opened *opened)
{
    config.name = name;
    return memory_open(&config, m, opened);
}

static void let_live(struct memory *m)
{
    struct memory_lease lease;

    assert_true(memory_lease_acquire(m, NOW, MS, &lease));
    assert_true(memory_lease_renew(m, &lease, NOW + 1000 * MS));
}

/* The object itself, for what another program might have done to it. */
static int object(int flags, mode_t mode)
{
    char path[80];
    int fd;

    snprintf(path, sizeof path, "/%s", name);
    fd = shm_open(path, flags, mode);
    assert_true(fd >= 0);
    return fd;
}

static void test_a_restarted_worker_finds_it_warm(void **state)
{
    struct memory_opened opened;
    struct memory *m = open_bytes(name, 4 * MiB, &opened);
    struct memory_snapshot snapshot = snapshot_of(m, "products", NULL);

    (void)state;
    let_live(m);
    put(m, "k", "body", &snapshot);
    memory_close(m);
    m = open_bytes(name, 4 * MiB, &opened);
    assert_false(opened.created || opened.resized || opened.other_size);
    assert_hit(m, "k", "body");
    assert_int_equal(put(m, "l", "body", &snapshot), ERR_OK);
    assert_sound(m);
    memory_close(m);
}

static void test_another_size_keeps_the_tags(void **state)
{
    struct memory_opened opened;
    struct memory *m = open_bytes(name, 4 * MiB, &opened);
    struct memory_snapshot snapshot = snapshot_of(m, "products", NULL), after;
    uint32_t slot = memory_slot(STR("products"));
    static const uint64_t sizes[] = {16, 0, 4, 64, 5};

    (void)state;
    let_live(m);
    put(m, "k", "body", &snapshot);
    memory_fence(m, slot, 1, NOW, NOW + 5000 * MS);
    (void)memory_set_pending(m, slot);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memory_close(m);
        m = open_bytes(name, sizes[i] * MiB, &opened);
        assert_true(opened.resized && !opened.created && !opened.other_size);
        assert_int_equal(opened.bytes, sizes[i] * MiB);
        assert_miss(m, "k");
        after = snapshot_of(m, "products", NULL);
        assert_int_equal(after.flags, MEMORY_FENCED | MEMORY_PENDING);
        assert_true(after.void_gen > snapshot.void_gen);
        assert_sound(m);
    }
    after = snapshot_of(m, "posts", NULL);
    assert_int_equal(put(m, "k", "new", &after), ERR_OK);
    assert_hit(m, "k", "new");
    memory_close(m);
}

static void test_a_size_that_others_use_is_kept_and_told(void **state)
{
    struct memory_opened opened;
    struct memory *a = open_bytes(name, 4 * MiB, &opened), *b;

    (void)state;
    b = open_bytes(name, 8 * MiB, &opened);
    assert_true(opened.other_size);
    assert_int_equal(opened.bytes, 4 * MiB);
    memory_close(a);
    memory_close(b);
    b = open_bytes(name, 8 * MiB, &opened);
    assert_true(opened.resized && !opened.other_size);
    memory_close(b);
}

static void test_bad_settings_are_refused_with_a_reason(void **state)
{
    static const char *const names[] = {"", "a/b", ".hidden", "a b", "\xc3\xa9", NULL};
    static const uint64_t sizes[] = {1, (4 << 20) - 1, MEMORY_BYTES_MAX + 1, UINT64_MAX};
    struct memory_opened opened;
    struct memory *m;
    char longest[MEMORY_NAME_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(memory_open(&(struct memory_config){.name = names[i]}, &m, &opened),
                         ERR_INVALID);
        assert_null(m);
        assert_non_null(strstr(opened.why, "name"));
    }
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(memory_open(&(struct memory_config){.name = longest}, &m, &opened),
                     ERR_INVALID);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(open_with((struct memory_config){.bytes = sizes[i]}, &m, &opened),
                         ERR_RANGE);
        assert_non_null(strstr(opened.why, "LARDER_MEMORY"));
    }
    assert_int_equal(memory_unlink("a/b"), ERR_INVALID);
    assert_int_equal(memory_unlink(name), ERR_NOT_FOUND);
    memory_close(NULL);
}

static void test_no_room_names_the_setting(void **state)
{
    struct memory_opened opened;
    struct memory *m = open_bytes(name, 4 * MiB, &opened);
    struct memory_snapshot snapshot;
    struct rlimit before, small;
    char path[80];
    struct stat st;

    (void)state;
    memory_fence(m, 9, 1, NOW, NOW + 5000 * MS);
    memory_close(m);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 16 * MiB, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_int_equal(open_with((struct memory_config){.bytes = 64 * MiB}, &m, &opened),
                     ERR_TOO_LARGE);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(opened.why, "LARDER_MEMORY"));
    snprintf(path, sizeof path, "/dev/shm/%s", name);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size < (off_t)(4 * MiB));
    /* The tags survive that as well. */
    m = open_bytes(name, 4 * MiB, &opened);
    assert_true(opened.resized);
    assert_int_equal(memory_snapshot(m, &(uint32_t){9}, 1, NOW, &snapshot), MEMORY_FENCED);
    memory_close(m);
}

static void test_attaching_changes_nothing(void **state)
{
    struct memory_opened opened;
    struct memory *a, *b;

    (void)state;
    assert_int_equal(open_with((struct memory_config){.attach = true}, &b, &opened), ERR_NOT_FOUND);
    assert_int_equal(memory_unlink(name), ERR_NOT_FOUND);
    a = open_bytes(name, 4 * MiB, &opened);
    memory_close(a);
    assert_int_equal(open_with((struct memory_config){.attach = true}, &b, &opened), ERR_OK);
    assert_int_equal(opened.bytes, 4 * MiB);
    assert_false(opened.created || opened.resized || opened.other_size);
    memory_close(b);
}

static void test_a_name_taken_away_is_noticed(void **state)
{
    struct memory_opened opened;
    struct memory *a = open_bytes(name, 0, &opened), *b;

    (void)state;
    assert_true(memory_is_linked(a));
    assert_int_equal(memory_unlink(name), ERR_OK);
    assert_false(memory_is_linked(a));
    b = open_bytes(name, 0, &opened);
    assert_true(opened.created);
    assert_true(memory_is_linked(b));
    assert_false(memory_is_linked(a));
    memory_close(a);
    memory_close(b);
}

/* Those who share it notice, and later openers get a new one. */
static void test_a_head_that_was_overwritten(void **state)
{
    static const struct {
        off_t at;
        size_t len;
    } places[] = {{0, 8}, {8, 4}, {12, 4}, {16, 8}, {0, SEGMENT_HEADER}};
    unsigned char bytes[SEGMENT_HEADER];
    struct memory_opened opened;
    struct memory *a, *b;

    (void)state;
    memset(bytes, 0x5a, sizeof bytes);
    for (size_t i = 0; i < COUNT(places); i++) {
        a = open_bytes(name, 4 * MiB, &opened);
        b = open_bytes(name, 4 * MiB, &opened);
        assert_true(memory_is_sound(a) && memory_is_sound(b));
        assert_int_equal(pwrite(a->fd, bytes, places[i].len, places[i].at), places[i].len);
        assert_false(memory_is_sound(a) || memory_is_sound(b));
        memory_put_aside(a, name);
        assert_false(memory_is_linked(a) || memory_is_linked(b));
        memory_close(a);
        a = open_bytes(name, 4 * MiB, &opened);
        assert_true(opened.created);
        memory_put_aside(b, name); /* who notices later leaves the new one alone */
        assert_true(memory_is_linked(a) && memory_is_sound(a));
        memory_close(a);
        memory_close(b);
        assert_int_equal(memory_unlink(name), ERR_OK);
    }
}

static void test_the_segment_is_private(void **state)
{
    struct memory_opened opened;
    struct memory *m = open_bytes(name, 0, &opened);
    struct stat st;
    int fd = object(O_RDWR, 0);

    (void)state;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    memory_close(m);
    assert_int_equal(fchmod(fd, 0666), 0);
    assert_int_equal(open_with((struct memory_config){0}, &m, &opened), ERR_DENIED);
    close(fd);
}

static void test_garbage_and_unfinished_work_are_made_anew(void **state)
{
    struct memory_opened opened;
    struct memory *m;
    int fd = object(O_RDWR | O_CREAT, 0600);

    (void)state;
    for (int i = 0; i < 300000; i++)
        assert_int_equal(write(fd, "garbage", 7), 7);
    m = open_bytes(name, 4 * MiB, &opened);
    assert_true(opened.created);
    memory_close(m);
    /* A creator that was killed has not stored the magic. */
    assert_int_equal(pwrite(fd, "\0\0\0\0\0\0\0", 8, 0), 8);
    m = open_bytes(name, 4 * MiB, &opened);
    assert_true(opened.created);
    assert_sound(m);
    memory_close(m);
    /* One that was killed while changing the size. */
    assert_int_equal(
        pwrite(fd, &(uint64_t){SEGMENT_RESIZING}, 8, (off_t)offsetof(struct segment, bytes)), 8);
    m = open_bytes(name, 4 * MiB, &opened);
    assert_true(opened.resized);
    assert_sound(m);
    memory_close(m);
    assert_int_equal(ftruncate(fd, SEGMENT_HEADER + MEMORY_TAG_SLOTS * 64 + 100), 0);
    m = open_bytes(name, 4 * MiB, &opened);
    assert_true(opened.resized);
    assert_sound(m);
    memory_close(m);
    close(fd);
}

static void test_another_version_in_use_is_refused(void **state)
{
    struct memory_opened opened;
    struct memory *a = open_bytes(name, 4 * MiB, &opened), *b;
    int fd = object(O_RDWR, 0);
    const off_t layout = (off_t)offsetof(struct segment, layout);

    (void)state;
    assert_int_equal(pwrite(fd, &(uint32_t){MEMORY_LAYOUT + 1}, 4, layout), 4);
    assert_int_equal(open_with((struct memory_config){.bytes = 4 * MiB}, &b, &opened),
                     ERR_UNSUPPORTED);
    assert_non_null(strstr(opened.why, "version"));
    memory_close(a);
    b = open_bytes(name, 4 * MiB, &opened);
    assert_true(opened.created);
    memory_close(b);
    close(fd);
}

/* Opens, stores and closes until it is killed. */
static void open_for_ever(unsigned seed)
{
    for (;;) {
        struct memory_config config = {.name = name,
                                       .bytes = (uint64_t)(rand_r(&seed) % 3) * 4 * MiB};
        struct memory_opened opened;
        struct memory_snapshot snapshot;
        struct memory *m;

        if (memory_open(&config, &m, &opened) != ERR_OK)
            _exit(1);
        memory_snapshot(m, NULL, 0, NOW, &snapshot);
        for (int i = 0; i < 20; i++) {
            char key[] = {'k', (char)('a' + i), '\0'};

            (void)put(m, key, "body", &snapshot);
        }
        memory_close(m);
    }
}

/* Openers of three sizes, killed at any moment: whoever comes gets a sound segment, never SIGBUS.
 */
static void test_openers_killed_at_random(void **state)
{
    enum { OPENERS = 4, KILLS = 150 };
    pid_t pids[OPENERS] = {0};
    unsigned seed = 1;
    struct memory_opened opened;
    struct memory *m;

    (void)state;
    for (int i = 0; i < KILLS; i++) {
        int which = i % OPENERS, status;

        if (pids[which] > 0) {
            kill(pids[which], SIGKILL);
            assert_int_equal(waitpid(pids[which], &status, 0), pids[which]);
            assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        }
        pids[which] = fork();
        if (pids[which] == 0)
            open_for_ever((unsigned)i);
        usleep((useconds_t)(rand_r(&seed) % 8000));
    }
    m = open_bytes(name, 4 * MiB, &opened);
    assert_sound(m);
    memory_close(m);
    for (int i = 0; i < OPENERS; i++) {
        kill(pids[i], SIGKILL);
        waitpid(pids[i], NULL, 0);
    }
    m = open_bytes(name, 4 * MiB, &opened);
    assert_int_equal(opened.bytes, 4 * MiB);
    assert_sound(m);
    memory_close(m);
}

#define with_name(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_name(test_a_restarted_worker_finds_it_warm),
        with_name(test_another_size_keeps_the_tags),
        with_name(test_a_size_that_others_use_is_kept_and_told),
        with_name(test_bad_settings_are_refused_with_a_reason),
        with_name(test_no_room_names_the_setting),
        with_name(test_attaching_changes_nothing),
        with_name(test_a_name_taken_away_is_noticed),
        with_name(test_a_head_that_was_overwritten),
        with_name(test_the_segment_is_private),
        with_name(test_garbage_and_unfinished_work_are_made_anew),
        with_name(test_another_version_in_use_is_refused),
        with_name(test_openers_killed_at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
