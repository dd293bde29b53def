/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/entry.h"

#include <math.h>

#include "base/le.h"

/* Head: magic u16, format u8, tags u8, etag u8, flags u8, status u16, plain u32, gzip u32,
 * fill u32, source u32, created u64, fresh, stale, error (each ms after created, u32), versions
 * u64 × tags, the etag. */
enum { MAGIC = 0x524c, FORMAT = 2, FORMAT_BRIEF = 3, FLAG_WRITTEN = 1, FIXED = 44 };

struct cursor {
    const char *at;
};

static inline uint64_t entry_take(struct cursor *from, size_t size)
{
    uint64_t value = le_get(from->at, size);

    from->at += size;
    return value;
}

/* Times are kept as their distance from the creation, so that none can be far off. */
static uint64_t distance(const struct entry *entry, int64_t until_ms)
{
    int64_t ms = until_ms - entry->created_ms;

    return ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint64_t)ms;
}

void entry_encode(const struct entry *entry, struct buf *head)
{
    buf_le(head, MAGIC, 2);
    buf_le(head, entry->brief ? FORMAT_BRIEF : FORMAT, 1);
    buf_le(head, entry->tag_count, 1);
    buf_le(head, entry->etag.len, 1);
    buf_le(head, entry->written ? FLAG_WRITTEN : 0, 1);
    buf_le(head, entry->status, 2);
    buf_le(head, entry->plain.len, 4);
    buf_le(head, entry->gzip.len, 4);
    buf_le(head, entry->fill_ms, 4);
    buf_le(head, entry->source_at, 4);
    buf_le(head, (uint64_t)entry->created_ms, 8);
    buf_le(head, distance(entry, entry->fresh_until_ms), 4);
    buf_le(head, distance(entry, entry->stale_until_ms), 4);
    buf_le(head, distance(entry, entry->error_until_ms), 4);
    for (size_t i = 0; i < entry->tag_count; i++)
        buf_le(head, entry->versions[i], 8);
    buf_str(head, entry->etag);
}

enum err entry_decode_head(struct str bytes, struct entry *entry, size_t *head_len)
{
    struct cursor at = {bytes.ptr};
    uint64_t created, format;

    *entry = (struct entry){0};
    if (bytes.len < FIXED || entry_take(&at, 2) != MAGIC)
        return ERR_SYNTAX;
    format = entry_take(&at, 1);
    if (format != FORMAT && format != FORMAT_BRIEF)
        return ERR_SYNTAX;
    entry->brief = format == FORMAT_BRIEF;
    entry->tag_count = entry_take(&at, 1);
    entry->etag.len = entry_take(&at, 1);
    *head_len = FIXED + 8 * entry->tag_count + entry->etag.len;
    if (entry->tag_count > ENTRY_TAGS_MAX || entry->etag.len > ENTRY_ETAG_MAX ||
        bytes.len < *head_len)
        return ERR_SYNTAX;
    entry->written = (entry_take(&at, 1) & FLAG_WRITTEN) != 0;
    entry->status = (unsigned)entry_take(&at, 2);
    if (entry->status != 200 && entry->status != 404)
        return ERR_SYNTAX;
    entry->plain.len = entry_take(&at, 4);
    entry->gzip.len = entry_take(&at, 4);
    entry->fill_ms = (uint32_t)entry_take(&at, 4);
    entry->source_at = (uint32_t)entry_take(&at, 4);
    created = entry_take(&at, 8);
    if (created > ENTRY_TIME_MAX)
        return ERR_SYNTAX;
    entry->created_ms = (int64_t)created;
    entry->fresh_until_ms = entry->created_ms + (int64_t)entry_take(&at, 4);
    entry->stale_until_ms = entry->created_ms + (int64_t)entry_take(&at, 4);
    entry->error_until_ms = entry->created_ms + (int64_t)entry_take(&at, 4);
    for (size_t i = 0; i < entry->tag_count; i++)
        entry->versions[i] = entry_take(&at, 8);
    entry->etag.ptr = at.at;
    return ERR_OK;
}

enum err entry_decode(struct str bytes, struct entry *entry)
{
    size_t head_len = 0;
    enum err err = entry_decode_head(bytes, entry, &head_len);

    if (err != ERR_OK)
        return err;
    bytes = str_from_offset(bytes, head_len);
    if (bytes.len != entry->plain.len + entry->gzip.len || entry->source_at > entry->plain.len)
        return ERR_SYNTAX;
    entry->plain.ptr = bytes.ptr;
    entry->gzip.ptr = bytes.ptr + entry->plain.len;
    return ERR_OK;
}

bool entry_wants_refresh(const struct entry *entry, int64_t now_ms, double unit)
{
    double early_ms;

    /* -log of the smallest double is below 745: far from the end it need not be asked for. */
    if (now_ms + (int64_t)entry->fill_ms * 745 < entry->stale_until_ms)
        return false;
    early_ms = (double)entry->fill_ms * -log(unit);

    return (double)now_ms + early_ms >= (double)entry->stale_until_ms;
}
