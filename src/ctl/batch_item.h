/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_BATCH_ITEM_H
#define LARDER_CTL_BATCH_ITEM_H

#include "app/plan.h"
#include "app/write/validate.h"
#include "ctl/batch_config.h"

/* Inside of ctl/: one record of a batch, from its JSON to what is written, and the batch. */

enum batch_state {
    BATCH_WAITING, /* not looked for yet */
    BATCH_ACTIVE,  /* looked for in this round */
    BATCH_NEW,     /* to be inserted: draft, bytes */
    BATCH_CHANGED, /* to be changed: draft, before */
    BATCH_SAME,    /* is there, and nothing is to be done */
    BATCH_DONE     /* and counted */
};

struct batch_item {
    json_t *root; /* with keys, until it is done */
    uint64_t line;
    int64_t now_ms;
    struct problem problem;
    enum batch_state state;
    struct str id; /* canonical text; empty while it is not known */
    struct assignments draft;
    struct document document;
    struct str bytes;  /* of a new one, its BSON */
    struct str before; /* of a changed one, what bears on the change, as it was read (BSON) */
    unsigned found;    /* documents with its keys */
    struct value keys[BATCH_KEYS_MAX];
    enum err err;
};

struct batch {
    struct ctl *ctl;
    struct batch_config config;
    struct plan plan;
    struct arena plan_arena, arena; /* arena: of what is in the batch */
    struct batch_item items[BATCH_RECORDS];
    size_t count, bytes;
    uint64_t rejected; /* by batch_add, not counted yet */
    bool look_first;   /* without keys: some of the last batch were there already */
};

/* On a thread.  Finds which of those that wait are there already: without keys these are SAME and
 * the others NEW; with keys those are ACTIVE whose keys no earlier one has, and become NEW, CHANGED
 * or SAME, or get a problem. */
enum err batch_match(struct mongo_db *db, struct batch *batch);

/* A whole new document of the JSON: draft, document, id and bytes.  With derived its id is made of
 * its content, unless the JSON has one.  ERR_INVALID: see problem. */
enum err batch_item_make(struct batch_item *item, const struct plan *plan, const json_t *root,
                         bool derived, struct arena *arena);
/* The change that the JSON is (draft), and the values of its keys.  ERR_INVALID: see problem. */
enum err batch_item_change(struct batch_item *item, const struct resource *resource,
                           const struct str *keys, size_t key_count, struct arena *arena);
/* What is at a path of an object; NULL: nothing. */
const struct value *batch_value_at(const struct value *value, struct str path);

#endif
