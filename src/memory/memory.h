/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_MEMORY_H
#define LARDER_MEMORY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"

/* The cache segment of one host: shared memory that every worker maps.  It holds finished answers
 * (records), the table of tags that says which of them may still be believed, and the lease without
 * which none is.  segment_layout.h describes the bytes.
 *
 * Nothing here waits: readers take no lock, tags and lease are atomic words, and a writer that
 * finds a stripe locked gives up.  A process may be killed at any instruction of any function; what
 * it leaves behind is at worst a fence, which expires, and a record that nobody can find.
 *
 * Times: mono_ns is CLOCK_MONOTONIC in nanoseconds, the same for all processes of a host; wall_ms
 * is milliseconds since 1970.  Ask for the monotonic time after the request has arrived: a reader
 * that was stopped since it read the clock would believe a lease that has run out.
 *
 * A handle may be used from several threads. */
struct memory;

enum {
    MEMORY_TAGS_MAX = 8,      /* tags of a record */
    MEMORY_KEY_MAX = 4096,    /* bytes of a key */
    MEMORY_NAME_MAX = 100,    /* bytes of a segment's name */
    MEMORY_WHY_SIZE = 200,    /* bytes of an explanation, with its NUL */
    MEMORY_TAG_SLOTS = 32768, /* lines of the tag table */
    /* No time in the segment is further ahead than this, in ms.  One that is was not set by any
     * worker; it is ignored, or it would turn the cache off for that long. */
    MEMORY_FENCE_MAX_MS = 10000,
    MEMORY_LEASE_MAX_MS = 1000,
};
#define MEMORY_BYTES_MIN (UINT64_C(4) << 20)
#define MEMORY_BYTES_MAX (UINT64_C(64) << 30)

/* --- Opening --- */

/* Whether it is such a name: MEMORY_NAME_MAX letters, digits, '.', '_' and '-' at most, and no '.'
 * first. */
bool memory_is_name(const char *name);

struct memory_config {
    const char *name; /* letters, digits, '.', '_' and '-': the object is /dev/shm/<name> */
    uint64_t bytes;   /* for records: 0 (only tags and lease) or MEMORY_BYTES_MIN to _MAX */
    bool attach;      /* never make or change the segment, take it as it is: for tools */
    bool shown;       /* to this group, which may read it and not write to it */
    gid_t group;
};

struct memory_opened {
    uint64_t bytes;  /* for records, as it is */
    bool created;    /* made by this call: everything is empty */
    bool resized;    /* records are empty, tags are kept */
    bool other_size; /* others hold it with another size than the configured one, which was kept */
    char why[MEMORY_WHY_SIZE]; /* after an error: what is wrong and what to do, one sentence */
};

/* Maps the segment, making it first where it is missing.  A process that has it to itself may
 * resize it; tags, fences and pending marks survive that.  May wait up to 30 s for another
 * process that is making it, so call it before the event loop runs. ERR_INVALID (name), ERR_RANGE
 * (bytes), ERR_NOT_FOUND (attach, and there is none), ERR_TOO_LARGE (no room in shared memory),
 * ERR_DENIED (another user's, or open to others), ERR_UNSUPPORTED (held by processes of another
 * version: a worker must not run beside them, its writes would go unseen), ERR_BUSY (still being
 * made after 30 s), ERR_IO.  opened is always filled in; on success *out is freed by memory_close.
 */
enum err memory_open(const struct memory_config *config, struct memory **out,
                     struct memory_opened *opened);
/* Unmaps it; the segment stays.  NULL is allowed. */
void memory_close(struct memory *m);
/* Whether later openers get this segment: false once its name was taken away under its users (an
 * administrator's rm, systemd's RemoveIPC).  Workers that start then share another table, and this
 * one learns of their writes as of another host's only: ask every second or so, and when it is
 * false turn memory off and let the worker be replaced.  One system call. */
bool memory_is_linked(const struct memory *m);
/* Whether its head is as it was when it was opened.  False once others have written over
 * it: nobody can open it any more, and what it holds may be anything. */
bool memory_is_sound(const struct memory *m);
/* Takes the name away from a segment that is not sound, if it still has it, so that later openers
 * make a new one; nothing of this one is believed any more. */
void memory_put_aside(struct memory *m, const char *name);
/* Takes the name away; who has it mapped keeps it, and later openers make a new one.  Only for when
 * all workers are gone: two segments on one host know nothing of each other's writes.
 * ERR_NOT_FOUND, ERR_DENIED, ERR_INVALID, ERR_IO. */
enum err memory_unlink(const char *name);

/* --- A view ---
 * A read-only mapping of the segment, for nginx. It holds no lock, so no worker waits for it, and
 * the object may be removed, truncated or replaced at any time: then nothing is found any more, and
 * the view must be closed and opened again. Of the functions below, only memory_get and
 * memory_lease_valid take a view. */

struct memory_view; /* opaque */

/* Called for each hit, since a view cannot count it in the segment. */
typedef void memory_used_at(void *context, uint64_t key_hash);

/* Opens the object of this name, which must belong to the user whose number is in the name
 * ("larder-990-…"), else to root or to the caller.  *out is freed by memory_view_close.
 * ERR_NOT_FOUND (there is none, or it is being made), ERR_DENIED, ERR_INVALID (name),
 * ERR_UNSUPPORTED (of another version), ERR_IO. */
enum err memory_view_open(const char *name, memory_used_at *used, void *context,
                          struct memory **out);
/* NULL is allowed. */
void memory_view_close(struct memory *m);
/* Returns false if the view must be opened again. Two system calls: call several times a second. */
bool memory_view_is_current(const struct memory *m);

/* --- Tags ---
 * A slot is shared by all tags that hash to it.  Two tags in one slot invalidate each other, which
 * costs a fill and is never wrong. */

/* The slot of a tag: hash64 of its text modulo MEMORY_TAG_SLOTS. */
uint32_t memory_slot(struct str tag);
/* A token for one write's fences, unlike any other of this process's last 65,000. */
uint32_t memory_token(struct memory *m);
/* Fences a tag for a write: until the fence is released or expires_ns has passed, nothing is served
 * or stored under the tag, and all that was stored before is void for good.  At most
 * MEMORY_FENCE_MAX_MS after mono_ns. */
void memory_fence(struct memory *m, uint32_t slot, uint32_t token, int64_t mono_ns,
                  int64_t expires_ns);
/* Releases a write's fence; answers read meanwhile are void.  A slot has
 * room for four fences at a time; one beyond them stays until it expires. */
void memory_release(struct memory *m, uint32_t slot, uint32_t token);
/* Registers this process, so that its fences are removed when it dies. id: not 0, unlike that of
 * any other process. Returns false if there is no place left; then its fences stay until they
 * expire. */
bool memory_register(struct memory *m, uint32_t id);
/* Removes the fences of one dead process, with a new sequence number for each tag, and returns its
 * id; 0: none is dead. Its write may still reach MongoDB: the cache guards against that by other
 * means (docs/caching.md). */
uint32_t memory_reap(struct memory *m);
/* Voids what is stored or being read under the tag. */
void memory_bump(struct memory *m, uint32_t slot);
/* Marks an invalidation of this tag as pending: nothing is served or stored under it until it is
 * settled. Returns the mark's generation, never 0. */
uint64_t memory_set_pending(struct memory *m, uint32_t slot);
/* The generation of the open mark, or 0 when nothing is pending.  The settler asks before it
 * lists the documents, and settles exactly that generation. */
uint64_t memory_pending(const struct memory *m, uint32_t slot);
/* Settles and bumps the tag. Returns false, without a change, if the slot was marked again since.
 */
bool memory_settle(struct memory *m, uint32_t slot, uint64_t generation);
/* Moves *slot on to the first pending one from *slot; false when there is none. */
bool memory_pending_next(const struct memory *m, uint32_t *slot);
/* Voids all records and all reads under way. */
void memory_void(struct memory *m);

/* How many tags are fenced and how many are pending, and for how long the oldest of these.  Reads
 * the whole table: for monitoring. */
struct memory_writes {
    uint32_t fences, pending;
    uint64_t oldest_ms;
};
void memory_writes(const struct memory *m, int64_t mono_ns, struct memory_writes *writes);

enum memory_flags {
    MEMORY_FENCED = 1,
    MEMORY_PENDING = 2,
    MEMORY_MOVED = 4,    /* of memory_check: bumped or voided since the snapshot */
    MEMORY_TOO_MANY = 8, /* more than MEMORY_TAGS_MAX tags: such an answer cannot be stored */
};

struct memory_tag {
    uint64_t seq;
    uint32_t slot;
};

/* The state of an answer's tags at one moment.  Take it when the request arrives, before anything
 * is asked of Redis or MongoDB, and hand it to memory_put with the answer. */
struct memory_snapshot {
    uint64_t void_gen;
    uint32_t count;
    unsigned flags; /* enum memory_flags, at that moment */
    struct memory_tag tags[MEMORY_TAGS_MAX];
};

/* Fills the snapshot and gives its flags; 0 means that answers under these tags may be believed and
 * stored. */
unsigned memory_snapshot(const struct memory *m, const uint32_t *slots, size_t count,
                         int64_t mono_ns, struct memory_snapshot *snapshot);
/* The flags of the snapshot's tags now, with MEMORY_MOVED, and those it was taken with; 0 means
 * that an answer asked for after the snapshot may be believed and stored. */
unsigned memory_check(const struct memory *m, const struct memory_snapshot *snapshot,
                      int64_t mono_ns);

/* --- Lease ---
 * Memory is believed only while one process of the host, the listener, knows that it receives the
 * writes of other hosts.  Two times belong to it: the claim says who may try and how long others
 * must leave it alone; the validity is what readers look at.  A new listener takes the claim,
 * subscribes, voids, and only then renews.  Neither may be more than MEMORY_LEASE_MAX_MS ahead. */

struct memory_lease {
    uint32_t number; /* of this claim */
};

/* Takes the claim if nobody holds one, until mono_ns + ttl_ns.  False while another's is valid. */
bool memory_lease_acquire(struct memory *m, int64_t mono_ns, int64_t ttl_ns,
                          struct memory_lease *lease);
/* Prolongs the claim, also one that has expired if nobody has taken it since.  False when it is
 * lost: stop listening. */
bool memory_lease_keep(struct memory *m, const struct memory_lease *lease, int64_t mono_ns,
                       int64_t ttl_ns);
/* Records are believed until until_ns; 0 turns them off at once.  False when a later claim has
 * renewed: stop listening. */
bool memory_lease_renew(struct memory *m, const struct memory_lease *lease, int64_t until_ns);
/* Turns records off and gives the claim away, if they are still this lease's. */
void memory_lease_release(struct memory *m, const struct memory_lease *lease);
bool memory_lease_valid(const struct memory *m, int64_t mono_ns);

/* --- Records --- */

struct memory_now {
    int64_t mono_ns, wall_ms;
};

/* A key and its hash, so that it is hashed once a request.  Borrows the text. */
struct memory_key {
    struct str text;
    uint64_t hash;
};

static inline struct memory_key memory_key(struct str text)
{
    return (struct memory_key){text, hash64(text.ptr, text.len)};
}

/* What an answer consists of: a head, which is all that a 304 needs, and a body, also in packed
 * form (compressed) if there is one.  Any of them may be empty. */
enum memory_part { MEMORY_HEAD, MEMORY_BODY, MEMORY_PACKED, MEMORY_PARTS };

struct memory_item {
    struct memory_key key;
    struct str parts[MEMORY_PARTS];
    int64_t expires_ms; /* wall clock: never served from then on */
};

struct memory_hit {
    uint32_t lens[MEMORY_PARTS]; /* of all parts, copied or not */
    enum memory_part last;       /* what was copied behind the head; MEMORY_HEAD is nothing */
};

/* Copies an answer to the caller's buffer: the head and right behind it the body that is wanted;
 * MEMORY_HEAD wants none, and where there is no packed one MEMORY_PACKED gets the other.  A hit is
 * what was stored, whole, under tags none of which has moved, is fenced or pending at a moment
 * between call and return, with the lease valid at now. ERR_OK: the bytes are in to. ERR_TOO_LARGE:
 * there is a hit, of the sizes in hit, but not the room; nothing was copied.  ERR_NOT_FOUND: a
 * miss, whatever the reason; what is in to is then undefined. */
enum err memory_get(struct memory *m, const struct memory_key *key, struct memory_now now,
                    enum memory_part want, void *to, size_t room, struct memory_hit *hit);

/* Stores an answer that was asked for after the snapshot; what was stored under the key is
 * replaced. ERR_STALE: a tag has moved, is or was fenced or pending, or all was voided.  ERR_BUSY:
 * another process is writing in this stripe.  ERR_TOO_LARGE: key, parts or the number of tags.
 * ERR_UNSUPPORTED: there is no memory for records.  After each of them nothing has changed, and the
 * caller loses nothing but a copy. */
enum err memory_put(struct memory *m, const struct memory_item *item,
                    const struct memory_snapshot *snapshot, int64_t mono_ns);
/* The record of a key with this hash was hit so many times by others: it is worth keeping. */
void memory_used(struct memory *m, uint64_t key_hash, unsigned times);
/* Drops one record: for tools, never needed for correctness.  ERR_NOT_FOUND, ERR_BUSY. */
enum err memory_remove(struct memory *m, const struct memory_key *key);
/* Largest key and parts together that memory_put takes; 0 without record memory. */
size_t memory_item_max(const struct memory *m);

/* --- How full it is --- */

struct memory_stats {
    uint64_t bytes;     /* for records, as configured */
    uint64_t used;      /* of them, by records served or not yet overwritten */
    uint64_t records;   /* findable; may be off by one for each worker killed while storing */
    uint64_t evictions; /* dropped for want of room while they were findable */
    uint64_t recovered; /* writers found dead while storing */
};

void memory_stats(const struct memory *m, struct memory_stats *stats);

/* --- For tools --- */

/* Shows every record that can be found, served or not, in no order, until each returns false.
 * hit and key are valid during the call only.  Records stored or dropped meanwhile may be missed.
 */
void memory_each(struct memory *m,
                 bool (*each)(void *arg, struct str key, const struct memory_hit *hit,
                              bool current),
                 void *arg);

/* Looks through all structures for anything that must not be: every record's checksums, and every
 * index entry's record.  Locks one stripe after the other, waiting for it: for tests and tools.
 * ERR_INTERNAL with the finding in why, else ERR_OK. */
enum err memory_verify(struct memory *m, char why[static MEMORY_WHY_SIZE]);

#endif
