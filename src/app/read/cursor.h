/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_CURSOR_H
#define LARDER_APP_READ_CURSOR_H

#include "base/arena.h"
#include "base/buf.h"
#include "mongo/collection.h"

/* Where a page ended, as an opaque text (base64url, RFC 4648 section 5, without padding) that a
 * client hands back as `after`: format, hash of what was asked (collection, filter, sort), the _id
 * and the sort's value with their types, checksum.  A forged one moves its own page and nothing
 * else. */

enum { CURSOR_TEXT_MAX = 2000 };

/* Appends the text.  asked: the same for all pages of one walk.  A value that is too long is left
 * out: it is that of the document with this _id. */
void cursor_encode(const struct keyset *keyset, struct str asked, struct buf *out);
/* ERR_SYNTAX: not a cursor, or damaged; ERR_INVALID: one of another filter or sort.  What keyset
 * points to is the arena's; its value is VALUE_NONE where it was left out. */
enum err cursor_decode(struct str text, struct str asked, struct arena *arena,
                       struct keyset *keyset);

#endif
