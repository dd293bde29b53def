/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_lock.h"
#include "memory/feedback.h"
#include "memory/feedback_layout.h"

struct heard {
    uint64_t hits, hash, counts[FEEDBACK_COUNTS], views, kinds;
    uint64_t buckets[FEEDBACK_BUCKETS];
    char last[300];
};

static void on_hit(void *context, uint64_t key_hash, unsigned times)
{
    struct heard *heard = context;

    heard->hits += times;
    heard->hash = key_hash;
}

static void on_count(void *context, enum feedback_count count, uint64_t by)
{
    ((struct heard *)context)->counts[count] += by;
}

static void on_view(void *context, struct str name, uint64_t by)
{
    struct heard *heard = context;

    heard->views += by;
    snprintf(heard->last, sizeof heard->last, "%.*s", (int)name.len, name.ptr);
}

static void on_duration(void *context, struct str pattern, unsigned kind, const uint64_t *buckets)
{
    struct heard *heard = context;

    assert_str(pattern, "/api/products/{id}");
    heard->kinds |= UINT64_C(1) << kind;
    for (int i = 0; i < FEEDBACK_BUCKETS; i++)
        heard->buckets[i] += buckets[i];
}

static const struct feedback_events events = {on_hit, on_count, on_view, on_duration};

static char name[64];

static void remove_file(void)
{
    char path[100];

    snprintf(path, sizeof path, "/%s-edge", name);
    (void)shm_unlink(path);
}

static int setup(void **state)
{
    (void)state;
    snprintf(name, sizeof name, "larder-test-feedback-%d", (int)getpid());
    remove_file();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_file();
    return 0;
}

static struct feedback_file *file_open(void)
{
    struct feedback_file *file = NULL;

    assert_int_equal(feedback_file_open(name, (gid_t)-1, FEEDBACK_ANSWERS, &file), ERR_OK);
    return file;
}

static struct feedback *reader_open(void)
{
    struct feedback *feedback = NULL;

    assert_int_equal(feedback_open(name, &feedback), ERR_OK);
    return feedback;
}

static void test_all_is_taken_over_once(void **state)
{
    struct feedback_file *file = file_open();
    struct feedback *reader = reader_open(), *another = reader_open();
    struct heard heard = {0};

    (void)state;
    assert_int_equal(feedback_policy(reader), FEEDBACK_ANSWERS);
    feedback_file_allow(file, FEEDBACK_BY_ORIGIN);
    assert_int_equal(feedback_policy(reader), FEEDBACK_BY_ORIGIN);
    feedback_hit(reader, 77);
    feedback_hit(reader, 77);
    feedback_add(reader, FEEDBACK_2XX);
    feedback_add(another, FEEDBACK_2XX);
    feedback_add(another, FEEDBACK_HITS);
    assert_true(feedback_view(reader, STR("product:1")));
    assert_true(feedback_view(another, STR("product:1")));
    feedback_time(reader, 3, STR("/api/products/{id}"), FEEDBACK_KIND(0, 1), 2, 300);
    feedback_take(file, &events, &heard);
    feedback_take(file, &events, &heard);
    assert_int_equal(heard.hits, 2);
    assert_int_equal(heard.hash, 77);
    assert_int_equal(heard.counts[FEEDBACK_2XX], 2);
    assert_int_equal(heard.counts[FEEDBACK_HITS], 1);
    assert_int_equal(heard.views, 2);
    assert_string_equal(heard.last, "product:1");
    assert_int_equal(heard.kinds, 1 << FEEDBACK_KIND(0, 1));
    assert_int_equal(heard.buckets[2], 1);
    assert_int_equal(heard.buckets[FEEDBACK_BUCKETS - 1], 300);
    feedback_close(another);
    feedback_close(reader);
    feedback_file_close(file);
}

/* What a process that is gone has told stays, and its successor in the slot goes on. */
static void test_a_slot_is_taken_over(void **state)
{
    struct feedback_file *file = file_open();
    struct feedback *reader = reader_open();
    struct heard heard = {0};

    (void)state;
    feedback_add(reader, FEEDBACK_2XX);
    feedback_view(reader, STR("product:1"));
    feedback_close(reader);
    reader = reader_open();
    feedback_add(reader, FEEDBACK_2XX);
    feedback_view(reader, STR("product:1"));
    feedback_take(file, &events, &heard);
    assert_int_equal(heard.counts[FEEDBACK_2XX], 2);
    assert_int_equal(heard.views, 2);
    feedback_close(reader);
    feedback_file_close(file);
}

static void test_any_worker_collects_and_each_count_once(void **state)
{
    struct feedback_file *files[2] = {file_open(), file_open()};
    struct feedback *reader = reader_open();

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct heard heard = {0}, none = {0};

        feedback_add(reader, FEEDBACK_3XX);
        feedback_take(files[i % 2], &events, &heard);
        feedback_take(files[(i + 1) % 2], &events, &none);
        assert_int_equal(heard.counts[FEEDBACK_3XX], 1);
        assert_int_equal(none.counts[FEEDBACK_3XX], 0);
    }
    feedback_close(reader);
    feedback_file_close(files[0]);
    feedback_file_close(files[1]);
}

static void test_one_worker_collects_at_a_time(void **state)
{
    struct feedback_file *file = file_open();
    struct feedback *reader = reader_open();
    struct heard heard = {0};
    char path[FEEDBACK_PATH_MAX];
    int other = feedback_path(name, path) ? shm_open(path, O_RDWR, 0) : -1;

    (void)state;
    assert_true(byte_lock(other, FEEDBACK_TAKES));
    feedback_add(reader, FEEDBACK_3XX);
    feedback_take(file, &events, &heard);
    assert_int_equal(heard.counts[FEEDBACK_3XX], 0);
    byte_unlock(other, FEEDBACK_TAKES);
    feedback_take(file, &events, &heard);
    assert_int_equal(heard.counts[FEEDBACK_3XX], 1);
    (void)close(other);
    feedback_close(reader);
    feedback_file_close(file);
}

/* Views are refused where there is no room, and there is again when they were taken. */
static void test_views_without_room(void **state)
{
    struct feedback_file *file = file_open();
    struct feedback *reader = reader_open();
    struct heard heard = {0};
    uint64_t counted = 0;
    char text[32];
    bool full = false;

    (void)state;
    for (int i = 0; i < 5000; i++) {
        bool told;

        snprintf(text, sizeof text, "product:%d", i);
        told = feedback_view(reader, str_from(text));
        assert_true(told || i >= 1500); /* a busy site's in a quarter of a second */
        counted += told;
        full = full || !told;
    }
    assert_true(full);
    feedback_take(file, &events, &heard);
    assert_int_equal(heard.views, counted);
    for (int i = 5000; i < 5100; i++) {
        snprintf(text, sizeof text, "product:%d", i);
        assert_true(feedback_view(reader, str_from(text)));
    }
    feedback_take(file, &events, &heard);
    assert_int_equal(heard.views, counted + 100);
    feedback_close(reader);
    feedback_file_close(file);
}

static void test_slots_end(void **state)
{
    enum { SLOTS = 64 };
    struct feedback_file *file = file_open();
    struct feedback *readers[SLOTS], *more = NULL;

    (void)state;
    for (int i = 0; i < SLOTS; i++)
        readers[i] = reader_open();
    assert_int_equal(feedback_open(name, &more), ERR_BUSY);
    feedback_close(readers[3]);
    readers[3] = reader_open();
    for (int i = 0; i < SLOTS; i++)
        feedback_close(readers[i]);
    assert_int_equal(feedback_open("larder-test-there-is-none", &more), ERR_NOT_FOUND);
    assert_null(more);
    feedback_file_close(file);
}

/* Neither side dies of what others do to the file. */
static void test_it_is_cut_and_removed(void **state)
{
    struct feedback_file *file = file_open();
    struct feedback *reader = reader_open();
    struct heard heard = {0};
    char path[100];

    (void)state;
    snprintf(path, sizeof path, "/dev/shm/%s-edge", name);
    assert_int_equal(truncate(path, 10), 0);
    feedback_hit(reader, 1);
    feedback_add(reader, FEEDBACK_2XX);
    (void)feedback_view(reader, STR("product:1"));
    assert_int_equal(feedback_policy(reader), 0);
    assert_false(feedback_is_current(reader));
    feedback_take(file, &events, &heard);
    assert_false(feedback_file_is_current(file));
    feedback_close(reader);
    feedback_file_close(file);
    file = file_open(); /* made anew */
    reader = reader_open();
    assert_true(feedback_is_current(reader));
    remove_file();
    assert_false(feedback_is_current(reader));
    assert_false(feedback_file_is_current(file));
    feedback_close(reader);
    feedback_file_close(file);
}

/* Whatever a reader writes, a worker reads it and goes on. */
static void test_nonsense(void **state)
{
    struct feedback_file *file = file_open();
    struct feedback *reader = reader_open();
    struct heard heard = {0};
    char path[100], page[4096];
    int fd;

    (void)state;
    memset(page, 0xff, sizeof page);
    snprintf(path, sizeof path, "/dev/shm/%s-edge", name);
    fd = open(path, O_RDWR);
    for (off_t at = 4096; at < 2000000; at += (off_t)sizeof page)
        assert_int_equal(pwrite(fd, page, sizeof page, at), sizeof page);
    close(fd);
    feedback_take(file, &events, &heard);
    feedback_close(reader);
    feedback_file_close(file);
}

#define clean(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        clean(test_all_is_taken_over_once),
        clean(test_a_slot_is_taken_over),
        clean(test_any_worker_collects_and_each_count_once),
        clean(test_one_worker_collects_at_a_time),
        clean(test_views_without_room),
        clean(test_slots_end),
        clean(test_it_is_cut_and_removed),
        clean(test_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
