/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/random.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *to, size_t len)
{
    unsigned char *at = to;

    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* a kernel without getrandom: nothing here could be trusted */
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

/* D. Blackman, S. Vigna: "Scrambled linear pseudorandom number generators", 2021. */
uint64_t random_u64(void)
{
    static uint64_t s[4];
    static bool seeded;

    if (!seeded) {
        random_bytes(s, sizeof s);
        s[0] |= 1;
        seeded = true;
    }
    uint64_t result = rotate(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double random_unit(void)
{
    return (double)(random_u64() >> 11) * 0x1p-53;
}

int64_t random_jitter(int64_t value, double fraction)
{
    return value + (int64_t)((double)value * fraction * (2 * random_unit() - 1));
}
