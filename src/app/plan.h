/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PLAN_H
#define LARDER_APP_PLAN_H

#include "base/arena.h"
#include "cache/cache.h"
#include "http/conditional.h"
#include "mongo/collection.h"
#include "schema/resource.h"

/* What is worked out once from a resource: how its documents are shown, how its entries and tags
 * are called and how long they are kept. */
struct plan {
    const struct resource *resource;
    struct str all_items; /* "product:*": the tag that all items have besides their own, for changes
                             that are not known one by one */
    struct shape shape;   /* what is shown of a document */
    struct cache_class item_class, list_class, total_class;
    size_t at[PARAM_OPS];        /* the parameter with this part, or param_count */
    uint64_t filters, walk, all; /* sets of parameters: what chooses documents; what all pages
                                    of one walk share; all of them */
};

/* Borrows the resource; what the plan points to is the arena's. */
void plan_init(struct plan *plan, const struct resource *resource, struct arena *arena);

/* "product:<id>@<hash>": an item's entry.  The hash is of what shapes answers, so that workers with
 * another file have entries of their own; its tag, "product:<id>", is the same for all. */
enum { PLAN_HASH_SIZE = 9, ITEM_NAME_MAX = 32 + 1 + ID_TEXT_MAX + PLAN_HASH_SIZE };
struct str plan_item_name(const struct plan *plan, struct str id, char room[static ITEM_NAME_MAX]);
/* Of any entry that ends with the hash: what is before it. */
static inline struct str plan_unhashed(struct str name)
{
    return str_make(name.ptr, name.len - PLAN_HASH_SIZE);
}
/* The item's tag, "product:<id>". */
struct str plan_item_tag(const struct plan *plan, struct str id, struct arena *arena);
/* The mark by which the follower knows a change as one of our own writes:
 * "product:<id>:<version>:<time>", of the document afterwards or of the fields that were set; empty
 * where it has no version of ours.  And of an item that was removed. */
struct str plan_own(const struct plan *plan, struct str id, struct str document,
                    struct arena *arena);
struct str plan_own_mark(const struct plan *plan, struct str id, const struct value *version,
                         const struct value *updated, struct arena *arena);
struct str plan_own_removal(const struct plan *plan, struct str id, struct arena *arena);
/* While no follower runs, answers are kept no longer than the resource allows. */
void plan_limit(struct plan *plan, bool limited);
/* "products:<canonical query>@<hash>" and, for the total of a filter,
 * "count:products:<canonical filter>@<hash>". */
struct str plan_list_name(const struct plan *plan, struct str query, struct arena *arena);
struct str plan_total_name(const struct plan *plan, struct str filter, struct arena *arena);

/* The tags of a list: "products:<value>" and "products:*" when it is filtered by the equality of
 * one value of the partition, else "products".  Gives their number, at most PLAN_LIST_TAGS. */
enum { PLAN_LIST_TAGS = 2 };
size_t plan_list_tags(const struct plan *plan, const struct query *query, struct arena *arena,
                      struct str tags[static PLAN_LIST_TAGS]);
/* "products:*": moved where the partitions of a write are not known one by one. */
struct str plan_all_partitions(const struct plan *plan, struct arena *arena);
/* Calls each() once for every partition that a document (its BSON) is in: its tag, and the
 * canonical filter that chooses it, empty where no client can ask for it.  Values that are equal to
 * MongoDB have one tag.  Documents without a value, and values that no filter is equal to, have
 * none. */
typedef void plan_partition(void *context, struct str tag, struct str filter);
void plan_each_partition(const struct plan *plan, struct str document, struct arena *arena,
                         plan_partition *each, void *context);

/* The strong entity tag of a document, of its JSON as shown; and the weak one of a list. */
struct str plan_item_etag(const struct plan *plan, struct str json, char room[static ETAG_SIZE]);
struct str plan_list_etag(const struct plan *plan, struct str body, char room[static ETAG_SIZE]);

#endif
