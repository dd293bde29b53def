/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_ITEM_ENTRY_H
#define LARDER_APP_READ_ITEM_ENTRY_H

#include "app/answer.h"
#include "app/plan.h"
#include "base/buf.h"

/* The cache entry of an item, made from its JSON by a fill or by the write that changed it. The
 * entry points into the struct, so the struct must not be moved. */
struct item_entry {
    struct entry entry;
    struct buf plain, gzip;
    char etag[ETAG_SIZE];
};

#define ITEM_PREFIX BODY_PREFIX ",\"data\":"

/* Makes the entry of an absent item: 404. */
void item_entry_init(struct item_entry *item);
void item_entry_free(struct item_entry *item);
/* Makes the entry of an item: 200, with its JSON. ERR_TOO_LARGE. */
enum err item_entry_make(struct item_entry *item, const struct plan *plan, struct str json);

#endif
