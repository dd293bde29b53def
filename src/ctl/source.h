/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_SOURCE_H
#define LARDER_CTL_SOURCE_H

#include "app/resource.h"
#include "ctl/input.h"

/* A file of a resource's records, one JSON object a line (NDJSON) or CSV with a header.  Both come
 * out as JSON text, so that both are validated the way a client's body is. */

struct source;

/* The name's ending decides (.csv; .ndjson, .jsonl, .json), else the content: NDJSON begins with
 * "{".  Reads the header of CSV: columns are fields that a client may set.  Borrows input and
 * resource.  ERR_INVALID: why (a buf) says what is wrong with the header; ERR_IO, ERR_CANCELED. */
enum err source_open(struct input *input, const char *name, const struct resource *resource,
                     struct source **out, struct buf *why);
void source_free(struct source *source);

struct source_record {
    struct str json; /* valid until the next call */
    uint64_t line;
    const char *why; /* after ERR_INVALID; static */
};

/* CSV: an empty cell is an absent field; the items of an array are separated by semicolons; numbers
 * and booleans are written as in JSON.  ERR_NOT_FOUND at the end; ERR_INVALID: this one is no
 * record, the next may be; ERR_IO, ERR_CANCELED. */
enum err source_next(struct source *source, struct source_record *record);

#endif
