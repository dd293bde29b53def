/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_ENTRY_H
#define LARDER_CACHE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* One cached answer: a head, the finished body, and the same body compressed where that saves
 * enough. A hit does no JSON work, and a 304 needs only the head.  The same bytes lie in Redis
 * (head, plain, gzip) and in shared memory (head and one of the bodies).
 *
 * The head is little-endian: magic, sizes, status, times in milliseconds since 1970, and the
 * versions of its tags from before the database was asked. The head has no checksum: seal.h checks
 * entries from Redis, memory checks its records. */

enum {
    ENTRY_TAGS_MAX = 4,
    ENTRY_ETAG_MAX = 48,
    ENTRY_HEAD_MAX = 256,
    ENTRY_AHEAD_MS = 60000,    /* how far the clocks of two hosts may differ */
    ENTRY_SIZE_MAX = 256 << 10 /* head and bodies together; a larger answer is not cached */
};

#define ENTRY_TIME_MAX (INT64_C(1) << 52) /* so that no sum of times overflows */

struct entry {
    unsigned status;        /* 200 or 404 */
    int64_t created_ms;     /* when it was filled */
    int64_t fresh_until_ms; /* served as fresh until then */
    int64_t stale_until_ms; /* served while a refill runs until then */
    int64_t error_until_ms; /* served while MongoDB is away until then */
    uint32_t fill_ms;       /* how long the fill took, for early refresh (XFetch) */
    uint32_t source_at;     /* offset of the word cache in plain, 0 when the body has no source */
    struct str etag;        /* with its quotes, or empty */
    bool passing;           /* of a fill: answers its waiters and is not cached */
    struct str plain, gzip; /* gzip may be empty */
    struct buf *plain_from, *gzip_from; /* of a fill: the buffers that own the bytes; the last
                                           waiter may take them; NULL: not to be taken */
    uint64_t versions[ENTRY_TAGS_MAX];
    size_t tag_count;
    bool brief; /* filled under the fence of a dead writer: valid only together with a fence on one
                   of its tags, never in memory */
    bool written; /* stored by the write of its item, not by a fill */
    bool empty;   /* of a fill: an empty list, or its total */
};

/* Writes the head; the sizes are those of entry->plain and entry->gzip. */
void entry_encode(const struct entry *entry, struct buf *head);
/* Parses head and bodies. The entry's strings borrow from bytes. Returns ERR_SYNTAX if this is no
 * entry of this format. */
enum err entry_decode(struct str bytes, struct entry *entry);
/* Parses a head without bodies: plain and gzip get lengths and no bytes. *head_len is the head's
 * size. */
enum err entry_decode_head(struct str bytes, struct entry *entry, size_t *head_len);

/* Whether the entry was created in the future, by a wrong clock. */
static inline bool entry_is_ahead(const struct entry *entry, int64_t now_ms)
{
    return entry->created_ms > now_ms + ENTRY_AHEAD_MS;
}
static inline bool entry_is_fresh(const struct entry *entry, int64_t now_ms)
{
    return now_ms < entry->fresh_until_ms;
}

/* Whether this request should refill the entry before it expires; more likely the nearer that is
 * and the longer a fill takes (Vattani, Chierichetti, Lowenstein: "Optimal Probabilistic Cache
 * Stampede Prevention", VLDB 2015, with beta = 1).  unit is a random number in (0, 1]. */
bool entry_wants_refresh(const struct entry *entry, int64_t now_ms, double unit);

#endif
