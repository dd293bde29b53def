/* SPDX-License-Identifier: BSD-2-Clause */
#include "../exchange.h"
#include "../stubs.h"

#include "app/handlers.h"
#include "base/idiom.h"

/* POST of one item, or of several. */

/* As an Idempotency-Key names what it makes: stubs.c. */
#define FIRST  "000000000000000000000000"
#define SECOND "010000000000000000000000"
#define OWNER  "65a1b2c3d4e5f60718290001"
#define DAL    "{\"title\":\"Dal\",\"category\":\"soup\"}"
#define RASAM  "{\"title\":\"Rasam\",\"category\":\"soup\"}"
#define BAD    "{\"title\":\"\"}"

static struct exchange exchange;

static void begin(const char *body)
{
    exchange_begin(&exchange, METHOD_POST, stubs.recipes);
    exchange.request.body = str_from(body);
}

static void handle(void)
{
    create_handle(&stubs.app, &exchange.request, &exchange.route, STR(""));
}

static void post(const char *body)
{
    begin(body);
    handle();
}

/* --- One --- */

static void test_one_is_answered_with_its_place_and_tag(void **state)
{
    char etag[ETAG_SIZE];
    struct str json = STR("{\"_id\":\"" FIRST "\",\"title\":\"Dal\",\"category\":\"soup\"}");

    (void)state;
    stubs.keyed = true;
    REPLY();
    post(DAL);
    assert_int_equal(exchange.answers, 0);
    stubs_run();
    assert_calls("fence submit-write insert release ");
    assert_str(exchange_field(&exchange, "Location"), "/api/recipes/" FIRST);
    assert_true(
        str_eq(exchange_field(&exchange, "ETag"), plan_item_etag(stubs.recipes, json, etag)));
    assert_over(&exchange, 201, "\"data\":{\"_id\":\"" FIRST "\",\"title\":\"Dal\"");
}

/* Without a key each is another one, although it is the same request. */
static void test_the_server_chooses_ids(void **state)
{
    static char first[64];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct str place;

        REPLY();
        post(DAL);
        stubs_run();
        place = exchange_field(&exchange, "Location");
        assert_int_equal(place.len, strlen("/api/recipes/" FIRST));
        assert_true(i == 0 || memcmp(first, place.ptr, place.len) != 0);
        memcpy(first, place.ptr, place.len);
        assert_over(&exchange, 201, "true");
    }
}

static void test_what_is_wrong_is_told_and_nothing_fenced(void **state)
{
    static const struct {
        const char *body, *text;
    } cases[] = {{"{", "Invalid JSON"},
                 {"7", "Invalid JSON"},
                 {BAD, "\"errors\":[{\"field\":\"title\""},
                 {"{}", "\"errors\":[{\"field\":\"title\""},
                 {"{\"title\":\"Dal\",\"_id\":\"" FIRST "\"}", "\"field\":\"_id\""},
                 {"[]", "must be an array of 1 to 100 objects"},
                 {"[" BAD "," BAD "]", "\"message\":\"None was created\",\"count\":0"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        post(cases[i].body);
        assert_calls("");
        assert_over(&exchange, 400, cases[i].text);
    }
    begin(DAL);
    exchange.request.query = STR("dry=1");
    handle();
    assert_calls("");
    assert_over(&exchange, 400, "\"field\":\"dry\"");
}

static void test_more_than_a_hundred_are_refused(void **state)
{
    struct buf body = BUF_INIT(10000);

    (void)state;
    for (int i = 0; i <= BULK_MAX; i++)
        buf_str(&body, i == 0 ? STR("[" DAL) : STR("," DAL));
    buf_literal(&body, "]\0");
    post(body.ptr);
    assert_calls("");
    assert_over(&exchange, 400, "must be an array of 1 to 100 objects");
    buf_free(&body);
}

/* It could not be shown afterwards. */
static void test_what_is_too_large_to_be_shown_is_refused(void **state)
{
    enum { TEXT_MAX = 65536, TEXTS = RESPONSE_BODY_MAX / TEXT_MAX };
    struct buf body = BUF_INIT(2 * RESPONSE_BODY_MAX);

    (void)state;
    buf_literal(&body, "{\"title\":\"Dal\",\"notes\":[\"\"");
    for (int i = 0; i < TEXTS; i++) {
        buf_literal(&body, ",\"");
        memset(buf_reserve(&body, TEXT_MAX), 'x', TEXT_MAX);
        buf_commit(&body, TEXT_MAX);
        buf_char(&body, '"');
    }
    buf_literal(&body, "]}\0");
    post(body.ptr);
    assert_calls("");
    assert_over(&exchange, 400, "{\"field\":\"body\",\"message\":\"is too large\"}");
    buf_free(&body);
}

static void test_errors_of_the_insert_are_answered(void **state)
{
    static const struct {
        enum err err, outcome;
        unsigned status;
    } cases[] = {{ERR_REFUSED, ERR_REFUSED, 400},
                 {ERR_FORBIDDEN, ERR_FORBIDDEN, 403},
                 {ERR_UNKNOWN, ERR_UNKNOWN, 503},
                 {ERR_TIMEOUT, ERR_UNKNOWN, 503}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        REPLY(.err = cases[i].err);
        post(DAL);
        stubs_run();
        assert_int_equal(stubs.outcome, cases[i].outcome);
        assert_over(&exchange, cases[i].status, "\"success\":false");
    }
}

/* --- What exists already --- */

/* The request was sent before, and has made it: it is answered as it is now. */
static void test_what_its_key_has_made_is_found_again(void **state)
{
    (void)state;
    stubs.keyed = true;
    REPLY(.err = ERR_EXISTS);
    REPLY(.found = {{.id = FIRST, .title = "Dal tadka"}}, .count = 1);
    post(DAL);
    stubs_run();
    assert_calls("fence submit-write insert find_one release ");
    assert_string_equal(stubs.asked, "_id=" FIRST " ");
    assert_int_equal(stubs.outcome, ERR_OK);
    assert_over(&exchange, 201, "\"title\":\"Dal tadka\"");
}

static void test_what_others_have_made_is_409_with_its_field(void **state)
{
    (void)state;
    for (int keyed = 0; keyed < 2; keyed++) {
        stubs.keyed = keyed == 1;
        REPLY(.err = ERR_EXISTS);
        if (stubs.keyed)
            REPLY(.err = ERR_NOT_FOUND); /* none of this key's */
        REPLY(.err = ERR_NOT_FOUND);     /* none of this _id */
        REPLY();                         /* one of this title */
        post(DAL);
        stubs_run();
        assert_non_null(strstr(stubs.asked, "title:Dal, _id!="));
        assert_int_equal(stubs.outcome, ERR_EXISTS);
        assert_over(&exchange, 409,
                    "\"errors\":[{\"field\":\"title\",\"message\":\"exists already\"}]");
    }
}

/* MongoDB knows that there is one, and nothing tells which. */
static void test_it_is_409_without_a_field_too(void **state)
{
    (void)state;
    REPLY(.err = ERR_EXISTS);
    REPLY(.err = ERR_NOT_FOUND);
    REPLY(.err = ERR_NOT_FOUND);
    post(DAL);
    stubs_run();
    assert_calls("fence submit-write insert find_one find_one indexes release ");
    assert_null(strstr(exchange.body.ptr, "errors"));
    assert_over(&exchange, 409, "Exists already");
}

/* --- Several --- */

static void test_several_are_one_write_with_a_result_each(void **state)
{
    (void)state;
    stubs.keyed = true;
    REPLY(.count = 2);
    post("[" DAL "," RASAM "]");
    stubs_run();
    assert_calls("fence submit-write insert_many release ");
    assert_over(&exchange, 201,
                "{\"success\":true,\"count\":2,\"results\":["
                "{\"success\":true,\"data\":{\"_id\":\"" FIRST "\",\"title\":\"Dal\","
                "\"category\":\"soup\"}},"
                "{\"success\":true,\"data\":{\"_id\":\"" SECOND "\",\"title\":\"Rasam\","
                "\"category\":\"soup\"}}],\"requestId\":\"r1\"}");
}

/* Results are in the order of the request, with what was not sent at all among them. */
static void test_where_some_are_wrong_it_is_207(void **state)
{
    (void)state;
    stubs.keyed = true;
    REPLY(.count = 2, .errs = {ERR_REFUSED, ERR_OK});
    post("[" BAD "," DAL "," RASAM "]");
    stubs_run();
    assert_int_equal(stubs.outcome, ERR_OK);
    assert_answer(&exchange, 207, "\"message\":\"Some were not created\",\"count\":1");
    assert_answer(&exchange, 207,
                  "\"results\":[{\"success\":false,\"message\":\"Invalid input\","
                  "\"errors\":[{\"field\":\"title\"");
    assert_over(&exchange, 207,
                "},{\"success\":false,\"message\":\"Refused by a rule of the database\","
                "\"errors\":[{\"field\":\"price\",\"message\":\"must be at most 1000\"}]},"
                "{\"success\":true,\"data\":{\"_id\":\"020000000000000000000000\"");
}

static void test_where_none_is_made_it_is_400(void **state)
{
    (void)state;
    stubs.keyed = true;
    REPLY(.count = 2, .errs = {ERR_EXISTS, ERR_REFUSED});
    REPLY(.err = ERR_NOT_FOUND);
    REPLY(.err = ERR_NOT_FOUND);
    REPLY();
    post("[" DAL "," RASAM "]");
    stubs_run();
    assert_int_equal(stubs.outcome, ERR_EXISTS);
    assert_answer(&exchange, 400, "\"message\":\"None was created\",\"count\":0");
    assert_over(&exchange, 400,
                "{\"success\":false,\"message\":\"Exists already\",\"errors\":[{\"field\":"
                "\"title\"");
}

static void test_several_sent_again_are_found_again(void **state)
{
    (void)state;
    stubs.keyed = true;
    REPLY(.count = 2, .errs = {ERR_EXISTS, ERR_OK});
    REPLY(.found = {{.id = FIRST, .title = "Dal"}}, .count = 1);
    post("[" DAL "," RASAM "]");
    stubs_run();
    assert_calls("fence submit-write insert_many find_one release ");
    assert_over(&exchange, 201, "\"count\":2");
}

/* Nobody knows of one: then nobody may be told of the others, and the fence stays. */
static void test_where_one_is_unknown_all_are(void **state)
{
    (void)state;
    REPLY(.count = 2, .errs = {ERR_OK, ERR_UNKNOWN});
    post("[" DAL "," RASAM "]");
    stubs_run();
    assert_int_equal(stubs.outcome, ERR_UNKNOWN);
    assert_over(&exchange, 503, "false");
}

static void test_where_all_fail_alike_the_error_is_answered(void **state)
{
    (void)state;
    REPLY(.count = 1, .err = ERR_UNAVAILABLE);
    post("[" DAL "]");
    stubs_run();
    assert_int_equal(stubs.outcome, ERR_UNAVAILABLE);
    assert_over(&exchange, 503, "not reachable");
    REPLY(.count = 1, .errs = {ERR_FORBIDDEN});
    post("[" DAL "]");
    stubs_run();
    assert_int_equal(stubs.outcome, ERR_FORBIDDEN);
    assert_over(&exchange, 403, "false");
}

/* --- What the cache is told --- */

static void assert_told(size_t i, const char *name, int64_t delta)
{
    const struct cache_total *total = &stubs.write->totals[i];

    assert_str(plan_unhashed(total->name), name);
    assert_int_equal(total->delta, delta);
}

static void test_tags_and_totals_are_of_what_was_made(void **state)
{
    (void)state;
    stubs.keyed = true;
    REPLY(.count = 3, .errs = {ERR_OK, ERR_REFUSED, ERR_OK});
    begin("[" DAL ",{\"title\":\"Goulash\",\"category\":\"stew\"}," RASAM "]");
    exchange_sign_in(&exchange, ROLE_EDITOR, OWNER);
    handle();
    assert_tags(stubs.write->tags, stubs.write->tag_count,
                "recipes recipe:" FIRST " owner:" OWNER " recipes:soup recipe:" SECOND
                " recipes:stew recipe:020000000000000000000000 ");
    stubs_fenced(ERR_OK);
    stubs_work();
    assert_int_equal(stubs.write->total_count, 3);
    assert_told(0, "count:recipes:", 2);
    assert_told(1, "count:recipes:category=soup", 2);
    assert_told(2, "count:recipes:category=stew", 0);
    assert_int_equal(stubs.write->own_count, 2); /* marks of those that were made */
    stubs_run();
    assert_over(&exchange, 207, "\"count\":2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STUBS_TEST(test_one_is_answered_with_its_place_and_tag),
        STUBS_TEST(test_the_server_chooses_ids),
        STUBS_TEST(test_what_is_wrong_is_told_and_nothing_fenced),
        STUBS_TEST(test_more_than_a_hundred_are_refused),
        STUBS_TEST(test_what_is_too_large_to_be_shown_is_refused),
        STUBS_TEST(test_errors_of_the_insert_are_answered),
        STUBS_TEST(test_what_its_key_has_made_is_found_again),
        STUBS_TEST(test_what_others_have_made_is_409_with_its_field),
        STUBS_TEST(test_it_is_409_without_a_field_too),
        STUBS_TEST(test_several_are_one_write_with_a_result_each),
        STUBS_TEST(test_where_some_are_wrong_it_is_207),
        STUBS_TEST(test_where_none_is_made_it_is_400),
        STUBS_TEST(test_several_sent_again_are_found_again),
        STUBS_TEST(test_where_one_is_unknown_all_are),
        STUBS_TEST(test_where_all_fail_alike_the_error_is_answered),
        STUBS_TEST(test_tags_and_totals_are_of_what_was_made),
    };

    return STUBS_RUN(tests);
}
