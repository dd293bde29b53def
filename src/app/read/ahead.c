/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/ahead.h"

#include <stdlib.h>

#include "app/read/item.h"
#include "app/read/list.h"
#include "base/mem.h"
#include "http/percent.h"

/* --- An item --- */

struct item {
    struct item_read read; /* first */
    struct buf room;
    ahead_done *done;
    void *context;
};

static void item_done(struct cache_lookup *lookup)
{
    struct item *item = (struct item *)lookup;

    item->done(item->context, lookup->err);
    buf_free(&item->room);
    free(item);
}

void ahead_item(struct app *app, const struct resource *resource, struct str id, ahead_done *done,
                void *context)
{
    struct item *item = mem_zalloc(sizeof *item);

    item->done = done;
    item->context = context;
    buf_init(&item->room, ENTRY_SIZE_MAX);
    item_read_init(&item->read, app, app_plan(app, resource), id);
    item->read.lookup.room = &item->room;
    item->read.lookup.done = item_done;
    item->read.lookup.detach = NULL;
    cache_get(app->cache, &item->read.lookup);
}

/* --- A page --- */

struct page {
    struct list_read read; /* first */
    struct buf room;
    ahead_done *done;
    void *context;
};

static void page_done(struct cache_lookup *lookup)
{
    struct page *page = (struct page *)lookup;

    page->done(page->context, lookup->err);
    buf_free(&page->room);
    arena_reset(&page->read.arena);
    free(page);
}

static enum err ahead_parse(struct list_read *read, const struct resource *resource,
                            struct str partition)
{
    struct str query = STR("");
    struct problem problem;

    if (partition.len > 0) {
        partition = percent_encode(partition, arena_alloc(&read->arena, 3 * partition.len));
        query = ARENA_JOIN(&read->arena, resource->params[resource->partition_param].name, STR("="),
                           partition);
    }
    problem_init(&problem, &read->arena);
    return query_parse(&read->query, resource->params, resource->param_count, query, &read->arena,
                       &problem);
}

void ahead_page(struct app *app, const struct resource *resource, struct str partition,
                ahead_done *done, void *context)
{
    struct page *page = mem_zalloc(sizeof *page);
    struct list_read *read = &page->read;

    page->done = done;
    page->context = context;
    arena_init(&read->arena, NULL, 0);
    buf_init(&page->room, ENTRY_SIZE_MAX);
    read->app = app;
    read->plan = app_plan(app, resource);
    read->lookup = (struct cache_lookup){.class = &read->plan->list_class,
                                         .fill = list_fill,
                                         .room = &page->room,
                                         .done = page_done};
    if (ahead_parse(read, resource, partition) == ERR_OK) {
        list_read_name(read, &read->arena);
        cache_get(app->cache, &read->lookup);
    } else {
        read->lookup.err = ERR_INVALID;
        page_done(&read->lookup);
    }
}
