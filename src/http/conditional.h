/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_CONDITIONAL_H
#define LARDER_HTTP_CONDITIONAL_H

#include <stdbool.h>

#include "base/str.h"

/* Conditional requests (RFC 9110 section 13).  Tags are compared by their opaque part: a W/ prefix
 * and a suffix such as "-gzip" inside the quotes, which compressing proxies put there, are ignored,
 * for If-Match as well. */

/* Returns whether the field's value, a list of entity tags or "*", contains etag (with its quotes;
 * not empty).  A malformed value contains nothing. */
bool etag_is_listed(struct str field, struct str etag);
/* Returns whether the field is exactly one entity tag, neither "*" nor a list. */
bool etag_is_single(struct str field);

/* Writes the entity tag of these bytes to room: half of their SHA-256 in quotes, after W/ if weak.
 */
enum { ETAG_DIGEST = 16, ETAG_STRONG_SIZE = 2 * ETAG_DIGEST + 2, ETAG_SIZE = ETAG_STRONG_SIZE + 2 };
struct str etag_of(struct str bytes, bool weak, char room[static ETAG_SIZE]);

#endif
