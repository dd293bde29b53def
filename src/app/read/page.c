/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/answer.h"
#include "app/layout.h"
#include "app/read/cursor.h"
#include "app/read/filling.h"
#include "app/read/list.h"
#include "app/read/note.h"
#include "app/read/question.h"
#include "base/clock.h"
#include "base/gzip.h"
#include "base/json_writer.h"
#include "base/mem.h"
#include "http/conditional.h"

enum { ARENA_FIRST = 4096, COUNT_MAX = 32 };

/* One page from MongoDB.  How many documents there are in all is an entry of its own, which all
 * pages of a filter share: it is looked up first, and where it is not there one job gives both. */
struct page {
    struct app *app;
    const struct plan *plan;
    struct cache_fill *fills[2]; /* the page's, and the count's if this is the one to fill it */
    size_t fill_count;
    struct query
        query; /* its own copy, as are owner and reader: the work may outlast the request */
    struct value owner;
    bool collated; /* documents of other partitions are equal to the server */
    struct str reader;
    struct fill_seal seal;
    struct arena arena;
    unsigned users; /* the fill and the job */
    int64_t total;
    bool counted; /* total is from the count's entry */

    struct cache_lookup count;
    struct mongo_job job;
    struct buf room; /* of the count's hit */

    struct question question;
    struct buf plain, gzip;
    char etag[ETAG_SIZE];
    char first[ARENA_FIRST];
};

static void page_release(void *context)
{
    struct page *page = context;

    if (--page->users > 0)
        return;
    buf_free(&page->room);
    buf_free(&page->plain);
    buf_free(&page->gzip);
    arena_reset(&page->arena);
    free(page);
}

static const struct query_value *value_of(const struct page *page, enum param_op op)
{
    return &page->query.values[page->plan->at[op]];
}

static uint64_t number_of(const struct page *page, enum param_op op)
{
    return (uint64_t)value_of(page, op)->value.integer;
}

/* --- The body --- */

/* The same from cache and database. */
static void make_etag(struct page *page)
{
    struct str body = str_from_offset(buf_view(&page->plain), sizeof BODY_PREFIX - 1);

    (void)plan_list_etag(page->plan, body, page->etag);
}

static uint64_t pages_of(const struct page *page)
{
    uint64_t limit = number_of(page, PARAM_LIMIT);

    return ((uint64_t)page->total + limit - 1) / limit;
}

static void put_number(struct buf *out, const char *name, uint64_t number)
{
    buf_str(out, str_from(name));
    buf_uint(out, number);
}

static enum err page_compose(struct page *page, const struct find_result *result,
                             struct str documents)
{
    struct buf *out = &page->plain;
    struct buf next = BUF_INIT(NOTE_MAX);

    if (result->more)
        cursor_encode(&result->last, list_asked(page->plan, &page->query, &page->arena), &next);
    buf_literal(out, BODY_PREFIX);
    put_number(out, ",\"count\":", result->count);
    put_number(out, ",\"total\":", (uint64_t)page->total);
    if (value_of(page, PARAM_AFTER)->given)
        buf_literal(out, ",\"page\":null");
    else
        put_number(out, ",\"page\":", number_of(page, PARAM_PAGE));
    put_number(out, ",\"pages\":", pages_of(page));
    put_number(out, ",\"limit\":", number_of(page, PARAM_LIMIT));
    buf_literal(out, ",\"next\":");
    if (next.len > 0)
        json_put_string(out, buf_view(&next));
    else
        buf_literal(out, "null");
    buf_literal(out, ",\"data\":[");
    buf_str(out, documents);
    buf_literal(out, "]}");
    if (out->len > GZIP_WORTH && out->err == ERR_OK) {
        struct buf comment = BUF_INIT(NOTE_MAX);
        const struct note note = {pages_of(page), buf_view(&next),
                                  arena_decimal(&page->arena, (uint64_t)page->total)};
        note_put(&comment, &note);
        (void)gzip_pack(buf_view(out), BODY_LEAD, buf_view(&comment), &page->gzip);
        buf_free(&comment);
    }
    buf_free(&next);
    return out->err;
}

/* --- The page, on a thread --- */

/* The last page shows how many there are. */
static enum err settle_total(struct page *page, struct mongo_db *db, const struct find *find,
                             const struct find_result *result)
{
    int64_t seen = (int64_t)find->skip + (int64_t)result->count;
    bool walking = find->after != NULL;

    if (!walking && !result->more && (result->count > 0 || find->skip == 0)) {
        page->total = seen;
        return ERR_OK;
    }
    if (!page->counted) {
        enum err err = collection_count(db, find->collection, find->conditions,
                                        find->condition_count, 0, &page->total);
        if (err != ERR_OK)
            return err;
    }
    seen += result->more;
    if (result->count > 0 && page->total < seen)
        page->total = seen;
    return ERR_OK;
}

/* The value that the list is filtered by, where it is a partition's and text: the one that a
 * collation may take for equal to others. */
static const struct value *wanted_partition(const struct page *page)
{
    const struct resource *resource = page->plan->resource;
    size_t i = resource->partition_param;

    return i < page->query.count && page->query.values[i].given &&
                   page->query.values[i].value.type == VALUE_STRING
               ? &page->query.values[i].value
               : NULL;
}

static bool is_of_another_partition(const struct page *page, const struct find_result *result)
{
    const struct value *wanted = wanted_partition(page);

    for (size_t i = 0; wanted != NULL && i < result->count; i++) {
        const struct value *found = &result->items[i].owner;
        if (found->type == VALUE_STRING && !str_eq(found->string, wanted->string))
            return true;
    }
    return false;
}

/* Room for the partition of each document. */
static void look_at_partitions(struct page *page, struct find_result *result)
{
    struct find *find = &page->question.find;

    if (wanted_partition(page) == NULL)
        return;
    find->owner = page->plan->resource->partition;
    result->items = arena_alloc(&page->arena, (find->limit + 1) * sizeof *result->items);
}

static enum err ask_page(struct mongo_db *db, void *context)
{
    struct page *page = context;
    const struct find *find = &page->question.find;
    struct find_result result = {.arena = &page->arena};
    struct buf documents = BUF_INIT(RESPONSE_BODY_MAX - NOTE_MAX - 256);
    enum err err;

    fill_seal_all(&page->seal, page->fills, page->fill_count);
    look_at_partitions(page, &result);
    err = collection_find(db, find, &documents, &result);
    page->collated = err == ERR_OK && is_of_another_partition(page, &result);
    if (err == ERR_OK)
        err = settle_total(page, db, find, &result);
    if (err == ERR_OK)
        err = page_compose(page, &result, buf_view(&documents));
    if (err == ERR_OK)
        make_etag(page);
    buf_free(&documents);
    return err;
}

/* --- On the loop --- */

static void end_count(struct page *page, enum err err)
{
    struct buf text = BUF_INIT(COUNT_MAX);
    struct entry entry = {.status = 200, .passing = page->collated};

    if (err == ERR_OK) {
        entry.empty = page->total == 0;
        buf_uint(&text, (uint64_t)page->total);
        entry.plain = buf_view(&text);
    }
    cache_fill_done(page->fills[1], err, &entry);
    buf_free(&text);
}

static void page_end(void *context, enum err err)
{
    struct page *page = context;
    struct entry entry = {.status = 200, .source_at = BODY_SOURCE_AT, .passing = page->collated};

    fill_seal_end(&page->seal);
    if (page->collated)
        layouts_distrust(page->app->layouts, page->plan->resource);
    if (err == ERR_OK) {
        entry.empty = page->total == 0;
        entry.plain = buf_view(&page->plain);
        entry.gzip = buf_view(&page->gzip);
        entry.plain_from = &page->plain;
        entry.gzip_from = &page->gzip;
        entry.etag = str_make(page->etag, sizeof page->etag);
    }
    if (page->fill_count == 2)
        end_count(page, err);
    cache_fill_done(page->fills[0], err, &entry);
    page_release(page);
}

static void page_start(struct page *page)
{
    page->job = (struct mongo_job){.work = ask_page,
                                   .done = page_end,
                                   .release = page_release,
                                   .context = page,
                                   .deadline_ms = clock_mono_ms() + READ_MS};
    page->users++;
    mongo_submit_or_tell(page->app->mongo, &page->job);
}

/* --- The count --- */

static void fill_count(struct cache_lookup *lookup, struct cache_fill *fill)
{
    struct page *page = lookup->context;

    page->fills[page->fill_count++] = fill;
    page_start(page);
}

static void count_told(struct cache_lookup *lookup)
{
    struct page *page = lookup->context;

    if (page->fill_count == 2)
        return; /* by this page itself */
    page->counted =
        lookup->err == ERR_OK && str_int(lookup->entry.plain, 0, INT64_MAX, &page->total) == ERR_OK;
    if (lookup->err == ERR_OK)
        page_start(page);
    else
        page_end(page, lookup->err);
}

static void look_up_count(struct page *page, const struct cache_lookup *list)
{
    struct str filter = query_text(&page->query, page->plan->filters, &page->arena);
    struct str name = plan_total_name(page->plan, filter, &page->arena);

    page->count = (struct cache_lookup){.name = ARENA_JOIN(&page->arena, name, page->reader),
                                        .tag_count = list->tag_count,
                                        .class = &page->plan->total_class,
                                        .room = &page->room,
                                        .fill = fill_count,
                                        .done = count_told,
                                        .context = page};
    for (size_t i = 0; i < list->tag_count; i++)
        page->count.tags[i] = arena_str(&page->arena, list->tags[i]);
    cache_get(page->app->cache, &page->count);
}

void list_fill(struct cache_lookup *lookup, struct cache_fill *fill)
{
    const struct list_read *read = (const struct list_read *)lookup;
    struct page *page = mem_zalloc(sizeof *page);
    struct problem problem;

    page->app = read->app;
    page->plan = read->plan;
    page->owner = read->scope.owner;
    page->fills[page->fill_count++] = fill;
    page->users = 1;
    arena_init(&page->arena, page->first, sizeof page->first);
    page->reader = arena_str(&page->arena, read->scope.reader);
    buf_init(&page->room, ENTRY_SIZE_MAX);
    buf_init(&page->plain, RESPONSE_BODY_MAX);
    buf_init(&page->gzip, RESPONSE_BODY_MAX);
    problem_init(&problem, &page->arena);
    (void)query_parse(&page->query, read->query.params, read->query.count,
                      query_text(&read->query, read->plan->all, &page->arena), &page->arena,
                      &problem);
    question_init(&page->question, page->plan, &page->query, &page->owner, &page->arena);
    if (!redis_ready(page->app->redis)) {
        page_start(page); /* which counts by itself: nothing could be kept */
        return;
    }
    /* What the count's entry was asked before is part of this answer. */
    cache_fill_seal(fill);
    look_up_count(page, lookup);
}
