/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_WRITE_TAGS_H
#define LARDER_APP_WRITE_WRITE_TAGS_H

#include "app/write/write.h"

/* What a write changes in the cache: the tags that it moves, and what it adds to totals. */

/* Room for all tags and totals that a write of documents may have. */
void write_room(struct write *write);
/* Adds a tag unless it is empty or there. */
void write_tag(struct write *write, struct str tag);
/* Where it is among the write's tags; their number when it is none of them. */
size_t write_tag_at(const struct write *write, struct str tag);
/* The tag of an item; those of its collection, and of the partitions that a document (its BSON) is
 * in, whose totals outlive the write. */
void write_tag_item(struct write *write, struct str id);
void write_tag_collection(struct write *write);
void write_tag_partitions(struct write *write, struct str document);
/* Those of all partitions: where they are not known. */
void write_tag_all_partitions(struct write *write);
/* The tag of the visitor or of a document's owner; none for what is no ObjectId. */
void write_tag_owner(struct write *write, const struct value *owner);
/* In work, when it has happened: by so many more (or fewer) documents like this one. */
void write_count(struct write *write, struct str document, int by);
/* In work, when it has happened: that this item was made or changed to this document, or removed
 * (empty).  Who follows the database then knows the change as ours.  At most
 * CACHE_WRITE_OWN_MAX; a change that is not marked counts as another program's, which costs a miss.
 */
void write_own(struct write *write, struct str id, struct str document);

#endif
