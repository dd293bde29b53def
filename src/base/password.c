/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/password.h"

#include <sodium.h>
#include <string.h>

_Static_assert((int)PASSWORD_HASH_SIZE >= (int)crypto_pwhash_STRBYTES, "a hash has its room");

/* No password has this hash: the digest is not that of any known text.  Its cost is ours. */
static const char nobody[PASSWORD_HASH_SIZE] =
    "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

enum err password_acceptable(struct str password)
{
    if (password.len > PASSWORD_MAX)
        return ERR_RANGE;
    if (!str_is_utf8(password))
        return ERR_SYNTAX;
    for (size_t i = 0; i < password.len; i++)
        if ((unsigned char)password.ptr[i] < 0x20 || password.ptr[i] == 0x7f)
            return ERR_SYNTAX;
    return str_chars(password) < PASSWORD_MIN ? ERR_RANGE : ERR_OK;
}

enum err password_hash(struct str password, char hash[static PASSWORD_HASH_SIZE])
{
    if (password.len > PASSWORD_MAX)
        return ERR_TOO_LARGE;
    if (sodium_init() < 0)
        return ERR_INTERNAL;
    memset(hash, 0, PASSWORD_HASH_SIZE);
    if (crypto_pwhash_str_alg(hash, password.len > 0 ? password.ptr : "", password.len,
                              crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ERR_UNAVAILABLE;
    return ERR_OK;
}

bool password_matches(struct str password, const char *hash)
{
    const char *text = password.len > 0 ? password.ptr : "";
    bool known =
        hash != NULL && strncmp(hash, "$argon2id$", 10) == 0 && strlen(hash) < PASSWORD_HASH_SIZE;

    if (sodium_init() < 0 || password.len > PASSWORD_MAX)
        return false;
    return crypto_pwhash_str_verify(known ? hash : nobody, text, password.len) == 0 && known;
}
