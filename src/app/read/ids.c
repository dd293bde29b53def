/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/people/auth.h"
#include "app/read/item.h"
#include "app/read/project.h"
#include "app/state.h"
#include "http/conditional.h"

enum { ONE_ROOM = ENTRY_SIZE_MAX };

/* Items by their ids, each an entry of its own, in the order asked; those that there are not are
 * left out. */
struct one {
    struct item_read read; /* first: a look-up is the one it is for */
    struct several *all;
    struct buf room;
    struct str json; /* a copy, or empty */
};
struct several {
    struct request *request;
    const struct plan *plan;
    bool part; /* only what the shape shows */
    struct shape shape;
    size_t count, waiting;
    enum err err;
    enum cache_source source; /* the farthest, with its detail */
    enum cache_detail detail;
    int64_t fresh_until_ms; /* of the first to run out */
    struct one ones[];
};

static void put_head(struct buf *out, const struct several *all, size_t found)
{
    buf_str(out, all->source == CACHE_DATABASE ? STR(BODY_PREFIX_DATABASE) : STR(BODY_PREFIX));
    buf_literal(out, ",\"count\":");
    buf_uint(out, found);
    buf_literal(out, ",\"total\":");
    buf_uint(out, found);
    buf_literal(out, ",\"page\":1,\"pages\":1,\"limit\":");
    buf_uint(out, all->count);
    buf_literal(out, ",\"next\":null,\"data\":[");
}

static size_t count_found(const struct several *all)
{
    size_t found = 0;

    for (size_t i = 0; i < all->count; i++)
        found += all->ones[i].json.len > 0;
    return found;
}

static void put_body(struct buf *out, const struct several *all)
{
    size_t found = 0;

    put_head(out, all, count_found(all));
    for (size_t i = 0; i < all->count; i++) {
        if (all->ones[i].json.len == 0)
            continue;
        if (found++ > 0)
            buf_char(out, ',');
        if (all->part)
            project_json(all->ones[i].json, &all->shape, out);
        else
            buf_str(out, all->ones[i].json);
    }
    buf_literal(out, "]}");
}

static void finish(struct several *all)
{
    struct request *request = all->request;
    struct response *response = &request->response;
    struct problem problem;
    struct str body, etag;
    char room[ETAG_SIZE];

    if (all->err == ERR_TOO_LARGE) {
        item_send_too_large(all->plan, request);
        return;
    }
    if (all->err != ERR_OK) {
        problem_send_err(request, database_err(all->err));
        return;
    }
    buf_reset(&response->body);
    put_body(&response->body, all);
    if (response->body.err != ERR_OK) {
        problem_init(&problem, &request->arena);
        problem_add(&problem, STR("ids"), STR("give more than 4 MiB: ask for fewer"));
        problem_send_invalid(request, &problem);
        return;
    }
    body = buf_view(&response->body);
    response_header(response, STR("X-Total-Count"),
                    arena_decimal(&request->arena, count_found(all)));
    etag = plan_list_etag(all->plan, str_from_offset(body, str_find(body, '[')), room);
    answer_cache_status(response, all->source, all->detail, 200,
                        all->fresh_until_ms - request->arrived_ms);
    answer_tagged(request, etag);
}

static void done(struct cache_lookup *lookup)
{
    struct one *one = (struct one *)lookup;
    struct several *all = one->all;

    if (lookup->err != ERR_OK)
        all->err = lookup->err;
    else if (lookup->entry.status == 200)
        one->json = arena_str(&all->request->arena, item_json(lookup->entry.plain));
    if (lookup->err == ERR_OK) {
        if (lookup->source >= all->source) {
            all->source = lookup->source;
            all->detail = lookup->detail;
        }
        if (lookup->entry.fresh_until_ms < all->fresh_until_ms)
            all->fresh_until_ms = lookup->entry.fresh_until_ms;
    }
    buf_free(&one->room);
    if (--all->waiting == 0)
        finish(all);
}

static void one_init(struct one *one, struct several *all, struct app *app, struct str id)
{
    struct request *request = all->request;
    const struct visit *visit = request->state;
    struct cache_lookup *lookup = &one->read.lookup;

    item_read_init(&one->read, app, all->plan, id);
    buf_init(&one->room, ONE_ROOM);
    one->all = all;
    one->json = STR("");
    if (visit != NULL) {
        item_read_by(&one->read, request, visit->route);
        lookup->context = request;
        answer_prepare(lookup, request);
        lookup->want_gzip = lookup->head_only = false;
    } else {
        answer_depends(request, lookup);
    }
    lookup->room = &one->room;
    lookup->done = done;
}

static size_t count_ids(struct str ids)
{
    size_t count = 1;

    for (size_t i = 0; i < ids.len; i++)
        count += ids.ptr[i] == ',';
    return count;
}

void ids_handle(struct app *app, const struct plan *plan, struct request *request,
                const struct query *query)
{
    struct str ids = query->values[plan->at[PARAM_IDS]].text, id;
    size_t count = count_ids(ids), fields = plan->at[PARAM_FIELDS];
    struct several *all = arena_alloc(&request->arena, sizeof *all + count * sizeof all->ones[0]);

    *all = (struct several){.request = request,
                            .plan = plan,
                            .part = fields < query->count && query->values[fields].given,
                            .shape = project_shape(plan, query, &request->arena),
                            .count = count,
                            .waiting = count + 1, /* one for this function */
                            .source = CACHE_MEMORY,
                            .fresh_until_ms = INT64_MAX};
    for (size_t i = 0; i < count && str_split(&ids, ',', &id); i++)
        one_init(&all->ones[i], all, app, id);
    for (size_t i = 0; i < count; i++)
        cache_get(app->cache, &all->ones[i].read.lookup);
    if (--all->waiting == 0)
        finish(all);
}
