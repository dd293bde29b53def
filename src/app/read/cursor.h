/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_CURSOR_H
#define LARDER_APP_READ_CURSOR_H

#include "app/resource.h"
#include "base/arena.h"
#include "base/buf.h"
#include "store/collection.h"

/* Where a page ended, as an opaque text (base64url, RFC 4648 section 5, without padding) that a
 * client hands back as `after`: format, hash of what was asked (collection, filter, sort), id, type
 * and bytes of the sort's value, checksum.  A forged one moves its own page and nothing else.
 */

/* asked: a text that is the same for all pages of one walk. */
void cursor_encode(const struct keyset *keyset, struct str asked, struct buf *out);
/* sort: the type of the field that it goes by.  ERR_SYNTAX: not a cursor, damaged, or of a value
 * that such a field cannot have; ERR_INVALID: one of another filter or sort.  A string in keyset
 * lies in the arena. */
enum err cursor_decode(struct str text, struct str asked, enum field_type sort, struct arena *arena,
                       struct keyset *keyset);

#endif
