/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_NOTE_H
#define LARDER_APP_READ_NOTE_H

#include "base/buf.h"
#include "cache/entry.h"

/* What Link needs of a page's entry without unpacking it: how many pages there are, and the cursor
 * of the next one or the empty string.  A body tells them itself; a compressed one has them in
 * gzip's comment. */
enum { NOTE_MAX = 2200 };

/* Appends the comment. */
void note_put(struct buf *out, uint64_t pages, struct str next);
/* From the compressed body or the plain one; the cursor lies in the entry, and is base64url. *pages
 * is 0 where there is no note. */
struct str note_take(const struct entry *entry, bool gzip, uint64_t *pages);

#endif
