/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/sha1.h"

enum { BLOCK = 64, ROUNDS = 80, LENGTH_AT = 56 };

static uint32_t rotate(uint32_t x, unsigned by)
{
    return x << by | x >> (32 - by);
}

static uint32_t mix(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
    static const uint32_t keys[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t key = keys[round / 20];

    if (round < 20)
        return ((b & c) | (~b & d)) + key;
    if (round < 40 || round >= 60)
        return (b ^ c ^ d) + key;
    return ((b & c) | (b & d) | (c & d)) + key;
}

static void compress(uint32_t state[5], const unsigned char *block)
{
    uint32_t w[ROUNDS], v[5];

    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (unsigned i = 16; i < ROUNDS; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    memcpy(v, state, sizeof v);
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t next = rotate(v[0], 5) + mix(i, v[1], v[2], v[3]) + v[4] + w[i];
        v[4] = v[3];
        v[3] = v[2];
        v[2] = rotate(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (unsigned i = 0; i < 5; i++)
        state[i] += v[i];
}

void sha1(struct str s, unsigned char digest[static SHA1_SIZE])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    unsigned char tail[2 * BLOCK] = {0};
    uint64_t bits = (uint64_t)s.len * 8;
    size_t at = 0, rest, end;

    for (; s.len - at >= BLOCK; at += BLOCK)
        compress(state, (const unsigned char *)s.ptr + at);
    rest = s.len - at;
    if (rest > 0)
        memcpy(tail, s.ptr + at, rest);
    tail[rest] = 0x80;
    end = rest < LENGTH_AT ? BLOCK : 2 * BLOCK;
    for (unsigned i = 0; i < 8; i++)
        tail[end - 1 - i] = (unsigned char)(bits >> (8 * i));
    for (at = 0; at < end; at += BLOCK)
        compress(state, tail + at);
    for (unsigned i = 0; i < SHA1_SIZE; i++)
        digest[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}
