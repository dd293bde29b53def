/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/write_tags.h"

#include "app/layout.h"
#include "app/people/users.h"

size_t write_tag_at(const struct write *write, struct str tag)
{
    size_t i = 0;

    while (i < write->cache.tag_count && !str_eq(write->tags[i], tag))
        i++;
    return i;
}

void write_tag(struct write *write, struct str tag)
{
    if (tag.len > 0 && write_tag_at(write, tag) == write->cache.tag_count)
        write->tags[write->cache.tag_count++] = tag;
}

/* Beyond so many partitions all of them are moved; the others are items, their owners, their
 * collection, and that of all partitions. */
enum { PARTITIONS_MAX = CACHE_WRITE_TAGS_MAX - 2 * BULK_MAX - 2 };

void write_room(struct write *write)
{
    write->tags = arena_alloc(&write->arena, CACHE_WRITE_TAGS_MAX * sizeof write->tags[0]);
    write->totals = arena_alloc(&write->arena, CACHE_WRITE_TOTALS_MAX * sizeof write->totals[0]);
    write->cache.tag_count = write->cache.total_count = write->partitions = 0;
}

void write_tag_item(struct write *write, struct str id)
{
    write_tag(write, plan_item_tag(write->plan, id, &write->arena));
}

void write_tag_owner(struct write *write, const struct value *owner)
{
    if (owner->type == VALUE_OID)
        write_tag(write, owner_tag(&owner->oid, arena_alloc(&write->arena, PROFILE_NAME_MAX)));
}

/* The total of the filter that chooses what is under a tag; where there is no room for it, or no
 * filter, it is void after the write. */
static void add_total(struct write *write, struct str tag, struct str filter)
{
    if (write->cache.total_count < CACHE_WRITE_TOTALS_MAX)
        write->totals[write->cache.total_count++] = (struct cache_total){
            plan_total_name(write->plan, filter, &write->arena), write_tag_at(write, tag), 0};
}

/* Totals of partitions have its tag too, and would not be valid with it moved: that of the
 * collection is the first, and stays. */
static void tag_all_partitions(struct write *write)
{
    write_tag(write, plan_all_partitions(write->plan, &write->arena));
    write->cache.total_count = 1;
    write->partitions = PARTITIONS_MAX;
}

/* Workers that know another partition have lists by it, also where this one knows none. */
void write_tag_collection(struct write *write)
{
    write_tag(write, write->plan->resource->name);
    add_total(write, write->plan->resource->name, STR(""));
    if (!layouts_agree(write->app->layouts, write->plan->resource))
        tag_all_partitions(write);
}

void write_tag_all_partitions(struct write *write)
{
    if (write->plan->resource->partition.len > 0)
        tag_all_partitions(write);
}

static void tag_partition(void *context, struct str tag, struct str filter)
{
    struct write *write = context;
    size_t count = write->cache.tag_count;

    if (write->partitions == PARTITIONS_MAX) {
        tag_all_partitions(write);
        return;
    }
    write_tag(write, tag);
    if (write->cache.tag_count == count)
        return;
    write->partitions++;
    if (filter.len > 0)
        add_total(write, tag, filter);
}

void write_tag_partitions(struct write *write, struct str document)
{
    plan_each_partition(write->plan, document, &write->arena, tag_partition, write);
}

/* Of one document: a partition counts it once. */
struct count {
    struct write *write;
    int by;
    bool counted[CACHE_WRITE_TOTALS_MAX];
};

static void count_filter(struct count *count, struct str filter)
{
    struct write *write = count->write;
    struct str name = plan_total_name(write->plan, filter, &write->arena);

    for (size_t i = 0; i < write->cache.total_count; i++)
        if (!count->counted[i] && str_eq(write->totals[i].name, name)) {
            write->totals[i].delta += count->by;
            count->counted[i] = true;
        }
}

static void count_partition(void *context, struct str tag, struct str filter)
{
    (void)tag;
    if (filter.len > 0)
        count_filter(context, filter);
}

void write_count(struct write *write, struct str document, int by)
{
    struct count count = {.write = write, .by = by};

    count_filter(&count, STR(""));
    plan_each_partition(write->plan, document, &write->arena, count_partition, &count);
}

void write_own(struct write *write, struct str id, struct str document)
{
    struct str mark = document.len > 0 ? plan_own(write->plan, id, document, &write->arena)
                                       : plan_own_removal(write->plan, id, &write->arena);

    if (write->own == NULL)
        write->own = arena_alloc(&write->arena, CACHE_WRITE_OWN_MAX * sizeof *write->own);
    if (mark.len > 0 && write->cache.own_count < CACHE_WRITE_OWN_MAX)
        write->own[write->cache.own_count++] = mark;
    write->cache.own = write->own;
}
