/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_PASSWORD_H
#define LARDER_BASE_PASSWORD_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* Passwords are kept as argon2id hashes (RFC 9106) in the PHC text form, which holds salt and cost:
 * libsodium's crypto_pwhash_str with its "interactive" limits, 64 MiB and two passes.  Each call
 * takes some 50 ms of one core, so a server calls these on a thread of its pool. */

enum {
    PASSWORD_MIN = 8,    /* characters, as NIST SP 800-63B asks for */
    PASSWORD_MAX = 1024, /* bytes */
    PASSWORD_HASH_SIZE = 128
};

/* Checks a new password.  ERR_RANGE: too short or too long.  ERR_SYNTAX: not UTF-8, or with control
 * characters. */
enum err password_acceptable(struct str password);
/* Hashes a password with a new salt; hash is NUL-terminated.  ERR_TOO_LARGE beyond PASSWORD_MAX,
 * ERR_UNAVAILABLE without enough memory. */
enum err password_hash(struct str password, char hash[static PASSWORD_HASH_SIZE]);
/* Compares in constant time.  A hash that is NULL or damaged never matches, but the comparison
 * takes as long as any other, so the time does not show whether an account exists. */
bool password_matches(struct str password, const char *hash);

#endif
