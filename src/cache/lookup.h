/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_LOOKUP_H
#define LARDER_CACHE_LOOKUP_H

#include "cache/cache_state.h"
#include "cache/key.h"

/* A look-up that was no hit in memory: it asks Redis, and then takes part in a fill. */
struct lookup_state {
    struct cache *cache;
    struct cache_lookup *lookup;
    struct trace *trace;             /* the request's, if it is one's; a reference */
    int64_t asked_ns;                /* when Redis was asked last */
    struct lookup_state *next;       /* among those that wait for a fill, or for a write */
    struct memory_snapshot snapshot; /* of the tags when the request arrived */
    uint64_t generation;             /* of the connection that was asked */
    int64_t patient_until_ms;        /* monotonic: it waits for writes no longer; 0: it has not */
    size_t at;                       /* of the entry in the reply to MGET */
    uint64_t versions[ENTRY_TAGS_MAX];
    bool fences_asked;        /* with the entry and the tags */
    bool versions_known;      /* all of them, from Redis, and still of this generation */
    bool memory_ok;           /* Redis was asked and knows of no write under way */
    bool brief;               /* it knows of some, all of dead writers (entry.h) */
    bool background;          /* nobody waits for the answer */
    enum cache_detail bypass; /* why the answer may not be stored in Redis; NONE: it may */
    struct buf older;         /* an entry past its time, for when MongoDB is away */
    struct memory_key key;    /* of its name, bounded */
    char room[KEY_HASHED_MAX];
};

/* Whether both ask for the same entry: names that begin alike differ by their hashes. */
static inline bool lookup_is_same(const struct lookup_state *a, const struct lookup_state *b)
{
    return a->key.hash == b->key.hash && str_eq(a->key.text, b->key.text);
}

/* The tags' versions, in the reply from item at on; false when one is missing. */
bool lookup_take_versions(struct lookup_state *state, const struct redis_value *reply, size_t at);
/* Whether the entry was asked for when the tags had these versions. */
bool lookup_versions_match(const struct lookup_state *state, const struct entry *entry);

/* What a reply to MGET says. */
enum lookup_verdict {
    VERDICT_HIT,
    VERDICT_STALE,
    VERDICT_MISS,
    VERDICT_BYPASS,
    VERDICT_BRIEF /* a hit if there is a fence; the first look has not asked for them */
};

/* Judges the reply, noting versions, bypass and an older entry in state; on HIT and STALE entry
 * borrows from the reply. */
enum lookup_verdict lookup_judge(struct lookup_state *state, enum err err,
                                 const struct redis_value *reply, struct entry *entry);
/* Acts on what the first look found. */
void lookup_take(struct lookup_state *state, enum err err, const struct redis_value *reply);
/* From Redis, or into a fill: for a state that waits for nothing. */
void lookup_start(struct lookup_state *state);
/* As if the request had arrived now: for a state that has waited for a write. */
void lookup_again(struct lookup_state *state);
/* Answers (unless it is in the background) and frees the state. */
void lookup_answer(struct lookup_state *state, const struct entry *entry, enum cache_source source,
                   enum cache_detail detail);
void lookup_fail(struct lookup_state *state, enum err err);
/* Takes each out of a list of those that wait, and then calls act. */
void lookup_each(struct lookup_state *first, void (*act)(struct lookup_state *state));
/* Into shared memory, if its tags allow that. */
void lookup_remember(struct lookup_state *state, const struct entry *entry, struct str head);

/* ask.c: MGET entry, tags, born, for all that this turn of the loop gathers; lookup_take() has the
 * reply.  The first look asks for no fences: an entry is stored with versions that were read while
 * no fence stood, and a fence comes with new versions, so what has the tags' versions is not
 * fenced, unless it is brief; and script_begin sees fences before anything is stored. */
void asks_gather(struct asks *all, struct lookup_state *state);
/* MGET entry, tags, fences, born, at once: one that waits may store with the versions of this one.
 */
void asks_again(struct lookup_state *state, redis_callback *callback, void *context);

/* ask.c: lookup_again() comes within milliseconds, whether the write is over or not; false when
 * this look-up has waited long enough. */
bool waits_join(struct waits *waits, struct lookup_state *state);

/* fill.c: joins a fill that may be joined, or starts one. */
void fill_enter(struct lookup_state *state);

#endif
