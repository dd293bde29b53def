/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment.h"

static void test_one_worker_stores_and_another_hits(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", "products:books");

    assert_miss(f->b, "k");
    assert_int_equal(put(f->a, "k", "body", &snapshot), ERR_OK);
    assert_hit(f->b, "k", "body");
    assert_hit(f->a, "k", "body");
    assert_miss(f->a, "K");
    assert_miss(f->a, "");
    assert_sound(f->a);
}

static void test_a_store_replaces(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct memory_stats stats;

    put(f->a, "k", "one", &snapshot);
    put(f->b, "k", "two", &snapshot);
    assert_hit(f->a, "k", "two");
    memory_stats(f->a, &stats);
    assert_int_equal(stats.records, 1);
}

static void test_the_same_answer_twice_is_stored_once(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct memory_stats before, after;

    put(f->a, "k", "one", &snapshot);
    memory_stats(f->a, &before);
    assert_int_equal(put(f->b, "k", "one", &snapshot), ERR_OK);
    memory_stats(f->a, &after);
    assert_int_equal(before.used, after.used);
}

/* Head, body and packed body of every length around the words' borders come back byte by byte. */
static void test_parts_of_every_length(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    static char text[3][40], out[128];
    struct memory_key key = memory_key(STR("parts"));
    struct memory_hit hit;

    for (int i = 0; i < 40; i++)
        for (int part = 0; part < 3; part++)
            text[part][i] = (char)('a' + part * 40 + i);
    for (size_t n = 0; n < 39 * 3; n++) {
        size_t lens[3] = {n % 39, (n * 7) % 40, (n * 11) % 37};
        struct memory_item item = {
            .key = key,
            .expires_ms = INT64_MAX,
            .parts = {{text[0], lens[0]}, {text[1], lens[1]}, {text[2], lens[2]}}};

        assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_OK);
        assert_int_equal(memory_get(f->b, &key, at(NOW), MEMORY_HEAD, out, sizeof out, &hit),
                         ERR_OK);
        assert_int_equal(hit.last, MEMORY_HEAD);
        assert_memory_equal(out, text[0], lens[0]);
        assert_int_equal(memory_get(f->b, &key, at(NOW), MEMORY_BODY, out, sizeof out, &hit),
                         ERR_OK);
        assert_int_equal(hit.last, MEMORY_BODY);
        assert_memory_equal(out, text[0], lens[0]);
        assert_memory_equal(out + lens[0], text[1], lens[1]);
        assert_int_equal(memory_get(f->b, &key, at(NOW), MEMORY_PACKED, out, sizeof out, &hit),
                         ERR_OK);
        assert_int_equal(hit.last, lens[2] > 0 ? MEMORY_PACKED : MEMORY_BODY);
        assert_memory_equal(out + lens[0], text[hit.last], lens[hit.last]);
        for (int part = 0; part < 3; part++)
            assert_int_equal(hit.lens[part], lens[part]);
    }
    assert_sound(f->a);
}

static void test_too_little_room_says_how_much_is_needed(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    struct memory_key key = memory_key(STR("k"));
    struct memory_hit hit;
    char out[9] = "........";

    put(f->a, "k", "body", &snapshot);
    assert_int_equal(memory_get(f->b, &key, at(NOW), MEMORY_BODY, out, 7, &hit), ERR_TOO_LARGE);
    assert_int_equal(hit.lens[MEMORY_HEAD] + hit.lens[MEMORY_BODY], 8);
    assert_string_equal(out, "........");
    assert_int_equal(memory_get(f->b, &key, at(NOW), MEMORY_HEAD, out, 4, &hit), ERR_OK);
    assert_string_equal(out, "head....");
    assert_int_equal(memory_get(f->b, &key, at(NOW), MEMORY_BODY, out, 8, &hit), ERR_OK);
    assert_string_equal(out, "headbody");
    memory_bump(f->a, memory_slot(STR("products")));
    assert_int_equal(memory_get(f->b, &key, at(NOW), MEMORY_BODY, out, 7, &hit), ERR_NOT_FOUND);
}

static void test_an_expired_record_is_a_miss(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);

    put(f->a, "k", "body", &snapshot);
    assert_non_null(get_at(f->b, "k", (struct memory_now){NOW, WALL + 999}));
    assert_null(get_at(f->b, "k", (struct memory_now){NOW, WALL + 1000}));
}

static void test_a_moved_tag_voids_what_is_stored_and_what_is_being_read(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot one = snapshot_of(f->a, "products", "products:books");
    struct memory_snapshot two = snapshot_of(f->a, "posts", NULL);

    put(f->a, "list", "old", &one);
    put(f->a, "other", "old", &two);
    memory_bump(f->b, memory_slot(STR("products:books")));
    assert_miss(f->a, "list");
    assert_hit(f->a, "other", "old");
    assert_int_equal(put(f->a, "list", "old", &one), ERR_STALE);
    assert_miss(f->a, "list");
    one = snapshot_of(f->a, "products", "products:books");
    assert_int_equal(put(f->a, "list", "new", &one), ERR_OK);
    assert_hit(f->b, "list", "new");
}

static void test_nothing_is_served_or_stored_under_a_fence(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL), fenced;
    uint32_t slot = memory_slot(STR("products"));
    uint32_t token = memory_token(f->a);

    put(f->a, "k", "old", &snapshot);
    memory_fence(f->a, slot, token, NOW, NOW + 5000 * MS);
    assert_miss(f->b, "k");
    fenced = snapshot_of(f->b, "products", NULL);
    assert_int_equal(fenced.flags, MEMORY_FENCED);
    assert_int_equal(put(f->b, "k", "old", &snapshot), ERR_STALE);
    assert_int_equal(put(f->b, "k", "old", &fenced), ERR_STALE);
    memory_release(f->a, slot, token);
    assert_int_equal(put(f->b, "k", "old", &fenced), ERR_STALE);
    assert_miss(f->b, "k");
    snapshot = snapshot_of(f->b, "products", NULL);
    assert_int_equal(put(f->b, "k", "new", &snapshot), ERR_OK);
    assert_hit(f->a, "k", "new");
}

static void test_a_record_is_hidden_while_its_tag_is_owed(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    uint32_t slot = memory_slot(STR("products"));

    put(f->a, "k", "old", &snapshot);
    assert_true(memory_settle(f->b, slot, memory_set_pending(f->b, slot)));
    assert_miss(f->a, "k");
    snapshot = snapshot_of(f->a, "products", NULL);
    put(f->a, "k", "new", &snapshot);
    (void)memory_set_pending(f->b, slot);
    assert_miss(f->a, "k");
    assert_int_equal(put(f->a, "k", "new", &snapshot), ERR_STALE);
}

static void test_a_void_ends_all(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot tagged = snapshot_of(f->a, "products", NULL);
    struct memory_snapshot untagged = snapshot_of(f->a, NULL, NULL);

    put(f->a, "k", "old", &tagged);
    put(f->a, "l", "old", &untagged);
    assert_hit(f->b, "l", "old");
    memory_void(f->b);
    assert_miss(f->a, "k");
    assert_miss(f->a, "l");
    assert_int_equal(put(f->a, "l", "old", &untagged), ERR_STALE);
    untagged = snapshot_of(f->a, NULL, NULL);
    assert_int_equal(put(f->a, "l", "new", &untagged), ERR_OK);
    assert_hit(f->b, "l", "new");
}

static void test_nothing_is_served_without_the_lease(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);

    put(f->a, "k", "body", &snapshot);
    memory_lease_renew(f->a, &f->lease, NOW + 50 * MS);
    assert_non_null(get_at(f->b, "k", at(NOW + 50 * MS - 1)));
    assert_null(get_at(f->b, "k", at(NOW + 50 * MS)));
    memory_lease_renew(f->a, &f->lease, 0);
    assert_miss(f->b, "k");
}

static void test_limits(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, "products", NULL);
    size_t max = memory_item_max(f->a);
    char *bytes = calloc(1, max + 1);
    struct memory_item item = {.key = memory_key(STR("big")), .expires_ms = INT64_MAX};
    uint32_t slots[MEMORY_TAGS_MAX + 1] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

    assert_true(max > 100 << 10);
    memset(bytes, 'x', max);
    item.parts[MEMORY_BODY] = str_make(bytes, max - 3);
    for (int i = 0; i < 100; i++) {
        bytes[0] = (char)i;
        assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_OK);
    }
    assert_sound(f->a);
    item.parts[MEMORY_BODY].len++;
    assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_TOO_LARGE);
    item.parts[MEMORY_BODY].len = SIZE_MAX;
    assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_TOO_LARGE);
    item.parts[MEMORY_BODY].len = 1;
    item.parts[MEMORY_HEAD].len = SIZE_MAX;
    assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_TOO_LARGE);
    item.parts[MEMORY_HEAD].len = 0;
    item.key = memory_key(str_make(bytes, MEMORY_KEY_MAX));
    assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_OK);
    item.key = memory_key(str_make(bytes, MEMORY_KEY_MAX + 1));
    assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_TOO_LARGE);
    item.key = memory_key(STR("k"));
    memory_snapshot(f->a, slots, MEMORY_TAGS_MAX, NOW, &snapshot);
    assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_OK);
    memory_snapshot(f->a, slots, MEMORY_TAGS_MAX + 1, NOW, &snapshot);
    assert_int_equal(snapshot.flags, MEMORY_TOO_MANY);
    assert_int_equal(memory_put(f->a, &item, &snapshot, NOW), ERR_TOO_LARGE);
    free(bytes);
}

static void test_all_eight_tags_count(void **state)
{
    struct fixture *f = *state;
    uint32_t slots[MEMORY_TAGS_MAX] = {0, 1, 2, 3, 4, 5, 6, MEMORY_TAG_SLOTS - 1};
    struct memory_snapshot snapshot;

    for (int i = 0; i < MEMORY_TAGS_MAX; i++) {
        memory_snapshot(f->a, slots, MEMORY_TAGS_MAX, NOW, &snapshot);
        assert_int_equal(put(f->a, "k", "body", &snapshot), ERR_OK);
        assert_hit(f->b, "k", "body");
        memory_bump(f->b, slots[i]);
        assert_miss(f->b, "k");
    }
}

static void test_remove(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, NULL, NULL);
    struct memory_key key = memory_key(STR("k"));

    assert_int_equal(memory_remove(f->a, &key), ERR_NOT_FOUND);
    put(f->a, "k", "body", &snapshot);
    assert_int_equal(memory_remove(f->b, &key), ERR_OK);
    assert_miss(f->a, "k");
    assert_sound(f->a);
}

static bool note(void *arg, struct str key, const struct memory_hit *hit, bool current)
{
    int *seen = arg;

    assert_int_equal(key.len, 2);
    assert_int_equal(hit->lens[MEMORY_BODY], 4);
    assert_true(current == (key.ptr[1] != '3'));
    seen[key.ptr[1] - '0']++;
    return true;
}

static void test_each_shows_every_record_once(void **state)
{
    struct fixture *f = *state;
    struct memory_snapshot snapshot = snapshot_of(f->a, NULL, NULL);
    struct memory_snapshot tagged = snapshot_of(f->a, "products", NULL);
    char key[3] = "k0";
    int seen[10] = {0};

    for (; key[1] <= '9'; key[1]++)
        put(f->a, key, "body", key[1] == '3' ? &tagged : &snapshot);
    memory_bump(f->a, memory_slot(STR("products")));
    memory_each(f->b, note, seen);
    for (int i = 0; i < 10; i++)
        assert_int_equal(seen[i], 1);
}

static void test_without_record_memory_only_tags_are_there(void **state)
{
    struct fixture f;
    struct memory_snapshot snapshot;
    struct memory_stats stats;
    struct memory_key key = memory_key(STR("k"));

    (void)state;
    fixture_open(&f, 0);
    snapshot = snapshot_of(f.a, "products", NULL);
    assert_int_equal(put(f.a, "k", "body", &snapshot), ERR_UNSUPPORTED);
    assert_miss(f.a, "k");
    assert_int_equal(memory_remove(f.a, &key), ERR_NOT_FOUND);
    assert_int_equal(memory_item_max(f.a), 0);
    memory_bump(f.b, memory_slot(STR("products")));
    assert_int_equal(memory_check(f.a, &snapshot, NOW), MEMORY_MOVED);
    memory_stats(f.a, &stats);
    assert_int_equal(stats.records, 0);
    assert_sound(f.a);
    fixture_close(&f);
}

#define with_segment(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_segment(test_one_worker_stores_and_another_hits),
        with_segment(test_a_store_replaces),
        with_segment(test_the_same_answer_twice_is_stored_once),
        with_segment(test_parts_of_every_length),
        with_segment(test_too_little_room_says_how_much_is_needed),
        with_segment(test_an_expired_record_is_a_miss),
        with_segment(test_a_moved_tag_voids_what_is_stored_and_what_is_being_read),
        with_segment(test_nothing_is_served_or_stored_under_a_fence),
        with_segment(test_a_record_is_hidden_while_its_tag_is_owed),
        with_segment(test_a_void_ends_all),
        with_segment(test_nothing_is_served_without_the_lease),
        with_segment(test_limits),
        with_segment(test_all_eight_tags_count),
        with_segment(test_remove),
        with_segment(test_each_shows_every_record_once),
        cmocka_unit_test(test_without_record_memory_only_tags_are_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
