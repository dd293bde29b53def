/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/answer.h"
#include "app/read/counts.h"
#include "app/read/facets.h"
#include "app/read/filling.h"
#include "app/read/question.h"
#include "base/clock.h"
#include "base/gzip.h"
#include "base/json_writer.h"
#include "base/mem.h"

/* VALUES_MAX: bytes of the values of one field, all together. */
enum { VALUES_MAX = 32 << 20, ARENA_FIRST = 2048 };

/* One answer from MongoDB: a question for each field. */
struct counting {
    struct app *app;
    const struct plan *plan;
    struct cache_fill *fill;
    struct query query; /* its own copy, as is the owner: the work may outlast the request */
    struct value owner;
    struct condition conditions[QUERY_PARAMS_MAX + 1];
    size_t condition_count;
    struct fill_seal seal;
    struct mongo_job job;
    int64_t total;
    struct buf values, plain, gzip;
    char etag[ETAG_SIZE];
    struct arena arena;
    char first[ARENA_FIRST];
};

/* --- On a thread --- */

static enum err count_value(void *context, uint64_t group, struct str json, int64_t count)
{
    return counts_add(context, group, json, count);
}

static void put_values(struct buf *out, struct counts *counts, size_t limit)
{
    const struct counts_item *items;
    size_t count = counts_top(counts, limit, &items);

    buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        buf_str(out, i > 0 ? STR(",{\"value\":") : STR("{\"value\":"));
        buf_str(out, items[i].json);
        buf_literal(out, ",\"count\":");
        buf_int(out, items[i].count);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

/* ,"name":[…], and how many documents there are. */
static enum err ask_field(struct counting *counting, struct mongo_db *db, struct str name)
{
    const struct query *query = &counting->query;
    const struct query_param *param = &query->params[query_find(query->params, query->count, name)];
    struct counts *counts = counts_new(VALUES_MAX);
    const struct group group = {.collection = counting->plan->resource->collection,
                                .conditions = counting->conditions,
                                .condition_count = counting->condition_count,
                                .field = param->field,
                                .each = count_value,
                                .context = counts};
    enum err err = collection_group(db, &group, &counting->total);

    if (err == ERR_OK) {
        buf_str(&counting->values, counting->values.len > 0 ? STR(",") : STR(""));
        json_put_string(&counting->values, name);
        buf_char(&counting->values, ':');
        put_values(&counting->values, counts,
                   (size_t)query_value_of(query, PARAM_LIMIT)->value.integer);
        err = counting->values.err;
    }
    counts_free(counts);
    return err;
}

static enum err facets_fill_compose(struct counting *counting)
{
    struct buf *out = &counting->plain;
    struct str body;

    buf_literal(out, BODY_PREFIX ",\"total\":");
    buf_int(out, counting->total);
    buf_literal(out, ",\"facets\":{");
    buf_str(out, buf_view(&counting->values));
    buf_literal(out, "}}");
    if (out->err != ERR_OK)
        return out->err;
    if (out->len > GZIP_WORTH)
        (void)gzip_pack(buf_view(out), BODY_LEAD, STR(""), &counting->gzip);
    body = str_from_offset(buf_view(out), sizeof BODY_PREFIX - 1);
    (void)plan_list_etag(counting->plan, body, counting->etag);
    return ERR_OK;
}

static enum err facets_fill_ask(struct mongo_db *db, void *context)
{
    struct counting *counting = context;
    struct str names = query_value_of(&counting->query, PARAM_BY)->text, name;
    enum err err = ERR_OK;

    fill_seal_all(&counting->seal, &counting->fill, 1);
    while (err == ERR_OK && str_split(&names, ',', &name))
        err = ask_field(counting, db, name);
    return err == ERR_OK ? facets_fill_compose(counting) : err;
}

/* --- On the loop --- */

static void facets_fill_end(void *context, enum err err)
{
    struct counting *counting = context;
    struct entry entry = {.status = 200, .source_at = BODY_SOURCE_AT};

    fill_seal_end(&counting->seal);
    if (err == ERR_OK) {
        entry.empty = counting->total == 0;
        entry.plain = buf_view(&counting->plain);
        entry.gzip = buf_view(&counting->gzip);
        entry.etag = str_make(counting->etag, sizeof counting->etag);
    }
    cache_fill_done(counting->fill, err, &entry);
}

static void facets_fill_release(void *context)
{
    struct counting *counting = context;

    buf_free(&counting->values);
    buf_free(&counting->plain);
    buf_free(&counting->gzip);
    arena_reset(&counting->arena);
    free(counting);
}

void facets_fill(struct cache_lookup *lookup, struct cache_fill *fill)
{
    const struct facets_read *read = (const struct facets_read *)lookup;
    struct counting *counting = mem_zalloc(sizeof *counting);
    struct problem problem;

    counting->app = read->app;
    counting->plan = read->plan;
    counting->fill = fill;
    counting->owner = read->scope.owner;
    arena_init(&counting->arena, counting->first, sizeof counting->first);
    buf_init(&counting->values, RESPONSE_BODY_MAX - 256);
    buf_init(&counting->plain, RESPONSE_BODY_MAX);
    buf_init(&counting->gzip, RESPONSE_BODY_MAX);
    problem_init(&problem, &counting->arena);
    (void)query_parse(&counting->query, read->query.params, read->query.count,
                      query_text(&read->query, UINT64_MAX, &counting->arena), &counting->arena,
                      &problem);
    counting->condition_count = question_conditions(counting->plan, &counting->query,
                                                    &counting->owner, counting->conditions);
    counting->job = (struct mongo_job){.work = facets_fill_ask,
                                       .done = facets_fill_end,
                                       .release = facets_fill_release,
                                       .context = counting,
                                       .deadline_ms = clock_mono_ms() + READ_MS};
    mongo_submit_or_tell(counting->app->mongo, &counting->job);
}
