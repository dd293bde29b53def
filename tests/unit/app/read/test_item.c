/* SPDX-License-Identifier: BSD-2-Clause */
#include "../exchange.h"
#include "../stubs.h"

#include <stdio.h>

#include "app/handlers.h"
#include "app/read/item.h"
#include "base/gzip.h"
#include "base/idiom.h"

/* One item, and what one turn of the loop asks of MongoDB. */

#define ID     "65a1b2c3d4e5f60718293a4b"
#define SECOND "65a1b2c3d4e5f60718293a4c"
#define OWNER  "65a1b2c3d4e5f60718290001"
#define OTHER  "65a1b2c3d4e5f60718290002"
#define DAL    "{\"_id\":\"" ID "\",\"title\":\"Dal\"}"

static const struct recipe dal = {.id = ID, .title = "Dal", .owner = OWNER};
static const struct recipe rasam = {.id = SECOND, .title = "Rasam", .owner = OTHER};

static void get(struct exchange *exchange, const struct plan *plan, const char *id)
{
    exchange_begin(exchange, METHOD_GET, plan);
    item_handle(&stubs.app, &exchange->request, &exchange->route, str_from(id));
}

/* The loop turns once: what was missed is asked for. */
static void turn(void)
{
    uv_run(&stubs.loop, UV_RUN_NOWAIT);
}

/* --- What is looked up --- */

static void test_the_entry_is_named_by_the_canonical_id(void **state)
{
    const struct cache_lookup *lookup;
    struct exchange exchange;

    (void)state;
    get(&exchange, stubs.recipes, "65A1B2C3D4E5F60718293A4B");
    assert_calls("get ");
    lookup = stubs.lookups[0];
    assert_str(plan_unhashed(lookup->name), "recipe:" ID);
    assert_tags(lookup->tags, lookup->tag_count, "recipe:" ID " recipe:* ");
    assert_ptr_equal(lookup->class, &stubs.recipes->item_class);
    assert_non_null(lookup->detach);
    exchange_end(&exchange);
}

static void test_what_is_no_id_is_400(void **state)
{
    static const struct {
        const char *id, *text;
    } cases[] = {{"65a", "Invalid id"}, {ID "0", "Invalid id"}, {"", "Invalid id"}};
    struct exchange exchange;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        get(&exchange, stubs.recipes, cases[i].id);
        assert_calls("");
        assert_over(&exchange, 400, cases[i].text);
    }
}

static void test_it_takes_no_query(void **state)
{
    struct exchange exchange;

    (void)state;
    exchange_begin(&exchange, METHOD_GET, stubs.recipes);
    exchange.request.query = STR("fields=title");
    item_handle(&stubs.app, &exchange.request, &exchange.route, STR(ID));
    assert_calls("");
    assert_over(&exchange, 400, "\"field\":\"fields\"");
}

/* --- What is found --- */

static void test_a_miss_is_answered_by_mongodb(void **state)
{
    struct exchange exchange;
    struct cache_fill *fill;
    char etag[ETAG_SIZE];

    (void)state;
    REPLY(.found = {dal}, .count = 1);
    get(&exchange, stubs.recipes, ID);
    fill = stubs_miss(0);
    turn();
    assert_int_equal(stubs.jobs[0]->deadline_ms, stubs.now_ms + READ_MS);
    assert_false(fill->sealed);
    stubs_work();
    assert_calls("get submit find ");
    assert_string_equal(stubs.asked, "_id=" ID " skip 0 limit 1");
    assert_true(fill->sealed);
    assert_str(fill->entry.plain, "{\"success\":true,\"source\":\"cache\",\"data\":" DAL "}");
    assert_str(item_json(fill->entry.plain), DAL);
    assert_true(str_eq(fill->entry.etag, plan_item_etag(stubs.recipes, STR(DAL), etag)));
    assert_int_equal(fill->entry.gzip.len, 0); /* not worth it */
    stubs_filled(0, fill);
    assert_calls("view ");
    assert_over(&exchange, 200, "\"source\":\"database\",\"data\":" DAL);
}

static void test_what_is_worth_it_is_compressed_too(void **state)
{
    static char category[4 * GZIP_WORTH + 1];
    struct recipe large = {.id = ID, .title = "Dal", .category = category};
    struct exchange exchange;
    const struct cache_fill *fill;

    (void)state;
    memset(category, 'x', sizeof category - 1);
    REPLY(.found = {large}, .count = 1);
    get(&exchange, stubs.recipes, ID);
    fill = stubs_miss(0);
    turn();
    stubs_work();
    assert_true(fill->entry.gzip.len > 0);
    assert_true(fill->entry.gzip.len < fill->entry.plain.len);
    exchange_end(&exchange);
}

/* That there is none is an entry, too. */
static void test_what_is_not_there_is_404(void **state)
{
    struct exchange exchange;
    const struct cache_fill *fill;

    (void)state;
    REPLY();
    get(&exchange, stubs.recipes, ID);
    fill = stubs_miss(0);
    turn();
    stubs_work();
    assert_int_equal(fill->err, ERR_OK);
    assert_int_equal(fill->entry.status, 404);
    stubs_filled(0, fill);
    assert_calls("get submit find "); /* and no view */
    assert_over(&exchange, 404, "Recipe not found");
}

static void test_an_error_is_not_an_entry(void **state)
{
    struct exchange exchange;
    const struct cache_fill *fill;

    (void)state;
    REPLY(.err = ERR_UNAVAILABLE);
    get(&exchange, stubs.recipes, ID);
    fill = stubs_miss(0);
    turn();
    stubs_work();
    assert_int_equal(fill->err, ERR_UNAVAILABLE);
    stubs_filled(0, fill);
    assert_over(&exchange, 503, "not reachable");
}

static void test_a_head_request_is_no_view(void **state)
{
    struct exchange exchange;
    const struct cache_fill *fill;

    (void)state;
    REPLY(.found = {dal}, .count = 1);
    exchange_begin(&exchange, METHOD_HEAD, stubs.recipes);
    item_handle(&stubs.app, &exchange.request, &exchange.route, STR(ID));
    fill = stubs_miss(0);
    turn();
    stubs_work();
    stubs_filled(0, fill);
    assert_calls("get submit find ");
    assert_over(&exchange, 200, "Dal");
}

/* --- One turn of the loop --- */

static void test_misses_of_one_turn_are_one_question(void **state)
{
    static const char *const ids[] = {ID, SECOND, ID, OTHER};
    static const char *const texts[] = {"\"Dal\"", "\"Rasam\"", "\"Dal\"", "not found"};
    struct exchange exchanges[COUNT(ids)];

    (void)state;
    REPLY(.found = {rasam, dal}, .count = 2);
    for (size_t i = 0; i < COUNT(ids); i++) {
        get(&exchanges[i], stubs.recipes, ids[i]);
        stubs_miss(i);
    }
    assert_calls("get get get get ");
    turn();
    stubs_work();
    assert_calls("submit find ");
    assert_string_equal(stubs.asked, "_id:" ID "," SECOND "," ID "," OTHER ", skip 0 limit 4");
    for (size_t i = 0; i < COUNT(ids); i++) {
        assert_true(stubs.fills[i].sealed);
        stubs_filled(i, &stubs.fills[i]);
        assert_over(&exchanges[i], i == 3 ? 404 : 200, texts[i]);
    }
    turn();
    assert_calls("view view view ");
}

static void test_each_resource_is_a_question_of_its_own(void **state)
{
    struct exchange recipe, diary;

    (void)state;
    get(&recipe, stubs.recipes, ID);
    exchange_begin(&diary, METHOD_GET, stubs.diaries);
    exchange_sign_in(&diary, ROLE_READER, OWNER);
    item_handle(&stubs.app, &diary.request, &diary.route, STR(ID));
    stubs_miss(0);
    stubs_miss(1);
    turn();
    assert_calls("get get submit submit ");
    REPLY(.found = {dal}, .count = 1);
    REPLY(.found = {dal}, .count = 1);
    stubs_run();
    exchange_end(&recipe);
    exchange_end(&diary);
}

/* The next ones do not wait for the turn's end, nor do these. */
static void test_a_full_question_is_sent_at_once(void **state)
{
    enum { MOST = 100 };
    static struct exchange exchanges[MOST + 1];

    (void)state;
    for (size_t i = 0; i <= MOST; i++) {
        char id[OID_HEX_SIZE + 1];

        snprintf(id, sizeof id, "65a1b2c3d4e5f60718%06zx", i);
        get(&exchanges[i], stubs.recipes, id);
        assert_int_equal(stubs.job_count, i < MOST ? 0 : 1);
        stubs_miss(i);
    }
    turn();
    assert_int_equal(stubs.job_count, 2);
    REPLY();
    REPLY();
    stubs_run();
    assert_non_null(strstr(stubs.asked, "_id=65a1b2c3d4e5f60718000064 "));
    for (size_t i = 0; i <= MOST; i++) {
        assert_true(stubs.fills[i].done);
        exchange_end(&exchanges[i]);
    }
}

static void test_one_that_is_too_large_does_not_fail_the_others(void **state)
{
    struct exchange exchanges[2];

    (void)state;
    REPLY(.err = ERR_TOO_LARGE);
    REPLY(.err = ERR_TOO_LARGE);
    REPLY(.found = {rasam}, .count = 1);
    get(&exchanges[0], stubs.recipes, ID);
    get(&exchanges[1], stubs.recipes, SECOND);
    stubs_miss(0);
    stubs_miss(1);
    turn();
    stubs_work();
    assert_calls("get get submit find find find ");
    for (size_t i = 0; i < 2; i++)
        stubs_filled(i, &stubs.fills[i]);
    assert_over(&exchanges[0], 413, "Recipe is too large to be shown");
    assert_over(&exchanges[1], 200, "Rasam");
}

/* The fills have ended, and are not the thread's to seal. */
static void test_at_the_deadline_the_thread_touches_no_fill(void **state)
{
    struct exchange exchange;
    struct mongo_job *job;

    (void)state;
    REPLY(.found = {dal}, .count = 1);
    get(&exchange, stubs.recipes, ID);
    stubs_miss(0);
    turn();
    job = stubs_job();
    job->done(job->context, ERR_TIMEOUT);
    stubs_filled(0, &stubs.fills[0]);
    assert_over(&exchange, 503, "in time");
    (void)job->work(NULL, job->context);
    assert_false(stubs.fills[0].sealed);
    job->release(job->context);
}

/* --- Whose it is --- */

static void get_diary(struct exchange *exchange, enum role role, const char *id)
{
    exchange_begin(exchange, METHOD_GET, stubs.diaries);
    exchange_sign_in(exchange, role, id);
    item_handle(&stubs.app, &exchange->request, &exchange->route, STR(ID));
}

static void test_an_item_of_ones_own_is_there_for_nobody_else(void **state)
{
    static const struct {
        enum role role;
        const char *id;
        unsigned status;
    } cases[] = {{ROLE_READER, OWNER, 200}, {ROLE_EDITOR, OTHER, 404}, {ROLE_ADMIN, OTHER, 200}};
    struct exchange exchanges[COUNT(cases)];

    (void)state;
    REPLY(.found = {dal}, .count = 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        get_diary(&exchanges[i], cases[i].role, cases[i].id);
        stubs_miss(i);
    }
    turn();
    stubs_work();
    for (size_t i = 0; i < COUNT(cases); i++) {
        stubs_filled(i, &stubs.fills[i]);
        assert_str(exchange_field(&exchanges[i], "Cache-Control"),
                   cases[i].status == 200 ? "private, no-store" : "no-store");
        assert_over(&exchanges[i], cases[i].status, cases[i].status == 200 ? "Dal" : "not found");
    }
}

static void test_its_entry_is_the_readers_own(void **state)
{
    const struct cache_lookup *lookup;
    struct exchange exchange;
    char expected[200];

    (void)state;
    get_diary(&exchange, ROLE_READER, OWNER);
    lookup = stubs.lookups[0];
    snprintf(expected, sizeof expected, "diary:" ID "@%.8s:user:" OWNER ":",
             stubs.diaries->resource->hash);
    assert_str(lookup->name, expected);
    assert_int_equal(lookup->tag_count, 3);
    assert_str(lookup->tags[2], "user:" OWNER);
    assert_null(lookup->detach); /* in the background there is no reader */
    exchange_end(&exchange);
}

/* --- A refill in the background --- */

static void test_a_detached_look_up_outlives_the_request(void **state)
{
    const struct cache_lookup *lookup;
    struct cache_lookup *copy;
    struct exchange exchange;

    (void)state;
    get(&exchange, stubs.recipes, ID);
    lookup = stubs.lookups[0];
    copy = lookup->detach(lookup);
    assert_true(str_eq(copy->name, lookup->name));
    assert_ptr_equal(copy->class, lookup->class);
    assert_int_equal(copy->tag_count, lookup->tag_count);
    exchange_end(&exchange);
    assert_str(copy->tags[0], "recipe:" ID);
    stubs.lookups[0] = copy;
    stubs_miss(0);
    copy->detached_free(copy); /* the question has what it needs */
    turn();
    REPLY(.found = {dal}, .count = 1);
    stubs_run();
    assert_str(item_json(stubs.fills[0].entry.plain), DAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STUBS_TEST(test_the_entry_is_named_by_the_canonical_id),
        STUBS_TEST(test_what_is_no_id_is_400),
        STUBS_TEST(test_it_takes_no_query),
        STUBS_TEST(test_a_miss_is_answered_by_mongodb),
        STUBS_TEST(test_what_is_worth_it_is_compressed_too),
        STUBS_TEST(test_what_is_not_there_is_404),
        STUBS_TEST(test_an_error_is_not_an_entry),
        STUBS_TEST(test_a_head_request_is_no_view),
        STUBS_TEST(test_misses_of_one_turn_are_one_question),
        STUBS_TEST(test_each_resource_is_a_question_of_its_own),
        STUBS_TEST(test_a_full_question_is_sent_at_once),
        STUBS_TEST(test_one_that_is_too_large_does_not_fail_the_others),
        STUBS_TEST(test_at_the_deadline_the_thread_touches_no_fill),
        STUBS_TEST(test_an_item_of_ones_own_is_there_for_nobody_else),
        STUBS_TEST(test_its_entry_is_the_readers_own),
        STUBS_TEST(test_a_detached_look_up_outlives_the_request),
    };

    return STUBS_RUN(tests);
}
