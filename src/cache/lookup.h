/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_LOOKUP_H
#define LARDER_CACHE_LOOKUP_H

#include "cache/cache_state.h"
#include "cache/key.h"

/* A look-up that missed in memory: it asks Redis, and then joins or starts a fill. */
struct lookup_state {
    struct cache *cache;
    struct cache_lookup *lookup;
    struct trace *trace;             /* a reference to the request's; NULL in the background */
    int64_t asked_ns;                /* when Redis was asked last */
    struct lookup_state *next;       /* next look-up that waits for the same fill or write */
    struct memory_snapshot snapshot; /* the tags when the request arrived */
    uint64_t generation;             /* of the connection to Redis that was asked */
    int64_t patient_until_ms; /* monotonic, when to stop waiting for writes; 0: has not waited */
    size_t at;                /* index of the entry in the reply to MGET */
    uint64_t versions[ENTRY_TAGS_MAX];
    bool fences_asked;        /* fences were asked for too */
    bool versions_known;      /* all versions came from Redis, over the current connection */
    bool memory_ok;           /* Redis was asked and has no fence of a write under way */
    bool brief;               /* all of its fences are of dead writers (entry.h) */
    bool background;          /* a refill: nobody waits for the answer */
    enum cache_detail bypass; /* why the answer may not be stored in Redis; NONE: it may */
    struct buf older;         /* an expired entry, served if MongoDB is away */
    struct memory_key key;    /* hash and bounded text of the name */
    char room[KEY_HASHED_MAX];
};

/* Whether both look up the same entry. */
static inline bool lookup_is_same(const struct lookup_state *a, const struct lookup_state *b)
{
    return a->key.hash == b->key.hash && str_eq(a->key.text, b->key.text);
}

/* Takes the tags' versions from the reply, from item at on. False if one is missing. */
bool lookup_take_versions(struct lookup_state *state, const struct redis_value *reply, size_t at);
/* Whether the entry was filled under the tags' current versions. */
bool lookup_versions_match(const struct lookup_state *state, const struct entry *entry);

/* What a reply to MGET says. */
enum lookup_verdict {
    VERDICT_HIT,
    VERDICT_STALE,
    VERDICT_MISS,
    VERDICT_BYPASS,
    VERDICT_BRIEF /* a hit only under a fence, and the first look did not ask for fences */
};

/* Judges the reply. Sets versions, bypass and the older entry in state; with HIT and STALE, entry
 * borrows from the reply. */
enum lookup_verdict lookup_judge(struct lookup_state *state, enum err err,
                                 const struct redis_value *reply, struct entry *entry);
/* Acts on the reply to the first look. */
void lookup_take(struct lookup_state *state, enum err err, const struct redis_value *reply);
/* Asks Redis, or enters a fill. The state must not be waiting. */
void lookup_start(struct lookup_state *state);
/* Starts anew after waiting for a write, as if the request had just arrived. */
void lookup_again(struct lookup_state *state);
/* Answers, unless in the background, and frees the state. */
void lookup_answer(struct lookup_state *state, const struct entry *entry, enum cache_source source,
                   enum cache_detail detail);
void lookup_fail(struct lookup_state *state, enum err err);
/* Calls act for each of the waiting look-ups, after unlinking it. */
void lookup_each(struct lookup_state *first, void (*act)(struct lookup_state *state));
/* Stores the entry in shared memory if its tags allow it. */
void lookup_remember(struct lookup_state *state, const struct entry *entry, struct str head);

/* ask.c: sends MGET entry, tags, born for all look-ups of this turn of the loop; the reply goes to
 * lookup_take(). Fences are not needed at first: versions are read while there is no fence, and a
 * fence changes them, so an entry with current versions is not fenced, unless it is brief.
 * script_begin checks fences before anything is stored. */
void asks_gather(struct asks *all, struct lookup_state *state);
/* Sends MGET entry, tags, fences, born at once. A waiting look-up may store under these versions.
 */
void asks_again(struct lookup_state *state, redis_callback *callback, void *context);

/* ask.c: waits some milliseconds for a write, then calls lookup_again(). False if this look-up has
 * waited long enough. */
bool waits_join(struct waits *waits, struct lookup_state *state);

/* fill.c: joins a fill that may be joined, or starts one. */
void fill_enter(struct lookup_state *state);

#endif
