/* SPDX-License-Identifier: BSD-2-Clause */
#include "../exchange.h"
#include "../stubs.h"

#include <stdio.h>

#include "app/handlers.h"
#include "app/read/list.h"
#include "app/read/note.h"
#include "base/gzip.h"
#include "base/idiom.h"

/* One page of a list, and the total that all pages of a filter share. */

#define FIRST  "65a1b2c3d4e5f60718293a4b"
#define SECOND "65a1b2c3d4e5f60718293a4c"
#define OWNER  "65a1b2c3d4e5f60718290001"
#define DOCUMENTS                                                                                  \
    "[{\"_id\":\"" FIRST "\",\"title\":\"Dal\"},{\"_id\":\"" SECOND "\",\"title\":\"Rasam\"}]"

static const struct recipe dal = {.id = FIRST, .title = "Dal"};
static const struct recipe rasam = {.id = SECOND, .title = "Rasam"};
static struct exchange exchange;

/* The list is a miss; its request stays until exchange_end(). */
static struct cache_fill *begin(const struct plan *plan, const char *query, const char *reader)
{
    exchange_begin(&exchange, METHOD_GET, plan);
    exchange.request.query = str_from(query);
    if (reader != NULL)
        exchange_sign_in(&exchange, ROLE_READER, reader);
    list_handle(&stubs.app, &exchange.request, &exchange.route, STR(""));
    return stubs_miss(0);
}

/* The total was looked up, and this is what the cache says. */
static void told_total(enum err err, const char *text)
{
    struct cache_lookup *count = stubs.lookups[1];

    count->err = err;
    count->entry = (struct entry){.status = 200, .plain = str_from(text)};
    count->done(count);
}

/* It is a miss; the cache tells it when its fill has ended. */
static const struct cache_fill *missed_total(void)
{
    struct cache_fill *fill = stubs_miss(1);

    fill->waiter = stubs.lookups[1];
    return fill;
}

/* The page of a query whose total is known, from MongoDB's first answer. */
static struct cache_fill *page_of(const char *query, const char *total)
{
    struct cache_fill *fill = begin(stubs.recipes, query, NULL);

    told_total(ERR_OK, total);
    stubs_work();
    assert_true(fill->done);
    return fill;
}

/* The text behind a name in the page's JSON, up to the comma. */
static struct str member(const struct cache_fill *fill, const char *name)
{
    char key[40];
    struct str page = fill->entry.plain;
    int len = snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = memmem(page.ptr, page.len, key, (size_t)len);

    assert_non_null(at);
    page = str_from_offset(page, (size_t)(at - page.ptr + len));
    return str_make(page.ptr, str_find(page, ','));
}

/* --- The page --- */

static void test_a_page_is_what_mongodb_finds(void **state)
{
    const struct cache_fill *fill;
    char etag[ETAG_SIZE];

    (void)state;
    REPLY(.found = {dal, rasam}, .count = 2);
    fill = page_of("", "2");
    assert_calls("get get submit find ");
    assert_str(fill->entry.plain,
               "{\"success\":true,\"source\":\"cache\",\"count\":2,\"total\":2,"
               "\"page\":1,\"pages\":1,\"limit\":10,\"next\":null,\"data\":" DOCUMENTS "}");
    assert_int_equal(fill->entry.status, 200);
    assert_false(fill->entry.empty);
    assert_true(
        str_eq(fill->entry.etag,
               plan_list_etag(stubs.recipes,
                              str_from_offset(fill->entry.plain,
                                              strlen("{\"success\":true,\"source\":\"cache\"")),
                              etag)));
    exchange_end(&exchange);
}

static void test_the_question_is_the_query(void **state)
{
    static const struct {
        const char *query, *asked;
    } cases[] = {{"", "sort+title sort+_id skip 0 limit 10"},
                 {"page=3&limit=5", "sort+title sort+_id skip 10 limit 5"},
                 {"sort=-title", "sort-title sort-_id skip 0 limit 10"},
                 {"category=soup&maxMinutes=30",
                  "category=soup minutes<=30 sort+title sort+_id skip 0 limit 10"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        stubs.lookup_count = 0;
        REPLY(.more = true);
        (void)page_of(cases[i].query, "95");
        assert_string_equal(stubs.asked, cases[i].asked);
        exchange_end(&exchange);
    }
}

static void test_a_list_of_ones_own_asks_for_its_owner(void **state)
{
    const struct cache_fill *fill;

    (void)state;
    REPLY(.found = {dal}, .count = 1);
    fill = begin(stubs.diaries, "", OWNER);
    assert_str(str_from_offset(stubs.lookups[1]->name, strlen("count:diaries:@01234567")),
               ":user:" OWNER ":");
    told_total(ERR_OK, "1");
    stubs_work();
    assert_non_null(strstr(stubs.asked, "ownerId same " OWNER " "));
    assert_true(fill->done);
    exchange_end(&exchange);
}

static void test_fields_choose_what_is_shown(void **state)
{
    const struct cache_fill *fill;
    struct recipe soup = dal;

    (void)state;
    soup.category = "soup";
    REPLY(.found = {soup}, .count = 1);
    fill = page_of("fields=category", "1");
    assert_str(str_from_offset(fill->entry.plain, str_find(fill->entry.plain, '[')),
               "[{\"_id\":\"" FIRST "\",\"category\":\"soup\"}]}");
    exchange_end(&exchange);
}

/* --- What leads on --- */

static void test_a_walk_goes_on_behind_its_cursor(void **state)
{
    const struct cache_fill *fill;
    char query[500];
    struct str next;

    (void)state;
    REPLY(.found = {dal, rasam}, .count = 2, .more = true);
    next = member(page_of("limit=2", "5"), "next");
    snprintf(query, sizeof query, "limit=2&after=%.*s", (int)next.len - 2, next.ptr + 1);
    exchange_end(&exchange);
    stubs.lookup_count = 0;
    REPLY(.found = {dal}, .count = 1);
    fill = page_of(query, "5");
    assert_string_equal(stubs.asked, "sort+title sort+_id skip 0 limit 2 after Rasam " SECOND);
    assert_str(member(fill, "page"), "null");
    assert_str(member(fill, "next"), "null");
    assert_str(member(fill, "total"), "5"); /* a walk's last page does not tell how many */
    exchange_end(&exchange);
}

/* The headers of a compressed answer are made without unpacking it. */
static void test_a_large_page_has_a_comment(void **state)
{
    static char category[2 * GZIP_WORTH + 1];
    struct recipe large = {.id = FIRST, .title = "Dal", .category = category};
    const struct cache_fill *fill;
    struct note plain, packed;

    (void)state;
    memset(category, 'x', sizeof category - 1);
    REPLY(.found = {large}, .count = 1, .more = true);
    fill = page_of("limit=1", "42");
    assert_true(fill->entry.gzip.len > 0);
    plain = note_take(&fill->entry, false);
    packed = note_take(&fill->entry, true);
    assert_int_equal(plain.pages, 42);
    assert_int_equal(packed.pages, 42);
    assert_str(packed.total, "42");
    assert_true(packed.next.len > 0);
    assert_true(str_eq(plain.next, packed.next));
    assert_true(str_eq(plain.total, packed.total));
    exchange_end(&exchange);
}

/* --- The total --- */

static void test_the_total_is_an_entry_of_the_filter(void **state)
{
    const struct cache_fill *fill = begin(stubs.recipes, "category=soup&page=2&sort=-title", NULL);
    const struct cache_lookup *count = stubs.lookups[1];

    (void)state;
    assert_true(fill->sealed); /* what the total was asked before is part of the page */
    assert_str(plan_unhashed(count->name), "count:recipes:category=soup");
    assert_tags(count->tags, count->tag_count, "recipes:soup recipes:* ");
    assert_ptr_equal(count->class, &stubs.recipes->total_class);
    REPLY(.found = {dal}, .count = 1, .more = true);
    told_total(ERR_OK, "42");
    stubs_work();
    assert_calls("get get submit find "); /* and no count */
    assert_str(member(fill, "total"), "42");
    assert_str(member(fill, "pages"), "5");
    exchange_end(&exchange);
}

static void test_where_it_is_not_known_one_job_gives_both(void **state)
{
    const struct cache_fill *fill = begin(stubs.recipes, "page=2", NULL), *count = missed_total();

    (void)state;
    REPLY(.found = {dal}, .count = 1, .more = true);
    REPLY(.total = 42);
    stubs_work();
    assert_calls("get get submit find count ");
    assert_true(count->sealed);
    assert_str(count->entry.plain, "42");
    assert_str(member(fill, "total"), "42");
    exchange_end(&exchange);
}

/* By the page itself: where it is the last, or more than the total was. */
static void test_a_page_corrects_the_total(void **state)
{
    static const struct {
        const char *query, *known, *total;
        size_t count;
        bool more;
    } cases[] = {{"", "99", "2", 2, false},        /* the only one */
                 {"page=4", "99", "32", 2, false}, /* the last one */
                 {"page=4", "5", "33", 2, true},   /* there are more */
                 {"page=4", "7", "7", 0, false},   /* beyond the end */
                 {"", "7", "0", 0, false},         /* there is none */
                 {"page=4", "99", "99", 2, true}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct cache_fill *fill;

        stubs.lookup_count = 0;
        REPLY(.found = {dal, rasam}, .count = cases[i].count, .more = cases[i].more);
        fill = page_of(cases[i].query, cases[i].known);
        assert_true(str_eq(member(fill, "total"), str_from(cases[i].total)));
        assert_int_equal(fill->entry.empty, cases[i].total[0] == '0');
        exchange_end(&exchange);
    }
    assert_null(strstr(stubs.calls, "count"));
}

static void test_a_total_that_is_no_number_is_counted(void **state)
{
    const struct cache_fill *fill;

    (void)state;
    REPLY(.found = {dal}, .count = 1, .more = true);
    REPLY(.total = 42);
    fill = page_of("", "x");
    assert_calls("get get submit find count ");
    assert_str(member(fill, "total"), "42");
    exchange_end(&exchange);
}

static void test_without_redis_the_page_counts_by_itself(void **state)
{
    const struct cache_fill *fill;

    (void)state;
    stubs.redis_down = true;
    REPLY(.found = {dal}, .count = 1, .more = true);
    REPLY(.total = 42);
    fill = begin(stubs.recipes, "", NULL);
    assert_false(fill->sealed); /* not before it is asked: others may join until then */
    stubs_work();
    assert_calls("get submit find count ");
    assert_true(fill->sealed);
    assert_str(member(fill, "total"), "42");
    exchange_end(&exchange);
}

/* --- Errors --- */

static void test_errors_end_both_fills(void **state)
{
    static const struct {
        enum err find, count, err;
    } cases[] = {{ERR_UNAVAILABLE, ERR_OK, ERR_UNAVAILABLE},
                 {ERR_TOO_LARGE, ERR_OK, ERR_TOO_LARGE},
                 {ERR_OK, ERR_TIMEOUT, ERR_TIMEOUT}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct cache_fill *fill, *count;

        stubs.lookup_count = 0;
        fill = begin(stubs.recipes, "", NULL);
        count = missed_total();
        REPLY(.err = cases[i].find, .found = {dal}, .count = 1, .more = true);
        if (cases[i].find == ERR_OK)
            REPLY(.err = cases[i].count);
        stubs_work();
        assert_int_equal(fill->err, cases[i].err);
        assert_int_equal(count->err, cases[i].err);
        exchange_end(&exchange);
    }
}

static void test_without_a_total_there_is_no_page(void **state)
{
    const struct cache_fill *fill = begin(stubs.recipes, "", NULL);

    (void)state;
    told_total(ERR_BUSY, "");
    assert_calls("get get ");
    assert_true(fill->done);
    assert_int_equal(fill->err, ERR_BUSY);
    exchange_end(&exchange);
}

/* The look-up is answered at the deadline; what the thread works on stays until it has ended, and
 * the fills, which have, are not its to seal. */
static void test_the_memory_stays_as_long_as_the_work(void **state)
{
    const struct cache_fill *fill, *count;
    struct mongo_job *job;

    (void)state;
    REPLY(.found = {dal}, .count = 1);
    fill = begin(stubs.recipes, "", NULL);
    count = missed_total();
    job = stubs_job();
    assert_int_equal(job->deadline_ms, stubs.now_ms + READ_MS);
    job->done(job->context, ERR_TIMEOUT);
    assert_int_equal(fill->err, ERR_TIMEOUT);
    assert_int_equal(count->err, ERR_TIMEOUT);
    exchange_end(&exchange);
    (void)job->work(NULL, job->context);
    assert_false(count->sealed);
    job->release(job->context);
}

/* --- Collations --- */

/* The server takes values for equal that have tags of their own: such a page is answered with, and
 * not kept. */
static void test_documents_of_other_partitions_are_not_kept(void **state)
{
    (void)state;
    for (int other = 0; other < 2; other++) {
        struct recipe found = dal;
        const struct cache_fill *fill;

        stubs.lookup_count = 0;
        found.category = other == 1 ? "Soup" : "soup";
        REPLY(.found = {found}, .count = 1);
        fill = page_of("category=soup", "1");
        assert_int_equal(fill->err, ERR_OK);
        assert_int_equal(fill->entry.passing, other == 1);
        assert_calls(other == 1 ? "get get submit find distrust " : "get get submit find ");
        exchange_end(&exchange);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STUBS_TEST(test_a_page_is_what_mongodb_finds),
        STUBS_TEST(test_the_question_is_the_query),
        STUBS_TEST(test_a_list_of_ones_own_asks_for_its_owner),
        STUBS_TEST(test_fields_choose_what_is_shown),
        STUBS_TEST(test_a_walk_goes_on_behind_its_cursor),
        STUBS_TEST(test_a_large_page_has_a_comment),
        STUBS_TEST(test_the_total_is_an_entry_of_the_filter),
        STUBS_TEST(test_where_it_is_not_known_one_job_gives_both),
        STUBS_TEST(test_a_page_corrects_the_total),
        STUBS_TEST(test_a_total_that_is_no_number_is_counted),
        STUBS_TEST(test_without_redis_the_page_counts_by_itself),
        STUBS_TEST(test_errors_end_both_fills),
        STUBS_TEST(test_without_a_total_there_is_no_page),
        STUBS_TEST(test_the_memory_stays_as_long_as_the_work),
        STUBS_TEST(test_documents_of_other_partitions_are_not_kept),
    };

    return STUBS_RUN(tests);
}
