/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_WRITTEN_ITEM_H
#define LARDER_APP_WRITE_WRITTEN_ITEM_H

#include "app/layout.h"
#include "app/read/item_entry.h"
#include "app/write/write.h"

/* The entry of the item that a write changes or makes, which the write's release stores, so that
 * the read after it is a hit. */
struct written_item {
    struct cache_written written;
    char name[ITEM_NAME_MAX];
    struct item_entry item;
};

void written_item_init(struct written_item *item);
void written_item_free(struct written_item *item);
/* Call with each try, before the item is read. Nothing is stored of items that only their owner
 * reads. */
void written_item_change(struct written_item *item, struct write *write, struct str id);
/* The same, for an item that the write makes. */
void written_item_make(struct written_item *item, struct write *write, struct str id);
/* Call when the write has its tags. */
void written_item_tag(struct written_item *item, const struct write *write);
/* Call on a thread, after the write to MongoDB, with the item as it is shown. json must stay valid
 * for this call only. */
void written_item_set(struct written_item *item, const struct write *write, struct str json);

#endif
