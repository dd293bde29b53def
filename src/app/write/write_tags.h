/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_WRITE_TAGS_H
#define LARDER_APP_WRITE_WRITE_TAGS_H

#include "app/write/write.h"

/* A write's tags, totals and own marks. */

/* Allocates room for all tags and totals of a write of documents. */
void write_room(struct write *write);
/* Adds a tag unless it is empty or present. */
void write_tag(struct write *write, struct str tag);
/* The index of a tag; the number of tags if it is absent. */
size_t write_tag_at(const struct write *write, struct str tag);
/* Add the tag of an item, of the collection, and of a document's (BSON) partitions with their
 * totals. */
void write_tag_item(struct write *write, struct str id);
void write_tag_collection(struct write *write);
void write_tag_partitions(struct write *write, struct str document);
/* Adds the tag of all partitions, for a write whose partitions are unknown. */
void write_tag_all_partitions(struct write *write);
/* Adds the tag of an owner or visitor; none if it is no ObjectId. */
void write_tag_owner(struct write *write, const struct value *owner);
/* In work, after a write that happened: adds `by` documents like this one to the totals. */
void write_count(struct write *write, struct str document, int by);
/* In work, after a write that happened: marks the item's change to this document, or its removal
 * (empty), as own for the follower. At most CACHE_WRITE_OWN_MAX; an unmarked change counts as
 * another program's, which costs a miss.
 */
void write_own(struct write *write, struct str id, struct str document);

#endif
