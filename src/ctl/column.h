/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_COLUMN_H
#define LARDER_CTL_COLUMN_H

#include "base/arena.h"
#include "base/buf.h"
#include "ctl/input.h"
#include "schema/resource.h"

/* The columns of a CSV file, as the objects that their paths make: "title", "chef.name",
 * "chef.stars" are a title and a chef. */

struct column {
    struct str name;
    const struct field *field; /* NULL: not declared, where that is allowed */
    size_t cell;               /* of the row; of an object not used */
    struct column *first;      /* of an object: its columns, in the header's order */
    struct column *next;       /* of the same object */
};

/* Adds the column of a header's cell.  ERR_INVALID: why says what is wrong with it. */
enum err column_add(struct column **columns, const struct resource *resource, struct str path,
                    size_t cell, struct arena *arena, struct buf *why);
/* Appends the record of a row (with as many cells as the header) as JSON. */
void column_json(const struct column *columns, const struct input_row *row, struct buf *out);

#endif
