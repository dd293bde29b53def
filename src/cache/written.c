/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/written.h"

#include "base/clock.h"
#include "cache/keep.h"
#include "cache/key.h"

/* From memory, which costs no question.  An item that is not there is hardly read, and not worth
 * storing. */
static void written_recall(struct cache *cache, struct cache_written *written)
{
    struct memory_now now = {clock_mono_ns(), clock_wall_ms()};
    char head[ENTRY_HEAD_MAX], room[KEY_HASHED_MAX];
    struct memory_key key = memory_key(key_name(written->name, room));
    struct memory_hit hit;
    struct entry entry;
    size_t len;

    if (memory_get(cache->memory, &key, now, MEMORY_HEAD, head, sizeof head, &hit) != ERR_OK ||
        entry_decode_head(str_make(head, hit.lens[MEMORY_HEAD]), &entry, &len) != ERR_OK)
        return;
    memcpy(written->entry.versions, entry.versions, sizeof entry.versions);
    written->entry.tag_count = entry.tag_count;
}

void cache_written_begin(struct cache *cache, struct cache_written *written)
{
    written->entry = (struct entry){0};
    if (written->class->ttl_ms == 0 || !cache_trusts_redis(cache))
        return;
    if (written->made_tag.len > 0)
        written->entry.tag_count = memory_item_max(cache->memory) > 0 ? 2 : 0;
    else
        written_recall(cache, written);
}

bool written_fenced(struct cache_written *written, struct str before, struct str made_version)
{
    bool made = written->made_tag.len > 0;
    uint64_t version = 0;
    bool good = cache_parse_version(made ? made_version : before, &version) == ERR_OK &&
                (made || version == written->entry.versions[0]);

    if (made)
        written->entry.versions[1] = version;
    if (!good)
        written->entry.tag_count = 0;
    return good;
}

bool written_after(struct cache *cache, struct cache_written *written, uint64_t version,
                   int64_t began_ms, struct str *sealed, int64_t *life_ms)
{
    struct entry *entry = &written->entry;
    int64_t now_ms = clock_wall_ms();

    if (!cache_written_is_kept(written) || entry->status != 200 || written->class->ttl_ms == 0 ||
        !cache_trusts_redis(cache) || !redis_writable(cache->redis))
        return false;
    keep_times(entry, written->class, began_ms, now_ms);
    entry->versions[0] = version;
    entry->written = true;
    *life_ms = entry->stale_until_ms - now_ms;
    return keep_sealed(cache, written->name, entry, sealed);
}
