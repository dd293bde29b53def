/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_CURSOR_H
#define LARDER_APP_READ_CURSOR_H

#include "base/arena.h"
#include "base/buf.h"
#include "mongo/collection.h"

/* The position where a page ended, as an opaque text (base64url, RFC 4648 section 5, without
 * padding) that a client sends back as `after`: format, hash of collection, filter and sort, the
 * _id and the sort's value with their types, checksum. A forged cursor only moves its own page. */

enum { CURSOR_TEXT_MAX = 2000 };

/* Appends the text. asked: equal for all pages of one walk. A long value is left out, to be read
 * again from the document with this _id. */
void cursor_encode(const struct keyset *keyset, struct str asked, struct buf *out);
/* ERR_SYNTAX: not a cursor, or damaged; ERR_INVALID: a cursor of another filter or sort. keyset's
 * strings are allocated in the arena; its value is VALUE_NONE if it was left out. */
enum err cursor_decode(struct str text, struct str asked, struct arena *arena,
                       struct keyset *keyset);

#endif
