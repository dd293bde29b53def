/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/answer.h"
#include "app/cursor.h"
#include "app/list.h"
#include "app/note.h"
#include "app/question.h"
#include "base/clock.h"
#include "base/gzip.h"
#include "base/hash.h"
#include "base/mem.h"

enum { ARENA_FIRST = 4096, COUNT_MAX = 32, ETAG_BYTES = 16 };

/* One page from MongoDB: first how many there are in all, which all pages of a filter share, then
 * the page. */
struct page {
    struct app *app;
    const struct plan *plan;
    struct cache_fill *fill;
    struct query query; /* its own copy: the work may outlast the request */
    struct seal seal;
    struct arena arena;
    unsigned users; /* the fill and each job */
    int64_t deadline_ms, total;
    int64_t count_total; /* the count's job's own: it may outlast its deadline */
    bool counted, ended;

    struct cache_lookup count;
    struct cache_fill *count_fill;
    struct seal count_seal;
    struct mongo_job count_job, job;
    struct buf room; /* of the count's hit */

    struct question question;
    struct buf plain, gzip;
    char etag[3 + 2 * ETAG_BYTES + 1];
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

/* --- The body --- */

static void make_etag(struct page *page)
{
    unsigned char digest[SHA256_SIZE];

    sha256(str_from_offset(buf_view(&page->plain), sizeof BODY_PREFIX - 1), digest);
    memcpy(page->etag, "W/\"", 3);
    hex_encode(digest, ETAG_BYTES, page->etag + 3);
    page->etag[sizeof page->etag - 1] = '"';
}

static uint64_t pages_of(const struct page *page)
{
    uint64_t limit = value_of(page, PARAM_LIMIT)->integer;

    return ((uint64_t)page->total + limit - 1) / limit;
}

static void put_number(struct buf *out, const char *name, uint64_t number)
{
    buf_str(out, str_from(name));
    buf_uint(out, number);
}

static enum err compose(struct page *page, const struct find_result *result, struct str documents)
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
        put_number(out, ",\"page\":", value_of(page, PARAM_PAGE)->integer);
    put_number(out, ",\"pages\":", pages_of(page));
    put_number(out, ",\"limit\":", value_of(page, PARAM_LIMIT)->integer);
    buf_literal(out, ",\"next\":");
    if (next.len > 0)
        buf_json_string(out, buf_view(&next));
    else
        buf_literal(out, "null");
    buf_literal(out, ",\"data\":[");
    buf_str(out, documents);
    buf_literal(out, "]}");
    if (out->len > GZIP_WORTH && out->err == ERR_OK) {
        struct buf note = BUF_INIT(NOTE_MAX);
        note_put(&note, pages_of(page), buf_view(&next));
        (void)gzip_pack(buf_view(out), BODY_LEAD, buf_view(&note), &page->gzip);
        buf_free(&note);
    }
    buf_free(&next);
    return out->err;
}

/* --- The page, on a thread --- */

/* A page that is the last tells how many there are. */
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

static enum err ask_page(struct mongo_db *db, void *context)
{
    struct page *page = context;
    const struct find *find = &page->question.find;
    struct find_result result = {.arena = &page->arena};
    struct buf documents = BUF_INIT(RESPONSE_BODY_MAX - NOTE_MAX - 256);
    enum err err;

    seal_fills(&page->seal, &page->fill, 1);
    err = collection_find(db, find, &documents, &result);
    if (err == ERR_OK)
        err = settle_total(page, db, find, &result);
    if (err == ERR_OK)
        err = compose(page, &result, buf_view(&documents));
    if (err == ERR_OK)
        make_etag(page);
    buf_free(&documents);
    return err;
}

/* --- On the loop --- */

static void end(struct page *page, enum err err, const struct entry *entry)
{
    seal_end(&page->seal);
    cache_fill_done(page->fill, err, entry);
    page_release(page);
}

static void on_page(void *context, enum err err)
{
    struct page *page = context;
    struct entry entry = {.status = 200, .source_at = BODY_SOURCE_AT};

    if (err == ERR_OK) {
        entry.plain = buf_view(&page->plain);
        entry.gzip = buf_view(&page->gzip);
        entry.etag = str_make(page->etag, sizeof page->etag);
    }
    end(page, err, &entry);
}

static enum err submit(struct page *page, struct mongo_job *job,
                       enum err (*work)(struct mongo_db *, void *),
                       void (*told)(void *context, enum err err))
{
    enum err err;

    *job = (struct mongo_job){.work = work,
                              .done = told,
                              .release = page_release,
                              .context = page,
                              .deadline_ms = page->deadline_ms};
    page->users++;
    err = mongo_submit(page->app->mongo, job);
    if (err != ERR_OK)
        page->users--;
    return err;
}

static void start_page(struct page *page)
{
    enum err err = submit(page, &page->job, ask_page, on_page);

    if (err != ERR_OK)
        end(page, err, NULL);
}

/* --- The count, an entry of its own --- */

static enum err ask_count(struct mongo_db *db, void *context)
{
    struct page *page = context;
    const struct find *find = &page->question.find;

    seal_fills(&page->count_seal, &page->count_fill, 1);
    return collection_count(db, find->collection, find->conditions, find->condition_count, 0,
                            &page->count_total);
}

static void on_count(void *context, enum err err)
{
    struct page *page = context;
    struct buf text = BUF_INIT(COUNT_MAX);
    struct entry entry = {.status = 200};

    seal_end(&page->count_seal);
    if (err == ERR_OK) {
        buf_uint(&text, (uint64_t)page->count_total);
        entry.plain = buf_view(&text);
    }
    cache_fill_done(page->count_fill, err, &entry);
    buf_free(&text);
}

static void fill_count(struct cache_lookup *lookup, struct cache_fill *fill)
{
    struct page *page = lookup->context;
    enum err err;

    page->count_fill = fill;
    err = submit(page, &page->count_job, ask_count, on_count);
    if (err != ERR_OK)
        cache_fill_done(fill, err, NULL);
}

static void count_told(struct cache_lookup *lookup)
{
    struct page *page = lookup->context;
    int64_t total;

    if (lookup->err != ERR_OK) {
        end(page, lookup->err, NULL);
        return;
    }
    if (str_int(lookup->entry.plain, 0, INT64_MAX, &total) == ERR_OK) {
        page->total = total;
        page->counted = true;
    }
    start_page(page);
}

static void look_up_count(struct page *page, const struct cache_lookup *list)
{
    static const struct cache_class class = {.ttl_ms = 300000, .error_ms = 3600000};
    struct str filter = query_text(&page->query, page->plan->filters, &page->arena);
    struct str name = page->plan->resource->name;
    size_t len = sizeof "count:" - 1 + name.len + 1 + filter.len;
    char *text = arena_alloc(&page->arena, len), *at = text;

    memcpy(at, "count:", sizeof "count:" - 1);
    at += sizeof "count:" - 1;
    memcpy(at, name.ptr, name.len);
    at += name.len;
    *at++ = ':';
    memcpy(at, filter.ptr, filter.len);
    page->count = (struct cache_lookup){.name = str_make(text, len),
                                        .tags = {arena_str(&page->arena, list->tags[0])},
                                        .tag_count = 1,
                                        .class = &class,
                                        .room = &page->room,
                                        .fill = fill_count,
                                        .done = count_told,
                                        .context = page};
    cache_get(page->app->cache, &page->count);
}

void list_fill(struct cache_lookup *lookup, struct cache_fill *fill)
{
    const struct list_read *read = (const struct list_read *)lookup;
    struct page *page = mem_zalloc(sizeof *page);
    struct problem problem;

    page->app = read->app;
    page->plan = read->plan;
    page->fill = fill;
    page->users = 1;
    page->deadline_ms = clock_mono_ms() + READ_MS;
    arena_init(&page->arena, page->first, sizeof page->first);
    buf_init(&page->room, ENTRY_SIZE_MAX);
    buf_init(&page->plain, RESPONSE_BODY_MAX);
    buf_init(&page->gzip, RESPONSE_BODY_MAX);
    problem_init(&problem, &page->arena);
    (void)query_parse(&page->query, read->query.params, read->query.count,
                      query_text(&read->query, read->plan->all, &page->arena), &page->arena,
                      &problem);
    question_init(&page->question, page->plan, &page->query, &page->arena);
    if (!redis_ready(page->app->redis)) {
        start_page(page); /* which counts by itself: nothing could be kept */
        return;
    }
    /* What the count's entry was asked before is part of this answer. */
    seal_fills(&page->seal, &page->fill, 1);
    look_up_count(page, lookup);
}
