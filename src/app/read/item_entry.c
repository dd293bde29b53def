/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/item_entry.h"

#include "base/gzip.h"

void item_entry_init(struct item_entry *item)
{
    item->entry = (struct entry){.status = 404};
    buf_init(&item->plain, RESPONSE_BODY_MAX);
    buf_init(&item->gzip, RESPONSE_BODY_MAX);
}

void item_entry_free(struct item_entry *item)
{
    buf_free(&item->plain);
    buf_free(&item->gzip);
}

enum err item_entry_make(struct item_entry *item, const struct plan *plan, struct str json)
{
    struct entry *entry = &item->entry;

    entry->status = 200;
    entry->source_at = BODY_SOURCE_AT;
    entry->etag = plan_item_etag(plan, json, item->etag);
    buf_literal(&item->plain, ITEM_PREFIX);
    buf_str(&item->plain, json);
    buf_char(&item->plain, '}');
    entry->plain = buf_view(&item->plain);
    if (item->plain.len > GZIP_WORTH && item->plain.err == ERR_OK &&
        gzip_pack(entry->plain, BODY_LEAD, STR(""), &item->gzip) == ERR_OK)
        entry->gzip = buf_view(&item->gzip);
    return item->plain.err;
}
