/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_SEGMENT_H
#define LARDER_MEMORY_SEGMENT_H

#include "memory/ring.h"
#include "memory/segment_layout.h"

/* Inside of memory/.  A handle: this process's view of the segment. */

struct stripe {
    struct stripe_line *line;
    struct bucket *buckets;
    struct ghost *ghosts;
    uint32_t bucket_count, ghost_count;
    struct ring rings[RINGS];
};

struct memory {
    int fd;         /* holds the shared lock, and that of the place */
    uint32_t place; /* among the writers; 0: of no registered one */
    void *base;
    size_t size;
    struct segment *segment;
    struct tag_line *tags;
    uint64_t bytes;
    uint32_t units_max;    /* of a record */
    uint32_t stripe_count; /* 0 without record memory; a power of two */
    struct stripe stripes[MEMORY_STRIPES_MAX];
    struct memory_view *view; /* NULL: it may be written to */
};

/* --- segment.c --- */

/* "/" before the name, as shm_open wants it; false for what is no name of a segment. */
bool segment_path(const char *name, char path[static MEMORY_NAME_MAX + 2]);

/* Whether the name still leads to what is open, which has this size.  Two system calls. */
bool segment_is_named(int fd, const char *path, off_t size);

enum segment_state { SEGMENT_NONE, SEGMENT_OTHER_VERSION, SEGMENT_UNFINISHED, SEGMENT_READY };

/* What the object is now, and for how many bytes of records. */
enum segment_state segment_inspect(int fd, uint64_t *bytes);
/* Maps the object of m->fd, which is for so many bytes; ERR_IO. */
enum err segment_map(struct memory *m, uint64_t bytes, int protection);
void segment_unmap(struct memory *m);
/* Whether the head says what it said when it was mapped. */
bool segment_has_head(const struct memory *m);

/* Whether the stamp is further ahead than who sets one may go.  now_ms may be old, when who read it
 * was stopped since: the clock is asked once more before a stamp is thrown away. */
bool stamp_is_bogus(uint64_t stamp, uint64_t now_ms, uint64_t max_ms);

static inline struct stripe *memory_stripe(struct memory *m, uint64_t hash)
{
    return &m->stripes[hash >> 60 & (m->stripe_count - 1)];
}

#endif
