/* SPDX-License-Identifier: BSD-2-Clause */
#include "../exchange.h"
#include "../stubs.h"

#include <stdio.h>

#include "app/handlers.h"
#include "app/write/write_tags.h"
#include "base/idiom.h"

/* PUT, PATCH and DELETE of one item. */

#define ID    "65a1b2c3d4e5f60718293a4b"
#define OWNER "65a1b2c3d4e5f60718290001"
#define OTHER "65a1b2c3d4e5f60718290002"

static const struct recipe dal = {
    .id = ID, .title = "Dal", .category = "soup", .owner = OWNER, .version = 3};
static struct exchange exchange;

static void begin(enum method method, const struct plan *plan, const char *body)
{
    exchange_begin(&exchange, method, plan);
    exchange.request.body = str_from(body);
}

static void handle(void)
{
    (exchange.request.method == METHOD_DELETE ? remove_handle : update_handle)(
        &stubs.app, &exchange.request, &exchange.route, STR(ID));
}

static void put(const char *body)
{
    begin(METHOD_PUT, stubs.recipes, body);
    handle();
}

/* The entity tag of the item with this title, as it is shown. */
static const char *shown_etag(const char *title)
{
    static char text[ETAG_SIZE + 1];
    char json[200];

    snprintf(json, sizeof json, "{\"_id\":\"" ID "\",\"title\":\"%s\",\"category\":\"soup\"}",
             title);
    memset(text, 0, sizeof text);
    (void)plan_item_etag(stubs.recipes, str_from(json), text);
    return text;
}

/* --- A change that happens --- */

static void test_a_change_is_answered_with_the_item_as_it_has_become(void **state)
{
    struct recipe after = dal;

    (void)state;
    after.title = "Sambar";
    after.version = 4;
    REPLY(.found = {dal}, .count = 1);
    REPLY(.found = {after}, .count = 1);
    put("{\"title\":\"Sambar\"}");
    stubs_run();
    assert_calls("submit find_one fence submit-write modify release ");
    assert_str(exchange_field(&exchange, "ETag"), shown_etag("Sambar"));
    assert_over(&exchange, 200, "\"data\":{\"_id\":\"" ID "\",\"title\":\"Sambar\"");
}

/* As a fill would make it. */
static void test_an_item_that_is_read_is_kept_as_it_has_become(void **state)
{
    const struct entry *entry;
    struct recipe after = dal;

    (void)state;
    after.title = "Sambar";
    stubs.in_memory = true;
    REPLY(.found = {dal}, .count = 1);
    REPLY(.found = {after}, .count = 1);
    put("{\"title\":\"Sambar\"}");
    stubs_work();
    stubs_fenced(ERR_OK);
    stubs_work();
    assert_int_equal(stubs.write->written->tag,
                     write_tag_at((const struct write *)stubs.write, STR("recipe:" ID)));
    entry = &stubs.write->written->entry;
    assert_int_equal(entry->status, 200);
    assert_str(entry->etag, shown_etag("Sambar"));
    assert_str(entry->plain, "{\"success\":true,\"source\":\"cache\",\"data\":{\"_id\":\"" ID
                             "\",\"title\":\"Sambar\",\"category\":\"soup\"}}");
    stubs_run();
    assert_over(&exchange, 200, "\"title\":\"Sambar\"");
}

/* By version, partition and time: whoever of the other programs changes it in between. */
static void test_it_takes_place_only_while_the_item_is_as_it_was_read(void **state)
{
    (void)state;
    REPLY(.found = {dal}, .count = 1);
    REPLY(.found = {dal}, .count = 1);
    put("{\"title\":\"Sambar\"}");
    stubs_run();
    assert_non_null(strstr(stubs.asked, "_id=" ID " "));
    assert_non_null(strstr(stubs.asked, "category same "));
    assert_non_null(strstr(stubs.asked, "updatedAt same "));
    assert_non_null(strstr(stubs.asked, "version=3 "));
    assert_over(&exchange, 200, "true");
}

/* The fence begins, and its tags are these. */
static void assert_fences(const char *expected)
{
    stubs_work();
    assert_tags(stubs.write->tags, stubs.write->tag_count, expected);
    stubs_run();
}

static void test_the_fence_is_on_the_partitions_before_and_after(void **state)
{
    (void)state;
    REPLY(.found = {dal}, .count = 1);
    REPLY(.found = {dal}, .count = 1);
    put("{\"category\":\"stew\",\"title\":\"Dal\"}");
    assert_fences("recipes recipe:" ID " owner:" OWNER " recipes:soup recipes:stew ");
    assert_over(&exchange, 200, "true");
}

static void test_while_workers_disagree_all_partitions_are_fenced(void **state)
{
    (void)state;
    stubs.disagree = true;
    REPLY(.found = {dal}, .count = 1);
    REPLY();
    begin(METHOD_DELETE, stubs.recipes, "");
    handle();
    assert_fences("recipes recipes:* recipe:" ID " owner:" OWNER " ");
    assert_over(&exchange, 200, "Recipe deleted");
}

/* --- Refused before anything is asked --- */

static void test_what_is_wrong_with_any_item_is_told_before_one_is_read(void **state)
{
    static const struct {
        enum method method;
        const char *body, *text;
    } cases[] = {{METHOD_PUT, "{", "Invalid JSON"},
                 {METHOD_PUT, "[]", "Invalid JSON"},
                 {METHOD_PUT, "{\"title\":\"\"}", "\"field\":\"title\""},
                 {METHOD_PUT, "{\"weight\":1}", "\"field\":\"weight\""},
                 {METHOD_PATCH, "{\"title\":null}", "\"field\":\"title\""},
                 {METHOD_PATCH, "{\"version\":7}", "\"field\":\"version\""}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        begin(cases[i].method, stubs.recipes, cases[i].body);
        handle();
        assert_calls("");
        assert_over(&exchange, 400, cases[i].text);
    }
}

static void test_ids_and_queries_are_looked_at(void **state)
{
    (void)state;
    begin(METHOD_DELETE, stubs.recipes, "");
    remove_handle(&stubs.app, &exchange.request, &exchange.route, STR("65a"));
    assert_calls("");
    assert_over(&exchange, 400, "Invalid id");
    begin(METHOD_DELETE, stubs.recipes, "");
    exchange.request.query = STR("force=1");
    handle();
    assert_calls("");
    assert_over(&exchange, 400, "\"field\":\"force\"");
}

/* --- Refused when it was read --- */

static void test_what_is_not_there_is_404(void **state)
{
    (void)state;
    REPLY(.err = ERR_NOT_FOUND);
    put("{\"title\":\"Sambar\"}");
    stubs_run();
    assert_calls("submit find_one ");
    assert_over(&exchange, 404, "Recipe not found");
}

static void change_if(const char *name, const char *value)
{
    begin(METHOD_PATCH, stubs.recipes, "{\"title\":\"Sambar\"}");
    exchange_param(&exchange, name, value);
    handle();
    stubs_run();
}

static void test_preconditions_that_do_not_hold_are_412(void **state)
{
    const struct {
        const char *name, *value;
    } cases[] = {{"HTTP_IF_MATCH", "\"other\""},
                 {"HTTP_IF_MATCH", ""},
                 {"HTTP_IF_NONE_MATCH", "*"},
                 {"HTTP_IF_NONE_MATCH", shown_etag("Dal")}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        REPLY(.found = {dal}, .count = 1);
        change_if(cases[i].name, cases[i].value);
        assert_calls("submit find_one ");
        assert_over(&exchange, 412, "has changed since that version");
    }
}

static void test_preconditions_that_hold_let_it_happen(void **state)
{
    const struct {
        const char *name, *value;
    } cases[] = {{"HTTP_IF_MATCH", shown_etag("Dal")},
                 {"HTTP_IF_MATCH", "*"},
                 {"HTTP_IF_NONE_MATCH", "\"other\""}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        REPLY(.found = {dal}, .count = 1);
        REPLY(.found = {dal}, .count = 1);
        change_if(cases[i].name, cases[i].value);
        assert_calls("submit find_one fence submit-write modify release ");
        assert_over(&exchange, 200, "true");
    }
}

/* --- Others change it meanwhile --- */

static void test_what_is_not_as_it_was_read_is_looked_at_again(void **state)
{
    struct recipe later = dal;

    (void)state;
    later.version = 4;
    REPLY(.found = {dal}, .count = 1);
    REPLY(.err = ERR_NOT_FOUND);
    REPLY(.found = {later}, .count = 1);
    REPLY(.found = {later}, .count = 1);
    put("{\"title\":\"Sambar\"}");
    stubs_run();
    assert_calls("submit find_one fence submit-write modify release "
                 "submit find_one fence submit-write modify release ");
    assert_non_null(strstr(stubs.asked, "version=4 "));
    assert_over(&exchange, 200, "true");
}

/* Then its partition is enough, and it is read afterwards. */
static void test_after_some_tries_the_version_does_not_matter(void **state)
{
    enum { TRIES = 8 };

    (void)state;
    for (int i = 0; i < TRIES; i++) {
        REPLY(.found = {dal}, .count = 1);
        REPLY(.err = ERR_NOT_FOUND);
    }
    REPLY(.found = {dal}, .count = 1);
    REPLY(.found = {dal}, .count = 1);
    put("{\"title\":\"Sambar\"}");
    stubs_run();
    assert_null(strstr(stubs.asked, "version"));
    assert_non_null(strstr(stubs.asked, "category same "));
    assert_over(&exchange, 200, "true");
}

static void test_when_its_time_is_over_it_is_409(void **state)
{
    (void)state;
    REPLY(.found = {dal}, .count = 1);
    REPLY(.err = ERR_NOT_FOUND);
    REPLY(.found = {dal}, .count = 1);
    REPLY(.err = ERR_NOT_FOUND);
    put("{\"title\":\"Sambar\"}");
    stubs.now_ms += READ_MS - 1;
    stubs_work();
    stubs_fenced(ERR_OK);
    stubs_work();
    stubs_released(ERR_OK);
    assert_int_equal(exchange.answers, 0);
    stubs.now_ms += 1;
    stubs_run();
    assert_str(exchange_field(&exchange, "Retry-After"), "1");
    assert_over(&exchange, 409, "Changed by others meanwhile");
}

static void test_what_exists_already_is_409_with_its_field(void **state)
{
    (void)state;
    REPLY(.found = {dal}, .count = 1);
    REPLY(.err = ERR_EXISTS);
    REPLY(.found = {dal}, .count = 1); /* another item with this title */
    put("{\"title\":\"Sambar\"}");
    stubs_run();
    assert_calls("submit find_one fence submit-write modify find_one release ");
    assert_non_null(strstr(stubs.asked, "title:Sambar, _id!=" ID " "));
    assert_over(&exchange, 409,
                "\"errors\":[{\"field\":\"title\",\"message\":\"exists already\"}]");
}

/* --- DELETE --- */

static void delete_item(void)
{
    begin(METHOD_DELETE, stubs.recipes, "");
    handle();
    stubs_run();
}

static void test_a_removal_says_that_it_begins(void **state)
{
    (void)state;
    REPLY(.found = {dal}, .count = 1);
    REPLY();
    delete_item();
    assert_calls("submit find_one mark fence submit-write remove release forget-views ");
    assert_over(&exchange, 200, "{\"success\":true,\"message\":\"Recipe deleted\"}");
}

/* A removal that nginx sends again is answered as the first would have been. */
static void test_a_repeated_removal_is_answered_as_the_first(void **state)
{
    (void)state;
    for (int repeated = 0; repeated < 2; repeated++) {
        REPLY(.err = ERR_NOT_FOUND);
        delete_item();
        assert_calls("submit find_one ask-repeat ");
        assert_int_equal(exchange.answers, 0);
        stubs_repeated(repeated == 1);
        assert_calls(repeated == 1 ? "forget-views " : "");
        assert_over(&exchange, repeated == 1 ? 200 : 404,
                    repeated == 1 ? "Recipe deleted" : "Recipe not found");
    }
}

/* Its own mark says nothing of who has deleted it meanwhile. */
static void test_a_removal_that_comes_second_is_404(void **state)
{
    (void)state;
    REPLY(.found = {dal}, .count = 1);
    REPLY(.err = ERR_NOT_FOUND);
    REPLY(.err = ERR_NOT_FOUND);
    delete_item();
    assert_calls("submit find_one mark fence submit-write remove release submit find_one ");
    assert_over(&exchange, 404, "Recipe not found");
}

static void test_a_removal_does_not_depend_on_the_version(void **state)
{
    (void)state;
    REPLY(.found = {dal}, .count = 1);
    REPLY();
    delete_item();
    assert_null(strstr(stubs.asked, "version"));
    assert_non_null(strstr(stubs.asked, "category same "));
    assert_over(&exchange, 200, "true");
}

/* --- Whose it is --- */

static void remove_diary(enum role role, const char *id)
{
    REPLY(.found = {dal}, .count = 1);
    begin(METHOD_DELETE, stubs.diaries, "");
    exchange_sign_in(&exchange, role, id);
    handle();
}

static void test_what_is_not_ones_own_is_not_there(void **state)
{
    (void)state;
    remove_diary(ROLE_EDITOR, OTHER);
    stubs_run();
    assert_calls("submit find_one ");
    assert_over(&exchange, 404, "Diary not found");
}

static void test_its_owner_and_an_administrator_may(void **state)
{
    (void)state;
    for (int admin = 0; admin < 2; admin++) {
        remove_diary(admin ? ROLE_ADMIN : ROLE_READER, admin ? OTHER : OWNER);
        REPLY();
        stubs_run();
        assert_calls("submit find_one mark fence submit-write remove release forget-views ");
        assert_non_null(strstr(stubs.asked, "ownerId same "));
        assert_over(&exchange, 200, "Diary deleted");
    }
}

static void test_what_all_may_read_and_only_its_owner_change_is_403(void **state)
{
    (void)state;
    REPLY(.found = {dal}, .count = 1);
    begin(METHOD_DELETE, stubs.recipes, "");
    exchange.route.flags = ROUTE_OWNED;
    exchange_sign_in(&exchange, ROLE_EDITOR, OTHER);
    handle();
    stubs_run();
    assert_calls("submit find_one ");
    assert_over(&exchange, 403, "Only who has made it may change it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STUBS_TEST(test_a_change_is_answered_with_the_item_as_it_has_become),
        STUBS_TEST(test_an_item_that_is_read_is_kept_as_it_has_become),
        STUBS_TEST(test_it_takes_place_only_while_the_item_is_as_it_was_read),
        STUBS_TEST(test_the_fence_is_on_the_partitions_before_and_after),
        STUBS_TEST(test_while_workers_disagree_all_partitions_are_fenced),
        STUBS_TEST(test_what_is_wrong_with_any_item_is_told_before_one_is_read),
        STUBS_TEST(test_ids_and_queries_are_looked_at),
        STUBS_TEST(test_what_is_not_there_is_404),
        STUBS_TEST(test_preconditions_that_do_not_hold_are_412),
        STUBS_TEST(test_preconditions_that_hold_let_it_happen),
        STUBS_TEST(test_what_is_not_as_it_was_read_is_looked_at_again),
        STUBS_TEST(test_after_some_tries_the_version_does_not_matter),
        STUBS_TEST(test_when_its_time_is_over_it_is_409),
        STUBS_TEST(test_what_exists_already_is_409_with_its_field),
        STUBS_TEST(test_a_removal_says_that_it_begins),
        STUBS_TEST(test_a_repeated_removal_is_answered_as_the_first),
        STUBS_TEST(test_a_removal_that_comes_second_is_404),
        STUBS_TEST(test_a_removal_does_not_depend_on_the_version),
        STUBS_TEST(test_what_is_not_ones_own_is_not_there),
        STUBS_TEST(test_its_owner_and_an_administrator_may),
        STUBS_TEST(test_what_all_may_read_and_only_its_owner_change_is_403),
    };

    return STUBS_RUN(tests);
}
