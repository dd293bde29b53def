/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_ENTRY_H
#define LARDER_CACHE_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* One cached answer: a head, then the finished body as plain bytes and, where that is worth it, the
 * same bytes compressed.  A hit does no JSON work, and a 304 needs the head only.  The same bytes
 * lie in Redis (head, plain, gzip) and in shared memory (head and one of the bodies).
 *
 * The head is little-endian: magic, sizes, status, times in milliseconds since 1970, and the
 * versions that its tags had when the answer was asked for.  Whether the bytes are what was written
 * is not seen from them: seal.h looks at what comes from Redis, memory at its own records. */

enum {
    ENTRY_TAGS_MAX = 4,
    ENTRY_ETAG_MAX = 48,
    ENTRY_HEAD_MAX = 256,
    ENTRY_AHEAD_MS = 60000,    /* by which the clocks of two hosts may differ */
    ENTRY_SIZE_MAX = 256 << 10 /* of head and bodies together; a larger answer is not cached */
};

#define ENTRY_TIME_MAX (INT64_C(1) << 52) /* so that no sum of times overflows */

struct entry {
    unsigned status;        /* 200 or 404 */
    int64_t created_ms;     /* when it was filled */
    int64_t fresh_until_ms; /* served without a second thought until then */
    int64_t stale_until_ms; /* served while it is being filled again until then */
    int64_t error_until_ms; /* served until then when MongoDB is away */
    uint32_t fill_ms;       /* what the fill took: for early refresh (XFetch) */
    uint32_t source_at;     /* offset of the word cache in plain, 0 when the body has no source */
    struct str etag;        /* with its quotes, or empty */
    bool passing;           /* of a fill: is answered with, and not kept */
    struct str plain, gzip; /* gzip may be empty */
    struct buf *plain_from, *gzip_from; /* of a fill: the buffers that the bytes are in, which who
                                           is answered last may take; NULL: nobody may */
    uint64_t versions[ENTRY_TAGS_MAX];
    size_t tag_count;
    bool brief; /* it was filled under the fence of a dead writer: it counts only in a reply that
                   shows a fence on one of its tags, and never in memory */
    bool empty; /* when it is filled: a list of nothing, or its total */
};

/* The head for these fields: sizes are of entry->plain and entry->gzip. */
void entry_encode(const struct entry *entry, struct buf *head);
/* Head and bodies, as they were sealed.  Borrows bytes for the entry's strings.
 * ERR_SYNTAX: not an entry of this format. */
enum err entry_decode(struct str bytes, struct entry *entry);
/* The head alone, as peeked from memory: plain and gzip have their lengths and no bytes; *head_len
 * is the head's size. */
enum err entry_decode_head(struct str bytes, struct entry *entry, size_t *head_len);

/* Made later than it can be by now: by a clock that is wrong. */
static inline bool entry_is_ahead(const struct entry *entry, int64_t now_ms)
{
    return entry->created_ms > now_ms + ENTRY_AHEAD_MS;
}
static inline bool entry_is_fresh(const struct entry *entry, int64_t now_ms)
{
    return now_ms < entry->fresh_until_ms;
}

/* Whether this request should fill it again before it runs out: the more likely the nearer the end
 * and the dearer the fill (Vattani, Chierichetti, Lowenstein: "Optimal Probabilistic Cache Stampede
 * Prevention", VLDB 2015, with beta = 1).  unit is a random number in (0, 1]. */
bool entry_wants_refresh(const struct entry *entry, int64_t now_ms, double unit);

#endif
