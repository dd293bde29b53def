/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PLAN_H
#define LARDER_APP_PLAN_H

#include "app/resource.h"
#include "base/arena.h"
#include "base/buf.h"
#include "store/collection.h"

/* What is worked out once from a resource's tables. */
struct plan {
    const struct resource *resource;
    struct shape_field shape_fields[RESOURCE_FIELDS_MAX]; /* one for each field, in its order */
    struct shape shape;
    size_t scope, owner, version, updated; /* indexes of these fields */
    size_t at[PARAM_OPS];                  /* the parameter with this part, or param_count */
    size_t scope_param;                    /* that chooses one scope */
    uint32_t filters, walk, all; /* sets of parameters: what chooses documents; what all pages
                                    of one walk share; all of them */
};

/* Borrows the resource, which stays.  A table that breaks its rules is a mistake of the program:
 * abort. */
void plan_init(struct plan *plan, const struct resource *resource);

/* "product:<id>": an item's name in the cache, and its tag. */
enum { ITEM_NAME_MAX = 48 };
struct str plan_item_name(const struct plan *plan, const struct oid *id,
                          char room[static ITEM_NAME_MAX]);
/* "products:books": the tag of one scope, or the empty string when value is no string. */
struct str plan_scope_tag(const struct plan *plan, const struct value *value, struct arena *arena);

/* "count:products:<filter>": the entry with the total of a filter, in its canonical text; and that
 * text for one scope. */
struct str plan_total_name(const struct plan *plan, struct str filter, struct arena *arena);
struct str plan_scope_filter(const struct plan *plan, struct str scope, struct arena *arena);

/* The version among a document's captured values, or 0 when it has none that is an integer. */
int64_t plan_version(const struct plan *plan, const struct value *captured);
/* The strong entity tag of a document: of its version, or when it has none of its JSON. */
enum { ITEM_ETAG_MAX = 40 };
struct str plan_item_etag(int64_t version, struct str json, char room[static ITEM_ETAG_MAX]);

#endif
