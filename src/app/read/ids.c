/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/read/item.h"
#include "app/read/project.h"
#include "app/state.h"
#include "http/conditional.h"

enum { PICK_ROOM = ENTRY_SIZE_MAX };

/* Items by their ids, each an entry of its own, in the order asked; those that there are not are
 * left out. */
struct pick {
    struct item_read read; /* first: a look-up is its pick */
    struct picking *all;
    struct buf room;
    struct str json; /* a copy, or empty */
};
struct picking {
    struct request *request;
    const struct query_param *show; /* only the chosen fields; NULL: all */
    uint64_t chosen;
    size_t count, waiting;
    enum err err;
    enum cache_source source; /* the farthest, with its detail */
    enum cache_detail detail;
    int64_t fresh_until_ms; /* of the first to run out */
    struct pick picks[];
};

static void put_head(struct buf *out, const struct picking *all, size_t found)
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

static void put_body(struct buf *out, const struct picking *all)
{
    size_t found = 0;

    for (size_t i = 0; i < all->count; i++)
        found += all->picks[i].json.len > 0;
    put_head(out, all, found);
    found = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (all->picks[i].json.len == 0)
            continue;
        if (found++ > 0)
            buf_char(out, ',');
        if (all->show != NULL)
            project_json(all->picks[i].json, all->show->choices, all->show->choice_count,
                         all->chosen, out);
        else
            buf_str(out, all->picks[i].json);
    }
    buf_literal(out, "]}");
}

static void finish(struct picking *all)
{
    struct request *request = all->request;
    struct response *response = &request->response;
    struct str body, etag;
    char room[ETAG_SIZE];

    if (all->err != ERR_OK) {
        problem_send_err(request, database_err(all->err));
        return;
    }
    buf_reset(&response->body);
    put_body(&response->body, all);
    body = buf_view(&response->body);
    etag = etag_of(str_from_offset(body, str_find(body, '[')), true, room);
    answer_cache_status(response, all->source, all->detail, 200,
                        all->fresh_until_ms - request->arrived_ms);
    answer_tagged(request, etag);
}

static void done(struct cache_lookup *lookup)
{
    struct pick *pick = (struct pick *)lookup;
    struct picking *all = pick->all;

    if (lookup->err != ERR_OK)
        all->err = lookup->err;
    else if (lookup->entry.status == 200)
        pick->json = arena_str(&all->request->arena, item_json(lookup->entry.plain));
    if (lookup->err == ERR_OK) {
        if (lookup->source >= all->source) {
            all->source = lookup->source;
            all->detail = lookup->detail;
        }
        if (lookup->entry.fresh_until_ms < all->fresh_until_ms)
            all->fresh_until_ms = lookup->entry.fresh_until_ms;
    }
    buf_free(&pick->room);
    if (--all->waiting == 0)
        finish(all);
}

static void pick_init(struct pick *pick, struct picking *all, struct app *app,
                      const struct plan *plan, struct str id)
{
    struct oid oid = {{0}};

    (void)oid_parse(id, &oid); /* the query's reader has looked at it */
    item_read_init(&pick->read, app, plan, &oid);
    buf_init(&pick->room, PICK_ROOM);
    pick->all = all;
    pick->json = STR("");
    pick->read.lookup.room = &pick->room;
    pick->read.lookup.done = done;
}

void ids_handle(struct app *app, const struct plan *plan, struct request *request,
                const struct query *query)
{
    struct str ids = query->values[plan->at[PARAM_PICK]].text, id;
    size_t count = (ids.len + 1) / (OID_HEX_SIZE + 1);
    size_t show = plan->at[PARAM_SHOW];
    struct picking *all = arena_alloc(&request->arena, sizeof *all + count * sizeof all->picks[0]);

    *all = (struct picking){.request = request,
                            .count = count,
                            .waiting = count + 1, /* one for this function */
                            .source = CACHE_MEMORY,
                            .fresh_until_ms = INT64_MAX};
    if (show < query->count && query->values[show].given) {
        all->show = &query->params[show];
        all->chosen = query->values[show].choices | 1;
    }
    for (size_t i = 0; i < count && str_split(&ids, ',', &id); i++)
        pick_init(&all->picks[i], all, app, plan, id);
    for (size_t i = 0; i < count; i++)
        cache_get(app->cache, &all->picks[i].read.lookup);
    if (--all->waiting == 0)
        finish(all);
}
