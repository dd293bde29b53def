/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_SOURCE_H
#define LARDER_CTL_SOURCE_H

#include "ctl/input.h"
#include "schema/resource.h"

/* A file of a resource's records: one JSON object a line (NDJSON), an array of them, objects over
 * several lines each, or CSV with a header.  All come out as JSON text, so that all are validated
 * the way a client's body is. */

struct source;

/* The name's ending decides (.csv; .ndjson, .jsonl; .json is an array when it begins with "["),
 * else the content.  Reads the header of CSV: columns are _id and the paths of declared fields
 * ("chef.name").  Borrows input and resource.  ERR_INVALID: why (a buf)
 * says what is wrong with the file or its header; ERR_IO, ERR_CANCELED. */
enum err source_open(struct input *input, const char *name, const struct resource *resource,
                     struct source **out, struct buf *why);
void source_free(struct source *source);

struct source_record {
    struct str json; /* valid until the next call */
    uint64_t line;
    const char *why; /* after ERR_INVALID; static */
};

/* CSV: outer blanks of a cell are taken off unless it is a text in quotes, an empty one is an
 * absent field (in quotes an empty text, where the field can be one), and an object whose cells are
 * all absent is absent; the items of a list are separated by |, or it is JSON; numbers and booleans
 * are written as in JSON.  Rows of nothing but blanks are passed over.  ERR_NOT_FOUND at the end;
 * ERR_INVALID: this one is no record, the next may be; ERR_IO, ERR_CANCELED. */
enum err source_next(struct source *source, struct source_record *record);

#endif
