/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/keyed.h"

#include <sodium.h>

#include "base/le.h"

_Static_assert((int)KEYED_KEY_SIZE == (int)crypto_shorthash_KEYBYTES, "a key's size");
_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "a hash's size");

static void keyed_put(crypto_generichash_state *state, struct str s)
{
    if (s.len > 0)
        crypto_generichash_update(state, (const unsigned char *)s.ptr, s.len);
}

void keyed_key(struct str purpose, struct str secret, unsigned char key[static KEYED_KEY_SIZE])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, KEYED_KEY_SIZE);
    keyed_put(&state, purpose);
    keyed_put(&state, STR(":"));
    keyed_put(&state, secret);
    crypto_generichash_final(&state, key, KEYED_KEY_SIZE);
    sodium_memzero(&state, sizeof state);
}

uint64_t keyed_hash(const unsigned char key[static KEYED_KEY_SIZE], struct str s)
{
    unsigned char hash[crypto_shorthash_BYTES];

    crypto_shorthash(hash, (const unsigned char *)(s.len > 0 ? s.ptr : ""), s.len, key);
    return le_get(hash, sizeof hash);
}
