/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_NOTE_H
#define LARDER_APP_READ_NOTE_H

#include "base/buf.h"
#include "cache/entry.h"

/* The part of a page's entry that the headers need. A plain body contains it; a compressed body has
 * it in gzip's comment field, so that it need not be unpacked. */
enum { NOTE_MAX = 2200 };

struct note {
    uint64_t pages;         /* 0: unknown */
    struct str next, total; /* a cursor (base64url) and digits; or empty */
};

/* Appends the comment. */
void note_put(struct buf *out, const struct note *note);
/* Reads it from the compressed or the plain body. The strings borrow from the entry. */
struct note note_take(const struct entry *entry, bool gzip);

#endif
