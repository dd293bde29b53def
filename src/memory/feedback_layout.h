/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_FEEDBACK_LAYOUT_H
#define LARDER_MEMORY_FEEDBACK_LAYOUT_H

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>

#include "memory/feedback_kinds.h"
#include "memory/memory.h"

/* Inside of memory/: the layout of the file. Each word has one writer: counts are written by the
 * slot's reader, the collected parts by the worker that holds the lock. */

#define FEEDBACK_MAGIC UINT64_C(0x314547444552444c) /* "LDREDGE1" */
enum {
    FEEDBACK_LAYOUT = 3,
    FEEDBACK_SLOTS = 64,
    FEEDBACK_MARKS = 4096,
    FEEDBACK_VIEWS = 4096, /* of different items between two times that a worker takes them */
    FEEDBACK_PROBES = 8,   /* places to look for a view */
    FEEDBACK_KINDS = 4,
    FEEDBACK_PAGE = 4096,
};

struct feedback_head {
    _Atomic uint64_t magic;
    uint32_t layout;
    _Atomic uint32_t policy;
    _Atomic uint8_t used[FEEDBACK_SLOTS]; /* the slot has pages */
};

struct feedback_numbers {
    _Atomic uint64_t counts[FEEDBACK_COUNTS];
    _Atomic uint64_t times[FEEDBACK_ROUTES][FEEDBACK_KINDS][FEEDBACK_BUCKETS];
};

/* hash: of name; 0 while name changes, which happens only when all of count is collected. */
struct feedback_place {
    _Atomic uint64_t count, taken, hash;
    uint32_t len;
    char name[FEEDBACK_VIEW_MAX];
};

struct feedback_marks {
    _Atomic uint64_t hashes[FEEDBACK_MARKS];
    _Atomic uint8_t times[FEEDBACK_MARKS];
};

struct feedback_slot {
    _Alignas(FEEDBACK_PAGE) _Atomic uint64_t changes; /* grows after each change */
    _Atomic uint64_t collected; /* the changes up to which all was collected */
    struct feedback_numbers told, taken;
    char patterns[FEEDBACK_ROUTES][FEEDBACK_ROUTE_MAX];
    struct feedback_marks marks;
    struct feedback_place places[FEEDBACK_VIEWS];
};

#define FEEDBACK_SIZE ((off_t)(FEEDBACK_PAGE + FEEDBACK_SLOTS * sizeof(struct feedback_slot)))

static_assert(sizeof(struct feedback_head) <= FEEDBACK_PAGE, "the head is one page");
static_assert(sizeof(struct feedback_slot) % FEEDBACK_PAGE == 0, "slots are pages");

/* "<name>-edge" with a slash before it; false for what is no name. */
enum { FEEDBACK_PATH_MAX = MEMORY_NAME_MAX + 8 };
bool feedback_path(const char *name, char path[static FEEDBACK_PATH_MAX]);
static inline off_t feedback_at(int slot)
{
    return (off_t)(FEEDBACK_PAGE + (size_t)slot * sizeof(struct feedback_slot));
}
/* Bytes of the file to lock (base/byte_lock.h): the worker's right to collect, and claims to slots.
 */
enum { FEEDBACK_TAKES = 0, FEEDBACK_CLAIMS = 1 };
/* Whether the name still leads to this file, at its full length. */
bool feedback_is_linked(int fd, const char *path);

#endif
