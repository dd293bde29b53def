/* SPDX-License-Identifier: BSD-2-Clause */
#include "../exchange.h"
#include "../stubs.h"

#include <stdio.h>

#include "app/handlers.h"
#include "app/read/cursor.h"
#include "app/read/list.h"
#include "base/idiom.h"

/* What a list takes, what its entry is called, and what leads to the other pages. */

#define ID    "65a1b2c3d4e5f60718293a4b"
#define OWNER "65a1b2c3d4e5f60718290001"

static struct exchange exchange;

static void begin(const struct plan *plan, const char *query)
{
    exchange_begin(&exchange, METHOD_GET, plan);
    exchange.request.query = str_from(query);
}

static void handle(void)
{
    list_handle(&stubs.app, &exchange.request, &exchange.route, STR(""));
}

static void get(const char *query)
{
    begin(stubs.recipes, query);
    handle();
}

/* The last look-up, which belongs to a request that is over. */
static struct cache_lookup *looked_up(void)
{
    assert_true(stubs.lookup_count > 0);
    return stubs.lookups[stubs.lookup_count - 1];
}

/* --- Names --- */

static void name_of(const char *query, char name[static 256])
{
    struct str found;

    get(query);
    found = plan_unhashed(looked_up()->name);
    snprintf(name, 256, "%.*s", (int)found.len, found.ptr);
    assert_int_equal(exchange.answers, 0);
    exchange_end(&exchange);
}

static void test_equal_queries_are_one_entry(void **state)
{
    static const struct {
        const char *query, *name;
    } cases[] = {{"", "recipes:"},
                 {"limit=10&page=1&sort=title", "recipes:"},
                 {"utm_source=x&_=1", "recipes:"},
                 {"category=soup", "recipes:category=soup"},
                 {"category=s%6Fup", "recipes:category=soup"},
                 {"limit=5&category=soup", "recipes:category=soup&limit=5"},
                 {"category=soup&limit=05", "recipes:category=soup&limit=5"},
                 {"category=soup&limit=5&page=1", "recipes:category=soup&limit=5"},
                 {"fields=title,_id", "recipes:fields=title"},
                 {"fields=_id&fields=title", "recipes:fields=title"}};
    char name[256];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        name_of(cases[i].query, name);
        assert_string_equal(name, cases[i].name);
    }
}

static void test_other_queries_are_other_entries(void **state)
{
    static const char *const queries[] = {"",       "category=",     "category=soup",
                                          "page=2", "limit=2",       "sort=-title",
                                          "q=soup", "maxMinutes=30", "fields=title"};
    char names[COUNT(queries)][256];

    (void)state;
    for (size_t i = 0; i < COUNT(queries); i++) {
        name_of(queries[i], names[i]);
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(names[i], names[other]);
    }
}

static void get_named(const struct named_list *list, const char *query)
{
    begin(stubs.recipes, query);
    exchange.route.detail = list;
    exchange.route.pattern = list->path;
    handle();
}

static void test_a_named_list_is_the_entry_of_its_filters(void **state)
{
    const struct named_list *soups = &stubs.recipes->resource->lists[0];

    (void)state;
    get_named(soups, "limit=5");
    assert_str(plan_unhashed(looked_up()->name), "recipes:category=soup&limit=5");
    exchange_end(&exchange);
    get_named(soups, "category=stew");
    assert_calls("get ");
    assert_over(&exchange, 400, "{\"field\":\"category\",\"message\":\"is always soup here\"}");
}

/* --- Tags --- */

static void assert_looks_at(const char *tags)
{
    assert_tags(looked_up()->tags, looked_up()->tag_count, tags);
    exchange_end(&exchange);
}

static void test_a_list_of_one_partition_has_its_tag(void **state)
{
    (void)state;
    get("");
    assert_looks_at("recipes ");
    get("maxMinutes=30");
    assert_looks_at("recipes ");
    get("category=soup&maxMinutes=30");
    assert_looks_at("recipes:soup recipes:* ");
    stubs.disagree = true;
    get("category=soup");
    assert_looks_at("recipes ");
}

static void get_diaries(enum role role)
{
    begin(stubs.diaries, "");
    exchange_sign_in(&exchange, role, OWNER);
    handle();
}

/* It goes with any write to what one owns, and with any change of the account. */
static void test_a_list_of_ones_own_is_the_readers(void **state)
{
    char expected[200];

    (void)state;
    snprintf(expected, sizeof expected, "diaries:@%.8s:user:" OWNER ":",
             stubs.diaries->resource->hash);
    get_diaries(ROLE_EDITOR);
    assert_str(looked_up()->name, expected);
    assert_null(looked_up()->detach);
    assert_looks_at("owner:" OWNER " diaries:* user:" OWNER " ");
    get_diaries(ROLE_ADMIN);
    assert_str(looked_up()->name, expected);
    assert_looks_at("diaries user:" OWNER " ");
}

/* --- Bounds --- */

static void test_pages_have_bounds(void **state)
{
    static const struct {
        const char *query, *text; /* NULL: it is looked up */
    } cases[] = {{"limit=1", NULL},
                 {"limit=50", NULL},
                 {"limit=0", "\"field\":\"limit\""},
                 {"limit=51", "\"field\":\"limit\""},
                 {"limit=-1", "\"field\":\"limit\""},
                 {"limit=1e1", "\"field\":\"limit\""},
                 {"page=0", "\"field\":\"page\""},
                 {"page=1000", NULL},
                 {"page=1001", "reaches no further than page × limit = 10000"},
                 {"page=200&limit=50", NULL},
                 {"page=201&limit=50", "reaches no further"},
                 {"page=99999999999999999999", "\"field\":\"page\""},
                 {"sort=category", "\"field\":\"sort\""},
                 {"fields=weight", "\"field\":\"fields\""},
                 {"maxMinutes=x", "\"field\":\"maxMinutes\""},
                 {"category=a&category=b", "\"field\":\"category\""},
                 {"weight=1", "\"field\":\"weight\""}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        get(cases[i].query);
        assert_calls(cases[i].text == NULL ? "get " : "");
        if (cases[i].text != NULL)
            assert_answer(&exchange, 400, cases[i].text);
        exchange_end(&exchange);
    }
}

static void test_ids_go_with_fields_only(void **state)
{
    (void)state;
    get("ids=" ID "," OWNER "&fields=title");
    assert_calls("get get "); /* an entry each */
    assert_str(plan_unhashed(stubs.lookups[0]->name), "recipe:" ID);
    exchange_end(&exchange);
    get("ids=" ID "&category=soup&limit=5");
    assert_calls("");
    assert_answer(&exchange, 400,
                  "{\"field\":\"category\",\"message\":\"cannot be combined with ids\"}");
    assert_over(&exchange, 400,
                "{\"field\":\"limit\",\"message\":\"cannot be combined with ids\"}");
}

static void test_words_need_their_index(void **state)
{
    (void)state;
    stubs.words = WORDS_MISSING;
    get("q=dal");
    assert_calls("");
    assert_over(&exchange, 501, "larderctl reindex recipes");
    stubs.words = WORDS_BEING_MADE;
    get("q=dal");
    assert_str(exchange_field(&exchange, "Retry-After"), "5");
    assert_over(&exchange, 503, "is being made");
    get("category=soup");
    assert_calls("get ");
    exchange_end(&exchange);
}

/* --- Cursors --- */

/* "<query>&after=<cursor>", the cursor being one of the list that asked selects. */
static const char *with_cursor(const char *query, const char *asked)
{
    static char text[1000];
    const struct resource *resource = stubs.recipes->resource;
    const struct keyset end = {value_string(STR("Dal")), value_string(STR("x"))};
    struct buf cursor = BUF_INIT(CURSOR_TEXT_MAX);
    struct problem problem;
    struct query parsed;
    struct arena arena;

    arena_init(&arena, NULL, 0);
    problem_init(&problem, &arena);
    assert_int_equal(query_parse(&parsed, resource->params, resource->param_count, str_from(asked),
                                 &arena, &problem),
                     ERR_OK);
    cursor_encode(&end, list_asked(stubs.recipes, &parsed, &arena), &cursor);
    snprintf(text, sizeof text, "%s&after=%.*s", query, (int)cursor.len, cursor.ptr);
    buf_free(&cursor);
    arena_reset(&arena);
    return text;
}

static void test_a_cursor_leads_on_in_its_own_list(void **state)
{
    static const struct {
        const char *query, *asked, *text; /* NULL: it is looked up */
    } cases[] = {
        {"limit=5", "", NULL},
        {"category=soup&fields=title", "category=soup&limit=7", NULL},
        {"sort=-title", "sort=-title", NULL},
        {"", "sort=-title", "belongs to another filter or sort"},
        {"category=soup", "", "belongs to another filter or sort"},
        {"category=soup", "category=stew", "belongs to another filter or sort"},
        {"page=2", "", "{\"field\":\"page\",\"message\":\"cannot be combined with after\"}"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        get(with_cursor(cases[i].query, cases[i].asked));
        assert_calls(cases[i].text == NULL ? "get " : "");
        if (cases[i].text != NULL)
            assert_answer(&exchange, 400, cases[i].text);
        exchange_end(&exchange);
    }
}

static void test_what_is_no_cursor_is_refused(void **state)
{
    char *damaged;

    (void)state;
    get("after=abc");
    assert_over(&exchange, 400, "must be the next of an earlier page");
    damaged = (char *)(uintptr_t)with_cursor("limit=5", "");
    damaged[strlen(damaged) - 3] ^= 1;
    get(damaged);
    assert_over(&exchange, 400, "\"field\":\"after\"");
    assert_calls("");
}

/* --- The answer --- */

#define BODY(count, pages, next)                                                                   \
    "{\"success\":true,\"source\":\"cache\",\"count\":" count ",\"total\":95,\"page\":1,"          \
    "\"pages\":" pages ",\"limit\":10,\"next\":" next ",\"data\":[]}"

/* A hit, with this body. */
static void hit(const char *query, struct str body)
{
    struct cache_lookup *lookup;

    get(query);
    lookup = looked_up();
    lookup->entry = (struct entry){.status = 200, .plain = body};
    lookup->source = CACHE_MEMORY;
    lookup->done(lookup);
    assert_answer(&exchange, 200, "\"source\":\"cache\"");
}

static void test_links_lead_to_the_other_pages(void **state)
{
    static const struct {
        const char *query, *links;
    } cases[] = {
        {"", "</api/recipes?page=2>; rel=\"next\", </api/recipes>; rel=\"first\", "
             "</api/recipes?page=10>; rel=\"last\""},
        {"page=2&category=soup&fields=title",
         "</api/recipes?category=soup&fields=title&page=3>; rel=\"next\", "
         "</api/recipes?category=soup&fields=title>; rel=\"prev\", "
         "</api/recipes?category=soup&fields=title>; rel=\"first\", "
         "</api/recipes?category=soup&fields=title&page=10>; rel=\"last\""},
        {"page=10", "</api/recipes?page=9>; rel=\"prev\", </api/recipes>; rel=\"first\", "
                    "</api/recipes?page=10>; rel=\"last\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        hit(cases[i].query,
            i == 2 ? STR(BODY("5", "10", "null")) : STR(BODY("10", "10", "\"abc\"")));
        assert_str(exchange_field(&exchange, "X-Total-Count"), "95");
        assert_str(exchange_field(&exchange, "Link"), cases[i].links);
        exchange_end(&exchange);
    }
}

/* Where pages do not reach, and on a walk, the cursor leads on. */
static void test_cursors_lead_on(void **state)
{
    (void)state;
    hit("page=1000", STR(BODY("10", "2000", "\"abc\"")));
    assert_str(exchange_field(&exchange, "Link"),
               "</api/recipes?after=abc>; rel=\"next\", </api/recipes?page=999>; rel=\"prev\", "
               "</api/recipes>; rel=\"first\"");
    exchange_end(&exchange);
    hit(with_cursor("limit=5", ""), STR(BODY("5", "19", "\"abc\"")));
    assert_str(exchange_field(&exchange, "Link"), "</api/recipes?limit=5&after=abc>; rel=\"next\", "
                                                  "</api/recipes?limit=5>; rel=\"first\", "
                                                  "</api/recipes?limit=5&page=19>; rel=\"last\"");
    exchange_end(&exchange);
}

static void fail_with(const char *query, enum err err)
{
    get(query);
    looked_up()->err = err;
    looked_up()->done(looked_up());
}

static void test_errors_are_answered(void **state)
{
    (void)state;
    fail_with("", ERR_TIMEOUT);
    assert_over(&exchange, 503, "did not answer in time");
    fail_with("", ERR_TOO_LARGE);
    assert_over(&exchange, 400,
                "{\"field\":\"limit\",\"message\":\"gives a page of more than 4 MiB");
    fail_with("limit=1", ERR_TOO_LARGE);
    assert_over(&exchange, 413, "Recipe is too large to be shown");
}

/* --- A refill in the background --- */

static void test_a_detached_look_up_outlives_the_request(void **state)
{
    struct cache_lookup *lookup, *copy;
    char name[256];

    (void)state;
    get("category=soup&limit=5");
    lookup = looked_up();
    snprintf(name, sizeof name, "%.*s", (int)lookup->name.len, lookup->name.ptr);
    copy = lookup->detach(lookup);
    assert_ptr_equal(copy->class, &stubs.recipes->list_class);
    exchange_end(&exchange);
    assert_str(copy->name, name);
    assert_str(copy->tags[0], "recipes:soup");
    stubs.redis_down = true;
    stubs.lookups[0] = copy;
    stubs_miss(0);
    copy->detached_free(copy); /* the page has what it needs */
    REPLY();
    stubs_run();
    assert_string_equal(stubs.asked, "category=soup sort+title sort+_id skip 0 limit 5");
    assert_int_equal(stubs.fills[0].err, ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STUBS_TEST(test_equal_queries_are_one_entry),
        STUBS_TEST(test_other_queries_are_other_entries),
        STUBS_TEST(test_a_named_list_is_the_entry_of_its_filters),
        STUBS_TEST(test_a_list_of_one_partition_has_its_tag),
        STUBS_TEST(test_a_list_of_ones_own_is_the_readers),
        STUBS_TEST(test_pages_have_bounds),
        STUBS_TEST(test_ids_go_with_fields_only),
        STUBS_TEST(test_words_need_their_index),
        STUBS_TEST(test_a_cursor_leads_on_in_its_own_list),
        STUBS_TEST(test_what_is_no_cursor_is_refused),
        STUBS_TEST(test_links_lead_to_the_other_pages),
        STUBS_TEST(test_cursors_lead_on),
        STUBS_TEST(test_errors_are_answered),
        STUBS_TEST(test_a_detached_look_up_outlives_the_request),
    };

    return STUBS_RUN(tests);
}
