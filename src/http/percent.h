/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_PERCENT_H
#define LARDER_HTTP_PERCENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Percent-decoding (RFC 3986 section 2.1), once and strictly.  *out is s itself when there is
 * nothing to decode, else in the arena.  ERR_SYNTAX for a percent sign without two hex digits, for
 * control characters that are not encoded, and for what is not UTF-8 afterwards; ERR_INVALID for an
 * encoded NUL. */

/* A name or value of a query: '+' is a space.  Encoded control characters are let through, since
 * stored texts may have them. */
enum err percent_decode_query(struct str s, struct arena *arena, struct str *out);
/* A path: every encoded control character is ERR_INVALID, and an encoded slash becomes
 * PERCENT_SLASH, which nothing else does, since it is not the separator that it looks like. */
#define PERCENT_SLASH '\0'
enum err percent_decode_path(struct str s, struct arena *arena, struct str *out);
/* One segment of a decoded path with its slashes: s itself when it has none, else in the arena. */
struct str percent_slashes(struct str s, struct arena *arena);

/* s with all encoded but the unreserved characters (RFC 3986 section 2.3), in room, which must have
 * 3 × len bytes. */
struct str percent_encode(struct str s, char *room);

#endif
