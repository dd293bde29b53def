/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/written_item.h"

#include "app/write/write_tags.h"

void written_item_init(struct written_item *item)
{
    item_entry_init(&item->item);
}

void written_item_free(struct written_item *item)
{
    item_entry_free(&item->item);
}

static void written_item_begin(struct written_item *item, struct write *write, struct str id,
                               struct str made_tag)
{
    const struct plan *plan = write->plan;

    if (plan->resource->read == ACCESS_OWNER)
        return;
    item->written = (struct cache_written){.name = plan_item_name(plan, id, item->name),
                                           .made_tag = made_tag,
                                           .class = &plan->item_class};
    cache_written_begin(write->app->cache, &item->written);
    write->cache.written = &item->written;
}

void written_item_change(struct written_item *item, struct write *write, struct str id)
{
    written_item_begin(item, write, id, STR(""));
}

/* A change that was sent before the item was made, and comes after it, must not find it as it was
 * read: version and updatedAt tell them apart. */
void written_item_make(struct written_item *item, struct write *write, struct str id)
{
    const struct kept_fields *kept = &write->plan->resource->kept;

    if (kept->version.len > 0 && kept->updated.len > 0)
        written_item_begin(item, write, id, write->plan->all_items);
}

void written_item_tag(struct written_item *item, const struct write *write)
{
    if (write->cache.written != NULL)
        item->written.tag = write_tag_at(write, plan_unhashed(item->written.name));
}

void written_item_set(struct written_item *item, const struct write *write, struct str json)
{
    const struct cache_written *written = write->cache.written;
    struct entry *entry = &item->written.entry;

    if (written == NULL || !cache_written_is_kept(written) || json.len > ENTRY_SIZE_MAX ||
        item_entry_make(&item->item, write->plan, json) != ERR_OK)
        return;
    entry->status = item->item.entry.status;
    entry->source_at = item->item.entry.source_at;
    entry->etag = item->item.entry.etag;
    entry->plain = item->item.entry.plain;
    entry->gzip = item->item.entry.gzip;
}
