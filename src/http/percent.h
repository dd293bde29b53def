/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_PERCENT_H
#define LARDER_HTTP_PERCENT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Percent-decoding (RFC 3986 section 2.1), once and strictly.  *out is s itself if there is nothing
 * to decode, else a copy in the arena.  ERR_SYNTAX for a percent sign without two hex digits, for
 * unencoded control characters, and if the result is not UTF-8; ERR_INVALID for an encoded NUL. */

/* Decodes a name or value of a query: '+' is a space.  Encoded control characters are allowed,
 * since stored texts may have them. */
enum err percent_decode_query(struct str s, struct arena *arena, struct str *out);
/* Decodes a path.  ERR_INVALID for an encoded control character.  An encoded slash, which is no
 * separator, becomes PERCENT_SLASH; nothing else does. */
#define PERCENT_SLASH '\0'
enum err percent_decode_path(struct str s, struct arena *arena, struct str *out);
/* Restores the slashes of one segment of a decoded path: s itself if it has none, else a copy in
 * the arena. */
struct str percent_slashes(struct str s, struct arena *arena);

/* Encodes all but the unreserved characters (RFC 3986 section 2.3). room must have 3 × len bytes.
 */
struct str percent_encode(struct str s, char *room);

#endif
