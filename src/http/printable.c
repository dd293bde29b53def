/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/printable.h"

#include "base/word.h"

static bool printable_is_slowly(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool printable_is(struct str s)
{
    return s.len < sizeof(uint64_t) ? printable_is_slowly(s)
                                    : word_find(s, word_controls) == 0 || printable_is_slowly(s);
}
