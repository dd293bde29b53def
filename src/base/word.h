/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_WORD_H
#define LARDER_BASE_WORD_H

#include <stdint.h>
#include <string.h>

#include "base/str.h"

/* Eight bytes at once (S. Anderson, "Bit Twiddling Hacks", "determine if a word has a byte less
 * than n").  Each test is 0 if no byte passes it.  If one does, the result is not 0, but may mark
 * neighbouring bytes as well. */

#define WORD_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t word_load(const char *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

/* A byte below 0x20. */
static inline uint64_t word_has_control(uint64_t word)
{
    return (word - WORD_EACH(0x20)) & ~word & WORD_EACH(0x80);
}

/* A byte that is c. */
static inline uint64_t word_has(uint64_t word, unsigned char c)
{
    uint64_t same = word ^ WORD_EACH(c);

    return (same - WORD_EACH(1)) & ~same & WORD_EACH(0x80);
}

/* A byte from 0x80 on. */
static inline uint64_t word_has_high(uint64_t word)
{
    return word & WORD_EACH(0x80);
}

/* Each control byte and DEL. */
static inline uint64_t word_controls(uint64_t word)
{
    return word_has_control(word) | word_has(word, 0x7f);
}

/* Applies test to the words of s, which has eight bytes or more.  The last word overlaps the one
 * before. */
static inline uint64_t word_find(struct str s, uint64_t (*test)(uint64_t word))
{
    uint64_t found = test(word_load(s.ptr + s.len - sizeof found));

    for (size_t i = 0; i < s.len - sizeof found; i += sizeof found)
        found |= test(word_load(s.ptr + i));
    return found;
}

#endif
