/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/list.h"

#include <stdlib.h>

#include "app/answer.h"
#include "app/read/cursor.h"
#include "app/read/item.h"
#include "app/read/note.h"
#include "app/read/words.h"
#include "base/mem.h"

enum {
    LINK_WORDS = 40,  /* what a link has besides path and query, at most */
    LINK_LEAVES = 300 /* of the head, for the headers that follow */
};

static const struct query_value *value_of(const struct list_read *read, enum param_op op)
{
    return &read->query.values[read->plan->at[op]];
}

static uint64_t number_of(const struct list_read *read, enum param_op op)
{
    return (uint64_t)value_of(read, op)->value.integer;
}

/* --- The entry's name and tags --- */

void list_read_name(struct list_read *read, struct arena *arena)
{
    struct str text = query_text(&read->query, read->plan->all, arena);

    read->lookup.name = plan_list_name(read->plan, text, arena);
    scope_tags(&read->scope, read->app, read->plan, &read->query, arena, &read->lookup);
}

struct str list_asked(const struct plan *plan, const struct query *query, struct arena *arena)
{
    uint64_t mask = plan->filters | UINT64_C(1) << plan->at[PARAM_SORT];

    return ARENA_JOIN(arena, plan->resource->name, STR("?"), query_text(query, mask, arena));
}

enum err list_after(const struct plan *plan, const struct query *query, struct arena *arena,
                    struct keyset *keyset)
{
    return cursor_decode(query->values[plan->at[PARAM_AFTER]].text, list_asked(plan, query, arena),
                         arena, keyset);
}

/* --- Link (RFC 8288) --- */

/* The links of one answer.  They have to fit into one buffer with the other headers: those that do
 * not are left out, so what leads on is put first. */
struct links {
    struct buf *head;
    struct str path, base; /* base: the parameters that all pages of the walk share */
    bool begun;
};

static void put_link(struct links *links, const char *name, struct str value, const char *rel)
{
    struct buf *head = links->head;
    size_t size = links->path.len + links->base.len + value.len + LINK_WORDS;

    if (head->len + size > RESPONSE_HEAD_MAX - LINK_LEAVES)
        return;
    buf_str(head, links->begun ? STR(", <") : STR("Link: <"));
    links->begun = true;
    buf_str(head, links->path);
    if (links->base.len > 0 || value.len > 0)
        buf_char(head, '?');
    buf_str(head, links->base);
    if (value.len > 0) {
        if (links->base.len > 0)
            buf_char(head, '&');
        buf_str(head, str_from(name));
        buf_char(head, '=');
        buf_str(head, value);
    }
    buf_literal(head, ">; rel=\"");
    buf_str(head, str_from(rel));
    buf_char(head, '"');
}

/* Page 1 is the default, which a canonical query leaves out. */
static struct str page_text(uint64_t page, char room[static DECIMAL_MAX])
{
    return page > 1 ? str_decimal(page, room) : STR("");
}

/* How many there are, and relative references. */
static void put_headers(struct response *response, const struct cache_lookup *lookup)
{
    const struct list_read *read = (const struct list_read *)lookup;
    struct request *request = lookup->context;
    uint64_t page = number_of(read, PARAM_PAGE);
    uint64_t reach = PAGE_REACH / number_of(read, PARAM_LIMIT);
    bool walking = value_of(read, PARAM_AFTER)->given;
    bool gzip = lookup->want_gzip && lookup->entry.gzip.len > 0 && lookup->source != CACHE_DATABASE;
    const struct note note = note_take(&lookup->entry, gzip);
    struct links links = {.head = &response->head,
                          .path = read->path,
                          .base = query_text(&read->query, read->plan->walk, &request->arena)};
    char room[DECIMAL_MAX];

    if (note.total.len > 0)
        response_header(response, STR("X-Total-Count"), note.total);
    if (!walking && page < note.pages && page < reach)
        put_link(&links, "page", page_text(page + 1, room), "next");
    else if (note.next.len > 0)
        put_link(&links, "after", note.next, "next");
    if (!walking && page > 1)
        put_link(&links, "page", page_text(page - 1, room), "prev");
    put_link(&links, "", STR(""), "first");
    if (note.pages > 0 && note.pages <= reach)
        put_link(&links, "page", page_text(note.pages, room), "last");
    if (links.begun)
        buf_literal(&response->head, "\r\n");
}

/* --- The look-up --- */

/* The query's texts belong to the request: the copy reads them again from the canonical text. */
static struct cache_lookup *detach(const struct cache_lookup *lookup)
{
    const struct list_read *read = (const struct list_read *)lookup;
    const struct resource *resource = read->plan->resource;
    struct list_read *copy = mem_zalloc(sizeof *copy);
    struct problem problem;

    arena_init(&copy->arena, NULL, 0);
    problem_init(&problem, &copy->arena);
    copy->lookup.class = &read->plan->list_class;
    copy->lookup.fill = list_fill;
    copy->lookup.detach = lookup->detach;
    copy->lookup.detached_free = lookup->detached_free;
    copy->app = read->app;
    copy->plan = read->plan;
    (void)query_parse(&copy->query, resource->params, resource->param_count,
                      query_text(&read->query, read->plan->all, &copy->arena), &copy->arena,
                      &problem);
    list_read_name(copy, &copy->arena);
    return &copy->lookup;
}

static void detached_free(struct cache_lookup *lookup)
{
    struct list_read *read = (struct list_read *)lookup;

    arena_reset(&read->arena);
    free(read);
}

static void done(struct cache_lookup *lookup)
{
    const struct list_read *read = (const struct list_read *)lookup;
    struct request *request = lookup->context;
    struct problem problem;

    if (lookup->err != ERR_TOO_LARGE) {
        answer_lookup(request, lookup, STR("Not found"), put_headers);
        return;
    }
    if (number_of(read, PARAM_LIMIT) == 1) {
        item_send_too_large(read->plan, request, STR(""), STR(""));
        return;
    }
    problem_init(&problem, &request->arena);
    problem_add(&problem, STR("limit"), STR("gives a page of more than 4 MiB: ask for less"));
    problem_send_invalid(request, &problem);
}

/* --- What the parameters must keep to together --- */

static void check_after(const struct list_read *read, struct arena *arena, struct problem *problem)
{
    const struct query_value *after = value_of(read, PARAM_AFTER);
    struct keyset keyset;
    enum err err;

    if (!after->given)
        return;
    err = list_after(read->plan, &read->query, arena, &keyset);
    if (err == ERR_INVALID)
        problem_add(problem, STR("after"), STR("belongs to another filter or sort"));
    else if (err != ERR_OK)
        problem_add(problem, STR("after"), STR("must be the next of an earlier page"));
    else if (value_of(read, PARAM_PAGE)->given)
        problem_add(problem, STR("page"), STR("cannot be combined with after"));
}

static void check_reach(const struct list_read *read, struct problem *problem)
{
    if (number_of(read, PARAM_PAGE) * number_of(read, PARAM_LIMIT) > PAGE_REACH)
        problem_add(problem, STR("page"),
                    STR("reaches no further than page × limit = 10000: walk on with after, "
                        "which takes the next of the page before"));
}

static void check_ids(const struct list_read *read, struct problem *problem)
{
    for (size_t i = 0; i < read->query.count; i++)
        if (read->query.values[i].given && i != read->plan->at[PARAM_IDS] &&
            i != read->plan->at[PARAM_FIELDS])
            problem_add(problem, read->query.params[i].name, STR("cannot be combined with ids"));
}

static bool has_ids(const struct list_read *read)
{
    size_t i = read->plan->at[PARAM_IDS];

    return i < read->query.count && read->query.values[i].given;
}

/* A named list's entry is that of the same list by its ordinary path. */
static void set_fixed(struct list_read *read, const struct named_list *list, struct arena *arena,
                      struct problem *problem)
{
    for (size_t i = 0; i < list->param_count; i++) {
        const struct list_param *fixed = &list->params[i];
        struct str name = read->query.params[fixed->param].name;
        if (query_set(&read->query, fixed->param, fixed->text, arena, problem) == ERR_EXISTS)
            problem_addf(problem, name, "is always %.*s here", (int)fixed->text.len,
                         fixed->text.ptr);
    }
}

static enum err parse(struct list_read *read, struct request *request, const struct route *route,
                      struct problem *problem)
{
    const struct resource *resource = read->plan->resource;
    struct arena *arena = &request->arena;

    if (query_parse(&read->query, resource->params, resource->param_count, request->query, arena,
                    problem) != ERR_OK)
        return ERR_INVALID;
    if (route->detail != NULL)
        set_fixed(read, route->detail, arena, problem);
    if (has_ids(read)) {
        check_ids(read, problem);
    } else {
        check_after(read, arena, problem);
        check_reach(read, problem);
    }
    return problem->count == 0 ? ERR_OK : ERR_INVALID;
}

void list_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct list_read *read = arena_alloc(&request->arena, sizeof *read);
    struct problem problem;

    (void)id;
    problem_init(&problem, &request->arena);
    read->app = app;
    read->plan = app_plan(app, route->data);
    read->path = route->pattern;
    read->lookup = (struct cache_lookup){.class = &read->plan->list_class,
                                         .fill = list_fill,
                                         .detach = detach,
                                         .detached_free = detached_free,
                                         .done = done,
                                         .context = request};
    scope_init(&read->scope, request, route);
    if (parse(read, request, route, &problem) != ERR_OK) {
        problem_send_invalid(request, &problem);
    } else if (words_refuse(app, read->plan, &read->query, request)) {
        return;
    } else if (has_ids(read)) {
        ids_handle(app, read->plan, request, &read->query);
    } else {
        list_read_name(read, &request->arena);
        answer_prepare(&read->lookup, request);
        cache_get(app->cache, &read->lookup);
    }
}
