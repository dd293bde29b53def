/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/recall.h"

#include "cache/key.h"

/* Less than what a request keeps, or each hit would allocate it anew. */
enum { ROOM_FIRST = 8 << 10 };

/* Copies what is wanted behind the head; the room grows once when it is too small. */
static bool recall_record(struct memory *memory, struct cache_lookup *lookup,
                          const struct memory_key *key, struct memory_now now,
                          enum memory_part want, struct memory_hit *hit)
{
    size_t size = lookup->room->size > ROOM_FIRST ? lookup->room->size : ROOM_FIRST;
    enum err err = ERR_TOO_LARGE;

    for (int i = 0; i < 2 && err == ERR_TOO_LARGE; i++) {
        char *to;

        buf_reset(lookup->room); /* a head may lie there already */
        to = buf_reserve(lookup->room, size);
        if (to == NULL)
            return false;
        err = memory_get(memory, key, now, want, to, size, hit);
        size = (size_t)hit->lens[MEMORY_HEAD] + hit->lens[MEMORY_BODY] + hit->lens[MEMORY_PACKED];
    }
    return err == ERR_OK;
}

static bool recall_take(struct cache_lookup *lookup, const struct memory_hit *hit)
{
    struct entry *entry = &lookup->entry;
    size_t head_len, body_len = hit->last == MEMORY_HEAD ? 0 : hit->lens[hit->last];
    struct str bytes = str_make(lookup->room->ptr, hit->lens[MEMORY_HEAD] + body_len);
    struct str body;

    if (entry_decode_head(bytes, entry, &head_len) != ERR_OK || head_len != hit->lens[MEMORY_HEAD])
        return false;
    body = str_from_offset(bytes, head_len);
    entry->plain = hit->last == MEMORY_BODY ? body : STR("");
    entry->gzip = hit->last == MEMORY_PACKED ? body : STR("");
    lookup->room->len = bytes.len;
    return true;
}

bool recall(struct memory *memory, struct cache_lookup *lookup, struct memory_now now)
{
    enum memory_part want = lookup->want_gzip ? MEMORY_PACKED : MEMORY_BODY;
    char room[KEY_HASHED_MAX];
    struct memory_key key;
    struct memory_hit hit;
    bool found = false;

    if (lookup->room == NULL || !memory_lease_valid(memory, now.mono_ns))
        return false;
    key = memory_key(key_name(lookup->name, room));
    if (lookup->head_only)
        found = recall_record(memory, lookup, &key, now, MEMORY_HEAD, &hit) &&
                recall_take(lookup, &hit) && str_eq(lookup->entry.etag, lookup->if_none_match);
    if (!found)
        found = recall_record(memory, lookup, &key, now, want, &hit) && recall_take(lookup, &hit);
    if (!found)
        return false;
    lookup->err = ERR_OK;
    lookup->detail = CACHE_DETAIL_NONE;
    return true;
}
