/* SPDX-License-Identifier: BSD-2-Clause */
#include "stand.h"

#include "cache/total.h"

/* One total, as a reply of Redis tells it. */

enum { LIFE_MS = 60000 };

struct fixture {
    struct stand stand;
    bool answered;
    struct cache_total total;
    struct cache_write write;
    struct carried *carried;
    struct seal *seal;
    struct arena arena;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    stand_up(&fixture->stand);
    fixture->total = (struct cache_total){.name = STR("count:x")};
    fixture->seal = seal_new(STR("larder"), STR(""));
    fixture->write.totals = &fixture->total;
    fixture->write.total_count = 1;
    arena_init(&fixture->arena, NULL, 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    stand_down(&fixture->stand);
    arena_reset(&fixture->arena);
    free(fixture->carried);
    seal_free(fixture->seal);
    free(fixture);
    return 0;
}

static const struct str tag_version = STR_INIT("00112233445566aa");

/* A good one of 41, to be spoilt. */
static struct entry good(void)
{
    struct entry entry = {
        .status = 200, .created_ms = clock_wall_ms(), .plain = STR("41"), .tag_count = 1};

    entry.fresh_until_ms = entry.stale_until_ms = entry.created_ms + LIFE_MS;
    entry.error_until_ms = entry.stale_until_ms + LIFE_MS;
    assert_int_equal(cache_parse_version(tag_version, &entry.versions[0]), ERR_OK);
    return entry;
}

static void on_told(void *context, enum err err, const struct redis_value *reply)
{
    struct fixture *fixture = context;

    assert_int_equal(err, ERR_OK);
    fixture->answered = true;
    free(fixture->carried);
    fixture->carried = totals_new(&fixture->write);
    totals_take(fixture->carried, fixture->seal, &fixture->write, reply);
}

/* Lets Redis tell the version and the entry. */
static void tell(struct fixture *fixture, struct str version, const struct entry *entry)
{
    struct buf bytes = BUF_INIT(1024);
    char ending[SEAL_SIZE];

    entry_encode(entry, &bytes);
    buf_str(&bytes, entry->plain);
    seal_make(fixture->seal, fixture->total.name, buf_view(&bytes), ending);
    buf_append(&bytes, ending, sizeof ending);
    fixture->answered = false;
    redis_command(
        fixture->stand.redis, 5,
        (const struct str[]){STR("EVAL"), STR("return ARGV"), STR("0"), version, buf_view(&bytes)},
        on_told, fixture);
    wait_until(&fixture->stand.loop, fixture->answered);
    buf_free(&bytes);
}

static bool after(struct fixture *fixture, int64_t delta, struct entry *entry, int64_t *life_ms)
{
    struct str sealed, bytes;

    fixture->total.delta = delta;
    if (!total_after(fixture->carried, fixture->seal, &fixture->total, 0xbb, &fixture->arena,
                     &sealed, life_ms))
        return false;
    assert_int_equal(seal_open(fixture->seal, fixture->total.name, sealed, &bytes), ERR_OK);
    assert_int_equal(entry_decode(bytes, entry), ERR_OK);
    return true;
}

static void test_a_total_goes_on(void **state)
{
    struct fixture *fixture = *state;
    struct entry before = good(), entry;
    int64_t life_ms;

    tell(fixture, tag_version, &before);
    assert_true(after(fixture, 2, &entry, &life_ms));
    assert_str(entry.plain, "43");
    assert_int_equal(entry.status, 200);
    assert_int_equal(entry.versions[0], 0xbb);
    assert_int_equal(entry.tag_count, 1);
    assert_int_equal(entry.created_ms, before.created_ms);
    assert_int_equal(entry.stale_until_ms, before.stale_until_ms);
    assert_true(life_ms > 0 && life_ms <= LIFE_MS);
    assert_true(after(fixture, -41, &entry, &life_ms));
    assert_str(entry.plain, "0");
    assert_false(after(fixture, -42, &entry, &life_ms));
}

/* The write moves the first tag; the others are as they were when the total was asked for. */
static void test_other_tags_keep_their_versions(void **state)
{
    struct fixture *fixture = *state;
    struct entry before = good(), entry;
    int64_t life_ms;

    before.tag_count = 2;
    before.versions[1] = 0x77;
    tell(fixture, tag_version, &before);
    assert_true(after(fixture, 1, &entry, &life_ms));
    assert_int_equal(entry.tag_count, 2);
    assert_int_equal(entry.versions[0], 0xbb);
    assert_int_equal(entry.versions[1], 0x77);
}

static void test_what_is_no_total_is_not_carried(void **state)
{
    struct fixture *fixture = *state;
    struct entry entries[] = {good(), good(), good(), good(), good(), good(), good()}, entry;
    int64_t life_ms;

    entries[0].status = 404;
    entries[1].plain = STR("41x");
    entries[2].tag_count = 0;
    entries[3].created_ms -= 2 * LIFE_MS; /* its time is over */
    entries[3].fresh_until_ms -= 2 * LIFE_MS;
    entries[3].stale_until_ms -= 2 * LIFE_MS;
    entries[4].versions[0]++;
    entries[5].created_ms += 2 * ENTRY_AHEAD_MS; /* it has not begun */
    entries[6].brief = true;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        tell(fixture, tag_version, &entries[i]);
        assert_false(after(fixture, 0, &entry, &life_ms));
    }
    entries[0] = good();
    tell(fixture, STR(""), &entries[0]);
    assert_false(after(fixture, 0, &entry, &life_ms));
}

static void test_nothing_told_is_not_carried(void **state)
{
    struct fixture *fixture = *state;
    struct entry entry;
    int64_t life_ms;

    fixture->carried = totals_new(&fixture->write);
    assert_false(after(fixture, 0, &entry, &life_ms));
    totals_take(fixture->carried, fixture->seal, &fixture->write, NULL);
    assert_false(after(fixture, 0, &entry, &life_ms));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_total_goes_on),
        TEST(test_other_tags_keep_their_versions),
        TEST(test_what_is_no_total_is_not_carried),
        TEST(test_nothing_told_is_not_carried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
