/* SPDX-License-Identifier: BSD-2-Clause */
#include "change.h"

/* A changed item that its write keeps, and when it does not. */

static const struct cache_class kept_class = {.ttl_ms = 60000, .refresh_ms = 6000};

/* It is in memory, and will be changed from "one" to "two". */
static struct cache_written read_item(struct cache_stand *stand)
{
    struct cache_written written = {.name = ITEM, .class = &kept_class};

    assert_stored(look_with_room(stand, ITEM), "one");
    cache_written_begin(stand->cache, &written);
    assert_true(cache_written_is_kept(&written));
    return written;
}

static void write_item(struct cache_stand *stand, struct cache_written *written)
{
    stand->truth = "two";
    written->entry.status = 200;
    written->entry.etag = STR("\"e\"");
    written->entry.plain = STR("two");
}

static void change_item(struct cache_stand *stand, struct cache_written *written)
{
    struct change change;

    change_begin_with(stand, &change, NULL, written);
    write_item(stand, written);
    assert_int_equal(change_end(&change, ERR_OK), ERR_OK);
}

static void test_a_changed_item_is_kept_for_the_read_after_it(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written = read_item(stand);

    change_item(stand, &written);
    assert_hit(look_with_room(stand, ITEM), "two");
    assert_int_equal(stand->fills, 1);
    cache_written_begin(stand->cache, &written); /* and again */
    stand->truth = "two";
    change_item(stand, &written);
    assert_hit(look_with_room(stand, ITEM), "two");
    assert_int_equal(stand->fills, 1);
}

static void test_its_life_is_that_of_a_fill(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written = read_item(stand);

    change_item(stand, &written);
    assert_in_range(left_ms(&stand->stand, full_name(stand, "item:a")), 50000, 66000);
}

static void test_an_item_that_is_not_in_memory_is_not_kept(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written = {.name = ITEM, .class = &kept_class};

    cache_written_begin(stand->cache, &written);
    assert_false(cache_written_is_kept(&written));
    change_item(stand, &written);
    assert_stored(look_with_room(stand, ITEM), "two");
}

static void test_an_item_is_not_kept_past_a_write_that_began_since(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written = read_item(stand);
    struct change mine, other;

    change_begin_with(stand, &mine, NULL, &written);
    change_begin(stand, &other);
    change_end(&other, ERR_OK);
    write_item(stand, &written);
    stand->truth = "three";
    change_end(&mine, ERR_OK);
    assert_stored(look_with_room(stand, ITEM), "three");
}

static void test_an_item_is_not_kept_beside_a_write_that_had_begun(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written = read_item(stand);
    struct change mine, other;

    change_begin(stand, &other);
    change_begin_with(stand, &mine, NULL, &written);
    write_item(stand, &written);
    change_end(&mine, ERR_OK);
    stand->truth = "three";
    change_end(&other, ERR_OK);
    assert_stored(look_with_room(stand, ITEM), "three");
}

/* As the follower moves it, before the fence and after it. */
static void test_an_item_is_not_kept_whose_tag_has_moved_since_it_was_read(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written = read_item(stand);
    struct change change;

    set(stand, "tag:t", "00112233445566aa");
    change_item(stand, &written);
    assert_stored(look_with_room(stand, ITEM), "two");
    cache_written_begin(stand->cache, &written);
    assert_true(cache_written_is_kept(&written));
    change_begin_with(stand, &change, NULL, &written);
    set(stand, "tag:t", "00112233445566bb");
    write_item(stand, &written);
    change_end(&change, ERR_OK);
    assert_stored(look_with_room(stand, ITEM), "two");
}

static void test_an_item_is_not_kept_that_was_not_written(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written = read_item(stand);
    struct change change;

    change_begin_with(stand, &change, NULL, &written);
    write_item(stand, &written);
    stand->truth = "one";
    change_end(&change, ERR_NOT_FOUND);
    assert_stored(look_with_room(stand, ITEM), "one");
}

static void test_an_item_is_not_kept_that_nobody_has_made(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written = read_item(stand);
    struct change change;

    change_begin_with(stand, &change, NULL, &written);
    stand->truth = "two";
    change_end(&change, ERR_OK);
    assert_stored(look_with_room(stand, ITEM), "two");
}

static void test_an_item_is_not_kept_when_the_outcome_is_unknown(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written = read_item(stand);
    struct change change;

    change_begin_with(stand, &change, NULL, &written);
    write_item(stand, &written);
    change_end(&change, ERR_UNKNOWN);
    assert_look(look_with_room(stand, ITEM), DATABASE, WRITE_FENCE, "two");
}

/* --- An item that the write makes --- */

#define ALL "tag:all"

static struct look look_made(struct cache_stand *stand)
{
    struct look look = look_for(stand, ITEM);

    look.lookup.tags[1] = STR("all");
    look.lookup.tag_count = 2;
    look_begin(&look);
    look_end(&look);
    return look;
}

static void make_begin(struct cache_stand *stand, struct change *change,
                       struct cache_written *written)
{
    *written = (struct cache_written){.name = ITEM, .made_tag = STR("all"), .class = &kept_class};
    cache_written_begin(stand->cache, written);
    assert_true(cache_written_is_kept(written));
    change_begin_with(stand, change, NULL, written);
    write_item(stand, written);
}

static void test_a_made_item_is_kept_for_the_read_after_it(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written;
    struct change change;

    set(stand, ALL, "00112233445566aa");
    make_begin(stand, &change, &written);
    assert_int_equal(change_end(&change, ERR_OK), ERR_OK);
    assert_hit(look_made(stand), "two");
    assert_int_equal(stand->fills, 0);
    set(stand, ALL, "00112233445566bb");
    assert_stored(look_made(stand), "two");
}

static void test_a_made_item_is_not_kept_without_a_version_of_its_other_tag(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written;
    struct change change;

    make_begin(stand, &change, &written);
    assert_false(cache_written_is_kept(&written));
    change_end(&change, ERR_OK);
    assert_stored(look_made(stand), "two");
}

static void test_a_made_item_is_no_answer_once_its_other_tag_has_moved(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written;
    struct change change;

    set(stand, ALL, "00112233445566aa");
    make_begin(stand, &change, &written);
    set(stand, ALL, "00112233445566bb");
    change_end(&change, ERR_OK);
    assert_stored(look_made(stand), "two");
}

static void test_a_made_item_is_not_kept_past_a_write_that_began_since(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written;
    struct change mine, other;

    set(stand, ALL, "00112233445566aa");
    make_begin(stand, &mine, &written);
    change_begin(stand, &other);
    change_end(&other, ERR_OK);
    stand->truth = "three";
    change_end(&mine, ERR_OK);
    assert_stored(look_made(stand), "three");
}

static void test_a_made_item_is_not_kept_that_was_there_before(void **state)
{
    struct cache_stand *stand = *state;
    struct cache_written written;
    struct change change;

    set(stand, ALL, "00112233445566aa");
    make_begin(stand, &change, &written);
    stand->truth = "one";
    change_end(&change, ERR_EXISTS);
    assert_stored(look_made(stand), "one");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cache_setup, cache_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_changed_item_is_kept_for_the_read_after_it),
        TEST(test_its_life_is_that_of_a_fill),
        TEST(test_an_item_that_is_not_in_memory_is_not_kept),
        TEST(test_an_item_is_not_kept_past_a_write_that_began_since),
        TEST(test_an_item_is_not_kept_beside_a_write_that_had_begun),
        TEST(test_an_item_is_not_kept_whose_tag_has_moved_since_it_was_read),
        TEST(test_an_item_is_not_kept_that_was_not_written),
        TEST(test_an_item_is_not_kept_that_nobody_has_made),
        TEST(test_an_item_is_not_kept_when_the_outcome_is_unknown),
        TEST(test_a_made_item_is_kept_for_the_read_after_it),
        TEST(test_a_made_item_is_not_kept_without_a_version_of_its_other_tag),
        TEST(test_a_made_item_is_no_answer_once_its_other_tag_has_moved),
        TEST(test_a_made_item_is_not_kept_past_a_write_that_began_since),
        TEST(test_a_made_item_is_not_kept_that_was_there_before),
    };

    if (server_is_missing(sizeof tests / sizeof *tests))
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
