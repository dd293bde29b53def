/* SPDX-License-Identifier: BSD-2-Clause */
#include "../app/things.h"

#include <stdio.h>

#include "follow/follower.h"

enum { BYTES = 8192 };

static struct moves_change tags; /* of the last change; strings in the arena */

/* A document of these fields; in the arena. */
static struct str bytes_of(struct fixture *fixture, const struct assignment *fields, size_t count)
{
    struct buf bytes = BUF_INIT(BYTES);
    struct str copy;

    assert_int_equal(document_bytes(&(struct document){fields, count}, &bytes), ERR_OK);
    copy = arena_str(&fixture->arena, buf_view(&bytes));
    buf_free(&bytes);
    return copy;
}

static struct str in_category(struct fixture *fixture, const char *name)
{
    const struct assignment field = {STR("category"), ASSIGN_SET, value_string(str_from(name))};

    return bytes_of(fixture, &field, 1);
}

static struct change change_of(struct fixture *fixture, enum change_kind kind)
{
    const struct assignment id = {STR("_id"), ASSIGN_SET, value_string(STR("a"))};

    return (struct change){
        .kind = kind, .collection = STR("things"), .key = bytes_of(fixture, &id, 1), .wall_ms = 7};
}

/* Its tags with commas between. */
static const char *tags_of(struct fixture *fixture, const struct change *change)
{
    size_t len = 0;

    fixture->text[0] = '\0';
    if (!tags_of_change(&fixture->plan, change, &fixture->arena, &tags))
        return "none";
    for (size_t i = 0; i < tags.tag_count; i++)
        len += (size_t)snprintf(fixture->text + len, sizeof fixture->text - len, "%s%.*s",
                                i > 0 ? "," : "", (int)tags.tags[i].len, tags.tags[i].ptr);
    return fixture->text;
}

static void an_insert_concerns_its_partition(void **state)
{
    struct fixture *fixture = *state;
    struct change change = change_of(fixture, CHANGE_INSERT);

    change.after = in_category(fixture, "x");
    assert_string_equal(tags_of(fixture, &change), "thing:a,things,things:x");
    assert_int_equal(tags.wall_ms, 7);
    assert_str(tags.clear, "thing:a:-");
}

static void an_update_concerns_those_of_before_and_after(void **state)
{
    struct fixture *fixture = *state;
    struct change change = change_of(fixture, CHANGE_UPDATE);

    change.before = in_category(fixture, "x");
    change.after = in_category(fixture, "y");
    assert_string_equal(tags_of(fixture, &change), "thing:a,things,things:x,things:y");
    change.after = STR("");
    assert_string_equal(tags_of(fixture, &change), "thing:a,things,things:*,things:x");
    change.before = STR("");
    assert_string_equal(tags_of(fixture, &change), "thing:a,things,things:*");
}

static void a_delete_concerns_those_of_before(void **state)
{
    struct fixture *fixture = *state;
    struct change change = change_of(fixture, CHANGE_DELETE);

    assert_string_equal(tags_of(fixture, &change), "thing:a,things,things:*");
    change.before = in_category(fixture, "x");
    assert_string_equal(tags_of(fixture, &change), "thing:a,things,things:x");
    assert_str(tags.own, "thing:a:-");
}

static void many_partitions_are_all(void **state)
{
    struct fixture *fixture = *state;
    struct change change = change_of(fixture, CHANGE_INSERT);
    struct value items[100];
    char names[100][8];

    for (size_t i = 0; i < 100; i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        items[i] = value_string(str_from(names[i]));
    }
    change.after = bytes_of(
        fixture, &(struct assignment){STR("category"), ASSIGN_SET, value_list(items, 100)}, 1);
    assert_non_null(strstr(tags_of(fixture, &change), "things:*"));
}

static void only_what_sets_our_version_may_be_ours(void **state)
{
    struct fixture *fixture = *state;
    struct change change = change_of(fixture, CHANGE_UPDATE);
    const struct assignment set[] = {{STR("version"), ASSIGN_SET, value_int(3)},
                                     {STR("updatedAt"), ASSIGN_SET, value_date(5000)}};

    change.updated = bytes_of(fixture, set, 2);
    (void)tags_of(fixture, &change);
    assert_str(tags.own, "thing:a:3:5000");
    change.updated = bytes_of(fixture, set + 1, 1);
    (void)tags_of(fixture, &change);
    assert_int_equal(tags.own.len, 0);
    change.kind = CHANGE_REPLACE;
    change.updated = bytes_of(fixture, set, 2);
    (void)tags_of(fixture, &change);
    assert_int_equal(tags.own.len, 0);
    change.kind = CHANGE_DROP;
    assert_string_equal(tags_of(fixture, &change), "none");
}

static void people_lose_what_they_were(void **state)
{
    struct fixture *fixture = *state;
    const struct oid oid = {{1}};
    const struct assignment id = {STR("_id"), ASSIGN_SET, value_oid(oid)};
    struct change change = {
        .kind = CHANGE_UPDATE, .collection = STR("larder_users"), .key = bytes_of(fixture, &id, 1)};

    assert_true(tags_of_people(&change, &fixture->arena, &tags));
    assert_int_equal(tags.tag_count, 1);
    assert_true(str_starts(tags.tags[0], STR("user:01")));
    change.collection = STR("larder_sessions");
    assert_false(tags_of_people(&change, &fixture->arena, &tags));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_insert_concerns_its_partition, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_update_concerns_those_of_before_and_after, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_delete_concerns_those_of_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_partitions_are_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_sets_our_version_may_be_ours, set_up, tear_down),
        cmocka_unit_test_setup_teardown(people_lose_what_they_were, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
