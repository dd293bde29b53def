/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_ARENA_H
#define LARDER_BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

/* Memory of one request: allocated piece by piece, freed all at once.  The first block may belong
 * to the owner, so that an ordinary request needs no malloc(). */
struct arena_block;
struct arena {
    char *at, *end;
    struct arena_block *blocks;
    char *first;
    size_t first_size;
};

/* Borrows the first block for the arena's life; size may be 0. */
void arena_init(struct arena *arena, void *first, size_t size);
/* Frees all blocks but the first.  Everything allocated from the arena becomes invalid. */
void arena_reset(struct arena *arena);
/* Returns size bytes, aligned for any object and not zeroed; never NULL (see mem.h). */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_zalloc(struct arena *arena, size_t size);
/* A copy of s (with a NUL behind it) that is valid as long as the arena. */
struct str arena_str(struct arena *arena, struct str s);
/* Concatenates the parts, as arena_str: ARENA_JOIN(arena, a, STR(":"), b). */
struct str arena_join(struct arena *arena, size_t count, const struct str parts[]);
#define ARENA_JOIN(arena, ...)                                                                     \
    arena_join((arena), sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str),            \
               (const struct str[]){__VA_ARGS__})
/* Concatenates the parts with a separator between them. */
struct str arena_list(struct arena *arena, const struct str parts[], size_t count, char separator);
/* The number as text, without a NUL. */
struct str arena_decimal(struct arena *arena, uint64_t value);

#endif
