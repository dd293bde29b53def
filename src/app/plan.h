/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PLAN_H
#define LARDER_APP_PLAN_H

#include "base/arena.h"
#include "cache/cache.h"
#include "http/conditional.h"
#include "mongo/collection.h"
#include "schema/resource.h"

/* Derived once from a resource: how its documents are shown, the names of its entries and tags, and
 * how long entries live. */
struct plan {
    const struct resource *resource;
    struct str all_items; /* "product:*": the second tag of every item, for changes whose items are
                             not known */
    struct shape shape;   /* the shown part of a document */
    struct cache_class item_class, list_class, total_class;
    size_t at[PARAM_OPS]; /* index of the parameter with this operation, or param_count */
    uint64_t filters, walk,
        all; /* sets of parameters: filters; those that all pages of one walk share; all */
};

/* Borrows the resource; allocates in the arena. */
void plan_init(struct plan *plan, const struct resource *resource, struct arena *arena);

/* An item's entry, "product:<id>@<hash>". The hash covers all that shapes answers, so that workers
 * with another resource file have entries of their own; the tag, "product:<id>", is the same for
 * all. */
enum { PLAN_HASH_SIZE = 9, ITEM_NAME_MAX = 32 + 1 + ID_TEXT_MAX + PLAN_HASH_SIZE };
struct str plan_item_name(const struct plan *plan, struct str id, char room[static ITEM_NAME_MAX]);
/* The name of an entry without its hash. */
static inline struct str plan_unhashed(struct str name)
{
    return str_make(name.ptr, name.len - PLAN_HASH_SIZE);
}
/* The item's tag, "product:<id>". */
struct str plan_item_tag(const struct plan *plan, struct str id, struct arena *arena);
/* The mark by which the follower recognises Larder's own writes, "product:<id>:<version>:<time>":
 * of the document after the write, of the fields that were set, or of a removed item. Empty if the
 * document has no version of Larder's. */
struct str plan_own(const struct plan *plan, struct str id, struct str document,
                    struct arena *arena);
struct str plan_own_mark(const struct plan *plan, struct str id, const struct value *version,
                         const struct value *updated, struct arena *arena);
struct str plan_own_removal(const struct plan *plan, struct str id, struct arena *arena);
/* Limits the life of entries to what the resource allows while no follower runs. */
void plan_limit(struct plan *plan, bool limited);
/* "products:<canonical query>@<hash>" and, for the total of a filter,
 * "count:products:<canonical filter>@<hash>". */
struct str plan_list_name(const struct plan *plan, struct str query, struct arena *arena);
struct str plan_total_name(const struct plan *plan, struct str filter, struct arena *arena);

/* Sets the tags of a list: "products:<value>" and "products:*" if it is filtered by one value of
 * the partition, else "products". Returns their number, at most PLAN_LIST_TAGS. */
enum { PLAN_LIST_TAGS = 2 };
size_t plan_list_tags(const struct plan *plan, const struct query *query, struct arena *arena,
                      struct str tags[static PLAN_LIST_TAGS]);
/* "products:*": the tag moved by a write whose partitions are not known. */
struct str plan_all_partitions(const struct plan *plan, struct arena *arena);
/* Calls each() once for every partition of a document (BSON), with its tag and its canonical
 * filter; the filter is empty if no client can ask for it. Values that MongoDB treats as equal
 * share a tag. A missing value, or one that no filter can equal, has none. */
typedef void plan_partition(void *context, struct str tag, struct str filter);
void plan_each_partition(const struct plan *plan, struct str document, struct arena *arena,
                         plan_partition *each, void *context);

/* The strong entity tag of an item, from its JSON as shown; the weak one of a list. */
struct str plan_item_etag(const struct plan *plan, struct str json, char room[static ETAG_SIZE]);
struct str plan_list_etag(const struct plan *plan, struct str body, char room[static ETAG_SIZE]);

#endif
