/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_ARENA_H
#define LARDER_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

/* Memory of one request: taken piece by piece, given back all at once.  The first block may be the
 * owner's own, so that an ordinary request allocates nothing. */
struct arena_block;
struct arena {
    char *at, *end;
    struct arena_block *blocks;
    char *first;
    size_t first_size;
};

/* Borrows the first block for the arena's life; size may be 0. */
void arena_init(struct arena *arena, void *first, size_t size);
/* Frees all but the first block; everything taken is gone. */
void arena_reset(struct arena *arena);
/* Aligned for any object, not zeroed, never NULL (see mem.h). */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_zalloc(struct arena *arena, size_t size);
/* A copy of s (with a NUL behind it) that is valid as long as the arena. */
struct str arena_str(struct arena *arena, struct str s);
/* The parts one behind the other, as arena_str: ARENA_JOIN(arena, a, STR(":"), b). */
struct str arena_join(struct arena *arena, size_t count, const struct str parts[]);
#define ARENA_JOIN(arena, ...)                                                                     \
    arena_join((arena), sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str),            \
               (const struct str[]){__VA_ARGS__})
/* The parts with a separator between. */
struct str arena_list(struct arena *arena, const struct str parts[], size_t count, char separator);
/* The number as text, without a NUL. */
struct str arena_decimal(struct arena *arena, uint64_t value);

#endif
