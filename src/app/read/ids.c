/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/ids.h"
#include "app/answer.h"
#include "app/app_state.h"
#include "app/depends.h"
#include "app/handlers.h"
#include "app/people/auth.h"
#include "app/read/item.h"
#include "app/read/project.h"
#include "http/conditional.h"

enum { ONE_ROOM = ENTRY_SIZE_MAX, ROUND_MAX = 100 };

/* Items by their ids, each an entry of its own, in the order asked; those that there are not are
 * left out. */
struct one {
    struct item_read read; /* first: a look-up is the one it is for */
    struct several *all;
    struct buf room;
    size_t at; /* of the ids */
};
struct several {
    struct app *app;
    struct request *request;
    const struct plan *plan;
    struct ids ids;
    bool part; /* only what the shape shows */
    struct shape shape;
    size_t asked, found, waiting;
    struct str *jsons; /* one for each id: a copy, or empty */
    struct str *etags; /* the same of its entity tag */
    enum err err;
    struct str large;         /* the id of one that is too large */
    enum cache_source source; /* the farthest, with its detail */
    enum cache_detail detail;
    int64_t fresh_until_ms; /* of the first to run out */
};

static void ids_put_head(struct buf *out, const struct several *all, size_t found)
{
    buf_str(out, all->source == CACHE_DATABASE ? STR(BODY_PREFIX_DATABASE) : STR(BODY_PREFIX));
    buf_literal(out, ",\"count\":");
    buf_uint(out, found);
    buf_literal(out, ",\"total\":");
    buf_uint(out, found);
    buf_literal(out, ",\"page\":1,\"pages\":1,\"limit\":");
    buf_uint(out, all->ids.most);
    buf_literal(out, ",\"next\":null,\"data\":[");
}

static size_t count_found(const struct several *all)
{
    return all->found < all->ids.most ? all->found : all->ids.most;
}

static void put_body(struct buf *out, const struct several *all)
{
    size_t most = count_found(all), put = 0;

    ids_put_head(out, all, most);
    for (size_t i = 0; put < most; i++) {
        if (all->jsons[i].len == 0)
            continue;
        if (put++ > 0)
            buf_char(out, ',');
        if (all->part)
            project_json(all->jsons[i], &all->shape, out);
        else
            buf_str(out, all->jsons[i]);
    }
    buf_literal(out, "]}");
}

/* Of the items' own tags: hashing megabytes would hold the loop. */
static struct str ids_etag(const struct several *all, char room[static ETAG_SIZE])
{
    size_t most = count_found(all), put = 0;
    struct buf text = BUF_INIT(most * ETAG_SIZE);
    struct str etag;

    for (size_t i = 0; put < most; i++) {
        if (all->jsons[i].len == 0)
            continue;
        buf_str(&text, all->etags[i]);
        put++;
    }
    etag = plan_list_etag(all->plan, buf_view(&text), room);
    buf_free(&text);
    return etag;
}

static void ids_finish(struct several *all)
{
    struct request *request = all->request;
    struct response *response = &request->response;
    struct problem problem;
    char room[ETAG_SIZE];

    if (all->err == ERR_TOO_LARGE) {
        item_send_too_large(all->plan, request, STR("ids"), all->large);
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
    response_header(response, STR("X-Total-Count"),
                    arena_decimal(&request->arena, count_found(all)));
    answer_cache_status(response, all->source, all->detail, 200,
                        all->fresh_until_ms - request->arrived_ms);
    answer_tagged(request, ids_etag(all, room));
}

static void ask_more(struct several *all);

static void round_end(struct several *all)
{
    if (all->err == ERR_OK && all->found < all->ids.most && all->asked < all->ids.count)
        ask_more(all);
    else
        ids_finish(all);
}

static void ids_done(struct cache_lookup *lookup)
{
    struct one *one = (struct one *)lookup;
    struct several *all = one->all;

    if (lookup->err == ERR_TOO_LARGE && all->ids.absent != NULL) {
        /* nobody has asked for this one */
    } else if (lookup->err != ERR_OK) {
        all->err = lookup->err;
        all->large = one->read.id;
    } else if (lookup->entry.status == 200) {
        all->jsons[one->at] = arena_str(&all->request->arena, item_json(lookup->entry.plain));
        all->etags[one->at] = arena_str(&all->request->arena, lookup->entry.etag);
        all->found++;
    } else if (all->ids.absent != NULL) {
        all->ids.absent(all->app, all->plan, one->read.id);
    }
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
        round_end(all);
}

static void one_init(struct one *one, struct several *all, size_t at)
{
    struct request *request = all->request;
    const struct visit *visit = request->state;
    struct cache_lookup *lookup = &one->read.lookup;

    item_read_init(&one->read, all->app, all->plan, all->ids.items[at]);
    buf_init(&one->room, ONE_ROOM);
    one->all = all;
    one->at = at;
    if (visit != NULL) {
        item_read_by(&one->read, request, visit->route);
        lookup->context = request;
        answer_prepare(lookup, request);
        lookup->want_gzip = lookup->head_only = false;
    } else {
        depends_on(request, lookup);
    }
    lookup->room = &one->room;
    lookup->done = ids_done;
}

/* As many as are wanted; where some of those were absent, ROUND_MAX at once. */
static void ask_more(struct several *all)
{
    size_t first = all->asked, left = all->ids.count - first;
    size_t most = first == 0 ? all->ids.most : ROUND_MAX, count = left < most ? left : most;
    struct one *ones = arena_alloc(&all->request->arena, count * sizeof *ones);

    all->asked += count;
    all->waiting = count + 1; /* one for this function */
    for (size_t i = 0; i < count; i++)
        one_init(&ones[i], all, first + i);
    for (size_t i = 0; i < count; i++)
        cache_get(all->app->cache, &ones[i].read.lookup);
    if (--all->waiting == 0)
        round_end(all);
}

static struct several *several_new(struct app *app, const struct plan *plan,
                                   struct request *request, const struct ids *ids)
{
    struct several *all = arena_alloc(&request->arena, sizeof *all);

    *all = (struct several){.app = app,
                            .request = request,
                            .plan = plan,
                            .ids = *ids,
                            .jsons = arena_zalloc(&request->arena, ids->count * sizeof(struct str)),
                            .etags = arena_zalloc(&request->arena, ids->count * sizeof(struct str)),
                            .source = CACHE_MEMORY,
                            .fresh_until_ms = INT64_MAX};
    return all;
}

void ids_answer(struct app *app, const struct plan *plan, struct request *request,
                const struct ids *ids)
{
    ask_more(several_new(app, plan, request, ids));
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
    struct str text = query->values[plan->at[PARAM_IDS]].text;
    size_t count = count_ids(text), fields = plan->at[PARAM_FIELDS];
    struct str *items = arena_alloc(&request->arena, count * sizeof *items);
    struct ids ids = {.items = items, .count = count, .most = count};
    struct several *all;

    for (size_t i = 0; i < count && str_split(&text, ',', &items[i]);)
        i++;
    all = several_new(app, plan, request, &ids);
    all->part = fields < query->count && query->values[fields].given;
    all->shape = project_shape(plan, query, &request->arena);
    ask_more(all);
}
