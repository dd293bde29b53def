/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_ITEM_ENTRY_H
#define LARDER_APP_READ_ITEM_ENTRY_H

#include "app/answer.h"
#include "app/plan.h"
#include "base/buf.h"

/* An item as its entry has it, made of its JSON: by a fill, or by the write that has changed it.
 * The entry's strings lie beside it, so it must not be moved. */
struct item_entry {
    struct entry entry;
    struct buf plain, gzip;
    char etag[ETAG_SIZE];
};

#define ITEM_PREFIX BODY_PREFIX ",\"data\":"

/* That of an item that is not there: 404. */
void item_entry_init(struct item_entry *item);
void item_entry_free(struct item_entry *item);
/* 200, with the item's JSON as the plan shows it.  ERR_TOO_LARGE. */
enum err item_entry_make(struct item_entry *item, const struct plan *plan, struct str json);

#endif
