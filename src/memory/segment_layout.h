/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_SEGMENT_LAYOUT_H
#define LARDER_MEMORY_SEGMENT_LAYOUT_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "memory/memory.h"

/* The bytes of the segment: a contract with every program that maps it.  Any change of meaning or
 * place gets a new MEMORY_LAYOUT.  Words are in the host's byte order.
 *
 *     struct segment                                  one page
 *     struct tag_line   [MEMORY_TAG_SLOTS]            2 MiB
 *     struct stripe_line[stripes]                     from here on only when bytes > 0
 *     struct bucket     [stripes × buckets]           the index
 *     struct ghost      [stripes × ghosts]
 *     rings             [stripes × (small + main)]    units of 16 bytes
 *
 * How many there are follows from bytes alone (segment.c, geometry).  Everything that is written
 * after the creation is atomic, the rings' words included, but for the locks.
 *
 * A process that maps the segment holds flock(LOCK_SH) on the object; one that resizes or recreates
 * it holds LOCK_EX, and so is alone. A writing process also locks one byte (F_OFD_SETLK), the
 * number of its place, which the kernel releases when the process dies.
 *
 * A stamp packs a time and a number into one word, so that one compare-and-swap decides on both:
 * monotonic milliseconds in the upper 40 bits (34 years), the number in the lower 24.  0 is none.
 * A fence's number is a token: the writer's place in the upper 8 of its bits.
 *
 * Orders that readers depend on.  A writer's steps are done in the order given here, and a reader
 * takes them in the opposite one:
 *  - a fence is set, then seq grows; seq grows, then the fence goes; seq grows, then pending is
 *    cleared.  A reader loads seq first and fences and pending after it: if it saw the seq of a
 * write under way it sees the fence too, or a seq that will never be current again.
 *  - the segment's pending grows, then a tag's is set; that is cleared, then the segment's shrinks.
 *  - the listener voids and bumps, then renews.  A reader loads valid, then void_gen, then tags.
 *  - tail passes a record, then its bytes are overwritten.  A reader copies, then loads tail.
 *  - a record's bytes are written, then its index entry. */
#define MEMORY_MAGIC UINT64_C(0x314745535244524c) /* "LRDRSEG1" */
enum {
    MEMORY_LAYOUT = 4,
    MEMORY_LINE = 64, /* bytes of a cache line */
    MEMORY_FENCES = 4,
    MEMORY_UNIT = 16, /* records begin at multiples of it */
    MEMORY_STRIPES_MAX = 16,
    MEMORY_WRITERS = 256, /* places of processes that write, and one, 0, of all others */
    MEMORY_BUCKET = 7,    /* entries of a bucket */
    MEMORY_GHOSTS = 15,   /* fingerprints of a ghost line */
};

struct segment {
    /* Magic and layout lie here in every version; magic is stored last. */
    _Atomic uint64_t magic;
    uint32_t layout;
    uint32_t lock_bytes;    /* sizeof(pthread_mutex_t): another C library, another layout */
    _Atomic uint64_t bytes; /* for records; SEGMENT_RESIZING while that is being changed */
    /* Read by each hit, written by the listener every few milliseconds. */
    _Alignas(MEMORY_LINE) _Atomic uint64_t valid; /* stamp: until when, by which claim */
    _Atomic uint64_t void_gen;
    /* Written rarely. */
    _Alignas(MEMORY_LINE) _Atomic uint64_t claim; /* stamp: until when, number of the claim */
    uint64_t unused;
    _Atomic uint32_t token;   /* the last one given out */
    _Atomic uint32_t pending; /* no fewer than pending tags; more after a kill */
    /* Of each place the id of the process that has it, or had it until it died; 0: it is free. */
    _Alignas(MEMORY_LINE) _Atomic uint32_t writers[MEMORY_WRITERS];
};
#define SEGMENT_RESIZING UINT64_MAX
enum { SEGMENT_HEADER = 4096 };

struct tag_line {
    _Alignas(MEMORY_LINE) _Atomic uint64_t seq; /* grows with each change */
    _Atomic uint64_t fences[MEMORY_FENCES];     /* stamps: until when, token */
    _Atomic uint64_t overflow;                  /* stamp: until when; never taken away */
    _Atomic uint64_t pending;                   /* generation << 1 | whether it is open */
    _Atomic uint64_t owed_ms; /* monotonic, since when it is open; 0: not known, as in layouts
                                 before this word had a meaning */
};

/* A place in a ring: lap << 32 | unit.  Laps begin at 1; places only ever grow. */
struct ring_ends {
    _Atomic uint64_t head; /* where the next record goes */
    _Atomic uint64_t tail; /* below it everything may be overwritten at any time */
};

enum { RING_SMALL, RING_MAIN, RINGS };

struct stripe_line {
    _Alignas(MEMORY_LINE) struct ring_ends ends[RINGS];
    _Alignas(MEMORY_LINE) pthread_mutex_t lock; /* robust, shared: taken by writers only */
    /* Written under the lock. */
    _Alignas(MEMORY_LINE) _Atomic uint64_t records, evictions, recovered;
    _Atomic uint32_t largest; /* units of the largest record so far */
};

/* An entry: fingerprint (the key hash's low 16 bits) << 48 | ring << 47 | low 15 bits of the lap
 * << 32 | unit.  0 is none. */
struct bucket {
    _Alignas(MEMORY_LINE) _Atomic uint64_t entries[MEMORY_BUCKET];
    _Atomic uint8_t uses[8]; /* hits of each entry, up to 3; the last one is not used */
};

/* The fingerprints of keys lately evicted from the small ring, and where the next one goes. */
struct ghost {
    _Alignas(MEMORY_LINE) _Atomic uint32_t prints[MEMORY_GHOSTS];
    _Atomic uint32_t next;
};

enum { RECORD_ENTRY = 1, RECORD_PAD = 2 };

/* What a record begins with.  tags are slot << 48 | the low 48 bits of seq; as many as there are
 * lie here.  The key and the parts follow, each filled up to 8 bytes with zeros. */
struct record {
    uint64_t sum;   /* hash64 of the rest of this struct, up to the last tag */
    uint32_t units; /* the whole record */
    uint16_t key_len;
    uint8_t tag_count;
    uint8_t kind;
    uint64_t key_hash, void_gen;
    int64_t expires_ms;
    uint32_t lens[MEMORY_PARTS], unused;
    uint64_t sums[MEMORY_PARTS]; /* hash64 of each part */
    uint64_t tags[MEMORY_TAGS_MAX];
};

enum { RECORD_WORDS = 10 }; /* without tags */

static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "needs atomic words");
static_assert(sizeof(_Atomic uint64_t) == 8 && sizeof(_Atomic uint32_t) == 4, "plain words");
static_assert(sizeof(struct segment) <= SEGMENT_HEADER, "the header is one page");
static_assert(sizeof(struct tag_line) == MEMORY_LINE, "a slot is one line");
static_assert(sizeof(struct bucket) == MEMORY_LINE, "a bucket is one line");
static_assert(sizeof(struct ghost) == MEMORY_LINE, "a ghost line is one line");
static_assert(sizeof(pthread_mutex_t) <= MEMORY_LINE, "a lock is one line");
static_assert(offsetof(struct record, tags) == RECORD_WORDS * 8, "no gaps");
static_assert(MEMORY_KEY_MAX <= UINT16_MAX, "a key's length fits");

/* The place of the writer whose fence it is. */
static inline uint32_t token_place(uint32_t token)
{
    return token >> 16 & (MEMORY_WRITERS - 1);
}

/* ms must be below 2^40. */
static inline uint64_t stamp_make(uint64_t ms, uint32_t number)
{
    return ms << 24 | (number & 0xffffff);
}

static inline uint64_t stamp_ms(uint64_t stamp)
{
    return stamp >> 24;
}

static inline uint32_t stamp_number(uint64_t stamp)
{
    return (uint32_t)(stamp & 0xffffff);
}

/* The millisecond that a time lies in; 0 for what lies before the boot. */
static inline uint64_t ms_of(int64_t mono_ns)
{
    return mono_ns > 0 ? (uint64_t)mono_ns / 1000000 : 0;
}

#endif
