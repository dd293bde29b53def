/* SPDX-License-Identifier: BSD-2-Clause */
#include "stubs.h"

#include "../schema/files.h"
#include "app/layout.h"
#include "app/read/item.h"
#include "app/views.h"
#include "app/write/once.h"
#include "app/write/repeat.h"
#include "base/log.h"

struct stubs stubs;

/* --- The app --- */

static const char recipes_file[] =
    "{\"name\": \"recipes\", \"singular\": \"recipe\", \"schema\": {\"type\": \"object\", "
    "\"required\": [\"title\"], \"additionalProperties\": false, \"properties\": {"
    "\"title\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 40}, "
    "\"category\": {\"type\": \"string\"}, \"notes\": {\"type\": \"array\", \"items\": {\"type\": "
    "\"string\"}}, \"minutes\": {\"type\": \"integer\", \"minimum\": 1}}}, "
    "\"filters\": {\"category\": \"category\", \"maxMinutes\": {\"lte\": \"minutes\"}}, "
    "\"search\": [\"title\"], \"sorts\": [\"title\", \"-title\"], "
    "\"lists\": {\"soups\": {\"description\": \"Soups\", \"where\": {\"category\": \"soup\"}}}, "
    "\"page\": {\"default\": 10, \"max\": 50}, "
    "\"indexes\": [{\"keys\": \"title\", \"unique\": true}], "
    "\"cache\": {\"item\": 600, \"list\": 300, \"partition\": \"category\"}, \"views\": true}";
static const char diaries_file[] =
    "{\"name\": \"diaries\", \"singular\": \"diary\", \"schema\": {\"type\": \"object\", "
    "\"properties\": {\"title\": {\"type\": \"string\"}}}, \"sorts\": [\"title\"], "
    "\"access\": {\"read\": \"owner\", \"write\": \"owner\"}}";

static const struct plan *stubs_plan(const char *name)
{
    const struct resource *resource = schema_find(stubs.schema, str_from(name));

    plan_init(&stubs.app.plans[resource->index], resource, &stubs.app.arena);
    return &stubs.app.plans[resource->index];
}

int stubs_open(void **state)
{
    struct app *app = &stubs.app;

    log_setup(LOG_OFF, LOG_TEXT);
    if (files_setup(state) != 0)
        return -1;
    files_write("diaries.json", diaries_file);
    stubs.schema = files_good(recipes_file);
    files_remove("diaries.json");
    uv_loop_init(&stubs.loop);
    arena_init(&app->arena, NULL, 0);
    app->loop = &stubs.loop;
    app->config.prefix = STR("larder");
    app->schema = stubs.schema;
    app->plan_count = schema_count(stubs.schema);
    app->plans = calloc(app->plan_count, sizeof *app->plans);
    stubs.recipes = stubs_plan("recipes");
    stubs.diaries = stubs_plan("diaries");
    app->items = items_new(app);
    return 0;
}

static void stubs_on_stopped(void *context)
{
    (void)context;
}

int stubs_close(void **state)
{
    items_stop(stubs.app.items, stubs_on_stopped, NULL);
    uv_run(&stubs.loop, UV_RUN_DEFAULT);
    items_free(stubs.app.items);
    arena_reset(&stubs.app.arena);
    free(stubs.app.plans);
    schema_free(stubs.schema);
    return uv_loop_close(&stubs.loop) == 0 ? files_teardown(state) : -1;
}

int stubs_setup(void **state)
{
    (void)state;
    stubs.calls[0] = stubs.asked[0] = '\0';
    stubs.job_count = stubs.reply_count = stubs.replied = 0;
    stubs.lookup_count = stubs.fill_count = 0;
    stubs.write = NULL;
    stubs.repeat = NULL;
    stubs.outcome = ERR_OK;
    stubs.now_ms = 1000000;
    stubs.words = WORDS_THERE;
    stubs.late = stubs.mongo_down = stubs.redis_down = stubs.disagree = stubs.keyed = false;
    return 0;
}

int stubs_teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < stubs.fill_count; i++) {
        buf_free(&stubs.fills[i].plain);
        buf_free(&stubs.fills[i].gzip);
        buf_free(&stubs.fills[i].etag);
    }
    return stubs.job_count == 0 && stubs.write == NULL && stubs.replied == stubs.reply_count ? 0
                                                                                             : -1;
}

/* --- What is noted --- */

void stubs_note(const char *call)
{
    size_t len = strlen(stubs.calls);

    snprintf(stubs.calls + len, sizeof stubs.calls - len, "%s ", call);
}

void assert_calls(const char *expected)
{
    assert_string_equal(stubs.calls, expected);
    stubs.calls[0] = '\0';
}

void assert_tags(const struct str *tags, size_t count, const char *expected)
{
    struct buf text = BUF_INIT(1000);

    for (size_t i = 0; i < count; i++) {
        buf_str(&text, tags[i]);
        buf_char(&text, ' ');
    }
    assert_str(buf_view(&text), expected);
    buf_free(&text);
}

/* --- The cache --- */

WRAP(void, cache_get, struct cache *cache, struct cache_lookup *lookup)
{
    (void)cache;
    stubs_note("get");
    assert_true(stubs.lookup_count < STUBS_MAX);
    stubs.lookups[stubs.lookup_count++] = lookup;
}

WRAP(void, cache_fill_seal, struct cache_fill *fill)
{
    assert_false(fill->done);
    fill->sealed = true;
}

static void tell(struct cache_lookup *lookup, const struct cache_fill *fill)
{
    assert_true(fill->done);
    lookup->err = fill->err;
    lookup->entry = fill->entry;
    lookup->source = CACHE_DATABASE;
    lookup->detail = CACHE_DETAIL_STORED;
    lookup->done(lookup);
}

WRAP(void, cache_fill_done, struct cache_fill *fill, enum err err, const struct entry *entry)
{
    assert_false(fill->done);
    fill->done = true;
    fill->err = err;
    if (err == ERR_OK) {
        fill->entry = *entry;
        buf_str(&fill->plain, entry->plain);
        buf_str(&fill->gzip, entry->gzip);
        buf_str(&fill->etag, entry->etag);
        fill->entry.plain = buf_view(&fill->plain);
        fill->entry.gzip = buf_view(&fill->gzip);
        fill->entry.etag = buf_view(&fill->etag);
        fill->entry.plain_from = fill->entry.gzip_from = NULL; /* as for who has waited */
    }
    if (fill->waiter != NULL)
        tell(fill->waiter, fill);
}

WRAP(void, cache_write_begin, struct cache *cache, struct cache_write *write)
{
    (void)cache;
    stubs_note("fence");
    assert_null(stubs.write);
    stubs.write = write;
}

WRAP(void, cache_write_end, struct cache_write *write, enum err outcome)
{
    stubs_note("release");
    assert_ptr_equal(stubs.write, write);
    stubs.outcome = outcome;
}

WRAP(void, cache_written_begin, struct cache *cache, struct cache_written *written)
{
    (void)cache;
    written->entry = (struct entry){.tag_count = stubs.in_memory ? 2 : 0};
}

WRAP(bool, cache_write_in_time, const struct cache_write *write)
{
    assert_ptr_equal(stubs.write, write);
    return !stubs.late;
}

WRAP(bool, redis_ready, const struct redis *redis)
{
    (void)redis;
    return !stubs.redis_down;
}

WRAP(int64_t, clock_mono_ms, void)
{
    return stubs.now_ms;
}

struct cache_fill *stubs_miss(size_t lookup)
{
    struct cache_fill *fill = &stubs.fills[stubs.fill_count++];

    *fill = (struct cache_fill){.plain = BUF_INIT(RESPONSE_BODY_MAX),
                                .gzip = BUF_INIT(RESPONSE_BODY_MAX),
                                .etag = BUF_INIT(ETAG_SIZE)};
    assert_true(lookup < stubs.lookup_count);
    stubs.lookups[lookup]->fill(stubs.lookups[lookup], fill);
    return fill;
}

void stubs_filled(size_t lookup, const struct cache_fill *fill)
{
    tell(stubs.lookups[lookup], fill);
}

void stubs_fenced(enum err err)
{
    struct cache_write *write = stubs.write;

    assert_non_null(write);
    if (err != ERR_OK)
        stubs.write = NULL;
    write->ready(write, err);
}

void stubs_released(enum err err)
{
    struct cache_write *write = stubs.write;

    assert_non_null(write);
    stubs.write = NULL;
    write->err = err;
    write->done(write);
}

static bool is_releasing(void)
{
    static const char release[] = "release ";
    size_t len = strlen(stubs.calls);

    return len >= sizeof release - 1 &&
           strcmp(stubs.calls + len - (sizeof release - 1), release) == 0;
}

void stubs_run(void)
{
    while (stubs.job_count > 0 || stubs.write != NULL) {
        if (stubs.job_count > 0)
            stubs_work();
        else if (is_releasing())
            stubs_released(ERR_OK);
        else
            stubs_fenced(ERR_OK);
    }
}

/* --- Other files of the app --- */

WRAP(bool, layouts_agree, const struct layouts *layouts, const struct resource *resource)
{
    (void)layouts, (void)resource;
    return !stubs.disagree;
}

WRAP(void, layouts_distrust, struct layouts *layouts, const struct resource *resource)
{
    (void)layouts, (void)resource;
    stubs_note("distrust");
}

WRAP(enum words_state, indexes_words, const struct indexes *indexes,
     const struct resource *resource)
{
    (void)indexes, (void)resource;
    return stubs.words;
}

WRAP(void, views_count, struct views *views, const struct plan *plan, struct str id)
{
    (void)views, (void)plan, (void)id;
    stubs_note("view");
}

WRAP(void, views_forget, struct views *views, const struct plan *plan, struct str id)
{
    (void)views, (void)plan, (void)id;
    stubs_note("forget-views");
}

WRAP(void, repeat_mark, struct app *app, struct request *request)
{
    (void)app, (void)request;
    stubs_note("mark");
}

WRAP(void, repeat_ask, struct repeat *repeat, struct app *app, struct request *request)
{
    (void)app, (void)request;
    stubs_note("ask-repeat");
    stubs.repeat = repeat;
}

void stubs_repeated(bool repeated)
{
    assert_non_null(stubs.repeat);
    stubs.repeat->done(stubs.repeat->context, repeated);
}

/* 000…, 010…, 020… */
WRAP(bool, once_id, const struct request *request, size_t i, struct oid *id)
{
    (void)request;
    *id = (struct oid){{(unsigned char)i}};
    return stubs.keyed;
}
