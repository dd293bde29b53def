/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_MEMORY_SEGMENT_H
#define LARDER_TESTS_MEMORY_SEGMENT_H

#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "memory/memory.h"

/* A segment of a test's own, mapped twice as two workers would.  The time starts at NOW. */
#define NOW INT64_C(1000000000000)
#define MS  INT64_C(1000000)
enum { WALL = 5000 };

struct fixture {
    char name[64];
    struct memory *a, *b;
    struct memory_lease lease;
};

static inline struct memory *open_bytes(const char *name, uint64_t bytes,
                                        struct memory_opened *opened)
{
    struct memory_config config = {.name = name, .bytes = bytes};
    struct memory *m = NULL;

    if (memory_open(&config, &m, opened) != ERR_OK)
        fail_msg("%s", opened->why);
    return m;
}

static inline void fixture_open(struct fixture *f, uint64_t bytes)
{
    struct memory_opened opened;

    snprintf(f->name, sizeof f->name, "larder-test-%d", (int)getpid());
    (void)memory_unlink(f->name);
    f->a = open_bytes(f->name, bytes, &opened);
    assert_true(opened.created);
    f->b = open_bytes(f->name, bytes, &opened);
    assert_false(opened.created);
    assert_true(memory_lease_acquire(f->a, NOW, 1000 * MS, &f->lease));
    assert_true(memory_lease_renew(f->a, &f->lease, NOW + 1000 * MS));
}

static inline void fixture_close(struct fixture *f)
{
    memory_close(f->a);
    memory_close(f->b);
    (void)memory_unlink(f->name);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    fixture_open(f, MEMORY_BYTES_MIN);
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    fixture_close(*state);
    free(*state);
    return 0;
}

static inline struct memory_now at(int64_t mono_ns)
{
    return (struct memory_now){mono_ns, WALL};
}

/* The state of up to two tags. */
static inline struct memory_snapshot snapshot_of(struct memory *m, const char *one, const char *two)
{
    struct memory_snapshot snapshot;
    uint32_t slots[2] = {0};
    size_t count = 0;

    if (one != NULL)
        slots[count++] = memory_slot(str_from(one));
    if (two != NULL)
        slots[count++] = memory_slot(str_from(two));
    memory_snapshot(m, slots, count, NOW, &snapshot);
    return snapshot;
}

static inline enum err put(struct memory *m, const char *key, const char *body,
                           const struct memory_snapshot *snapshot)
{
    struct memory_item item = {
        .key = memory_key(str_from(key)),
        .parts = {[MEMORY_HEAD] = STR_INIT("head"), [MEMORY_BODY] = {body, strlen(body)}},
        .expires_ms = WALL + 1000,
    };

    return memory_put(m, &item, snapshot, NOW);
}

/* The body stored under the key, in a static buffer, or NULL for a miss. */
static inline const char *get_at(struct memory *m, const char *text, struct memory_now now)
{
    static char bytes[1 << 20];
    struct memory_key key = memory_key(str_from(text));
    struct memory_hit hit;

    if (memory_get(m, &key, now, MEMORY_BODY, bytes, sizeof bytes - 1, &hit) != ERR_OK)
        return NULL;
    assert_memory_equal(bytes, "head", 4);
    assert_int_equal(hit.lens[MEMORY_HEAD], 4);
    bytes[4 + hit.lens[MEMORY_BODY]] = '\0';
    return bytes + 4;
}

static inline const char *get(struct memory *m, const char *text)
{
    return get_at(m, text, at(NOW));
}

#define assert_hit(m, key, body)                                                                   \
    do {                                                                                           \
        const char *found_ = get((m), (key));                                                      \
        assert_non_null(found_);                                                                   \
        assert_string_equal(found_, (body));                                                       \
    } while (0)
#define assert_miss(m, key) assert_null(get((m), (key)))

static inline void assert_sound(struct memory *m)
{
    char why[MEMORY_WHY_SIZE];

    if (memory_verify(m, why) != ERR_OK)
        fail_msg("%s", why);
}

#endif
