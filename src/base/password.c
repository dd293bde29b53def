/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/password.h"

#include <sodium.h>
#include <string.h>

_Static_assert((int)PASSWORD_HASH_SIZE >= (int)crypto_pwhash_STRBYTES, "a hash has its room");

/* No password has this hash: the digest is not that of any known text.  Its cost is ours. */
static const char nobody[PASSWORD_HASH_SIZE] =
    "$argon2id$v=19$m=65536,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/* What a comparison may cost, should somebody write into the database: four times ours in each. */
enum { MEMORY_MAX_KIB = 4 * 65536, PASSES_MAX = 4 * 2, LANES_MAX = 4 };

/* "key=number" and not more than that. */
static bool is_within(struct str *rest, const char *key, uint64_t max)
{
    struct str part, name = str_from(key);
    uint64_t number;

    return str_split(rest, ',', &part) && str_starts(part, name) &&
           str_uint(str_from_offset(part, name.len), 1, max, &number) == ERR_OK;
}

/* $argon2id$v=19$m=65536,t=2,p=1$salt$digest */
static bool is_affordable(const char *hash)
{
    static const struct str prefix = STR_INIT("$argon2id$v=19$");
    struct str rest = str_from(hash), costs;

    if (rest.len >= PASSWORD_HASH_SIZE || !str_starts(rest, prefix))
        return false;
    rest = str_from_offset(rest, prefix.len);
    return str_split(&rest, '$', &costs) && is_within(&costs, "m=", MEMORY_MAX_KIB) &&
           is_within(&costs, "t=", PASSES_MAX) && is_within(&costs, "p=", LANES_MAX);
}

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
    bool known = hash != NULL && is_affordable(hash);

    if (sodium_init() < 0 || password.len > PASSWORD_MAX)
        return false;
    return crypto_pwhash_str_verify(known ? hash : nobody, text, password.len) == 0 && known;
}
