/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_NOTE_H
#define LARDER_APP_READ_NOTE_H

#include "base/buf.h"
#include "cache/entry.h"

/* What the headers need of a page's entry without unpacking it.  A plain body contains it; a
 * compressed one has it in gzip's comment. */
enum { NOTE_MAX = 2200 };

struct note {
    uint64_t pages;         /* 0: not known */
    struct str next, total; /* a cursor, of base64url alone, and digits; or empty */
};

/* Appends the comment. */
void note_put(struct buf *out, const struct note *note);
/* From the compressed body or the plain one; the strings lie in the entry. */
struct note note_take(const struct entry *entry, bool gzip);

#endif
