/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_UTF8_H
#define LARDER_BASE_UTF8_H

#include <stddef.h>

/* Returns the length of the well-formed sequence at text, whose first byte is not ASCII; 0 if it is
 * malformed (RFC 3629, section 4). */
static inline size_t utf8_sequence(const unsigned char *text, size_t len)
{
    unsigned char c = text[0];
    unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    size_t need = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

    if (need == 0 || len < need || text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return need;
}

#endif
