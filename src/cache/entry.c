/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/entry.h"

#include <math.h>

#include "base/hash.h"
#include "base/le.h"

/* Head: magic u16, format u8, tags u8, etag u8, reserved u8, status u16, plain u32, gzip u32,
 * fill u32, source u32, created i64, fresh, stale, error (each ms after created, u32), reserved
 * u32, body checksum u64, versions u64 × tags, the etag, checksum of all of that u64. */
enum { MAGIC = 0x524c, FORMAT = 1, FIXED = 56, CHECK = 8 };

struct cursor {
    const char *at;
};

static inline uint64_t take(struct cursor *from, size_t size)
{
    uint64_t value = le_get(from->at, size);

    from->at += size;
    return value;
}

static uint64_t body_check(const struct entry *entry)
{
    uint64_t both[2] = {hash64(entry->plain.ptr, entry->plain.len),
                        hash64(entry->gzip.ptr, entry->gzip.len)};

    return hash64(both, sizeof both);
}

/* Times are kept as their distance from the creation, so that none can be far off. */
static uint64_t distance(const struct entry *entry, int64_t until_ms)
{
    int64_t ms = until_ms - entry->created_ms;

    return ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint64_t)ms;
}

void entry_encode(const struct entry *entry, struct buf *head)
{
    size_t start = head->len;

    buf_le(head, MAGIC, 2);
    buf_le(head, FORMAT, 1);
    buf_le(head, entry->tag_count, 1);
    buf_le(head, entry->etag.len, 1);
    buf_le(head, 0, 1);
    buf_le(head, entry->status, 2);
    buf_le(head, entry->plain.len, 4);
    buf_le(head, entry->gzip.len, 4);
    buf_le(head, entry->fill_ms, 4);
    buf_le(head, entry->source_at, 4);
    buf_le(head, (uint64_t)entry->created_ms, 8);
    buf_le(head, distance(entry, entry->fresh_until_ms), 4);
    buf_le(head, distance(entry, entry->stale_until_ms), 4);
    buf_le(head, distance(entry, entry->error_until_ms), 4);
    buf_le(head, 0, 4);
    buf_le(head, body_check(entry), 8);
    for (size_t i = 0; i < entry->tag_count; i++)
        buf_le(head, entry->versions[i], 8);
    buf_str(head, entry->etag);
    if (head->err == ERR_OK)
        buf_le(head, hash64(head->ptr + start, head->len - start), CHECK);
}

/* The head's fields; *check is what the bodies must hash to. */
static enum err decode_head(struct str bytes, struct entry *entry, size_t *head_len,
                            uint64_t *check)
{
    struct cursor at = {bytes.ptr};
    size_t checked;

    *entry = (struct entry){0};
    if (bytes.len < FIXED + CHECK || take(&at, 2) != MAGIC || take(&at, 1) != FORMAT)
        return ERR_SYNTAX;
    entry->tag_count = take(&at, 1);
    entry->etag.len = take(&at, 1);
    checked = FIXED + 8 * entry->tag_count + entry->etag.len;
    if (entry->tag_count > ENTRY_TAGS_MAX || entry->etag.len > ENTRY_ETAG_MAX ||
        bytes.len < checked + CHECK)
        return ERR_SYNTAX;
    take(&at, 1);
    entry->status = (unsigned)take(&at, 2);
    if (entry->status != 200 && entry->status != 404)
        return ERR_SYNTAX;
    entry->plain.len = take(&at, 4);
    entry->gzip.len = take(&at, 4);
    entry->fill_ms = (uint32_t)take(&at, 4);
    entry->source_at = (uint32_t)take(&at, 4);
    entry->created_ms = (int64_t)take(&at, 8);
    entry->fresh_until_ms = entry->created_ms + (int64_t)take(&at, 4);
    entry->stale_until_ms = entry->created_ms + (int64_t)take(&at, 4);
    entry->error_until_ms = entry->created_ms + (int64_t)take(&at, 4);
    take(&at, 4);
    *check = take(&at, 8);
    for (size_t i = 0; i < entry->tag_count; i++)
        entry->versions[i] = take(&at, 8);
    entry->etag.ptr = at.at;
    at.at += entry->etag.len;
    if (take(&at, CHECK) != hash64(bytes.ptr, checked))
        return ERR_SYNTAX;
    *head_len = checked + CHECK;
    return ERR_OK;
}

enum err entry_decode_head(struct str bytes, struct entry *entry, size_t *head_len)
{
    uint64_t check;
    enum err err = decode_head(bytes, entry, head_len, &check);

    return err;
}

enum err entry_decode(struct str bytes, struct entry *entry)
{
    size_t head_len = 0;
    uint64_t check = 0;
    enum err err = decode_head(bytes, entry, &head_len, &check);

    if (err != ERR_OK)
        return err;
    bytes = str_from_offset(bytes, head_len);
    if (bytes.len != entry->plain.len + entry->gzip.len || entry->source_at > entry->plain.len)
        return ERR_SYNTAX;
    entry->plain.ptr = bytes.ptr;
    entry->gzip.ptr = bytes.ptr + entry->plain.len;
    return body_check(entry) == check ? ERR_OK : ERR_SYNTAX;
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
