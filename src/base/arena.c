/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"

enum { BLOCK_SIZE = 4096 };

struct arena_block {
    struct arena_block *next;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, void *first, size_t size)
{
    *arena = (struct arena){.first = first, .first_size = size};
    arena_reset(arena);
}

void arena_reset(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    arena->at = arena->first;
    arena->end = arena->first != NULL ? arena->first + arena->first_size : NULL;
}

static void grow(struct arena *arena, size_t size)
{
    size_t bytes = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct arena_block *block = mem_alloc(sizeof *block + bytes);

    block->next = arena->blocks;
    arena->blocks = block;
    arena->at = block->bytes;
    arena->end = block->bytes + bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    size_t pad = (size_t)(-(uintptr_t)arena->at & (align - 1));

    if (arena->at == NULL || (size_t)(arena->end - arena->at) < pad ||
        (size_t)(arena->end - arena->at) - pad < size) {
        grow(arena, size);
        pad = 0;
    }
    void *ptr = arena->at + pad;
    arena->at += pad + size;
    return ptr;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    return size > 0 ? memset(arena_alloc(arena, size), 0, size) : arena_alloc(arena, 0);
}

struct str arena_str(struct arena *arena, struct str s)
{
    return arena_join(arena, 1, &s);
}

struct str arena_join(struct arena *arena, size_t count, const struct str parts[])
{
    size_t len = 0, at = 0;
    char *text;

    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    text = arena_alloc(arena, len + 1);
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0)
            memcpy(text + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    text[len] = '\0';
    return str_make(text, len);
}

struct str arena_list(struct arena *arena, const struct str parts[], size_t count, char separator)
{
    size_t size = 0;
    char *text, *to;

    for (size_t i = 0; i < count; i++)
        size += parts[i].len + 1;
    text = to = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            *to++ = separator;
        if (parts[i].len > 0)
            memcpy(to, parts[i].ptr, parts[i].len);
        to += parts[i].len;
    }
    return str_make(text, (size_t)(to - text));
}

struct str arena_decimal(struct arena *arena, uint64_t value)
{
    return str_decimal(value, arena_alloc(arena, DECIMAL_MAX));
}
