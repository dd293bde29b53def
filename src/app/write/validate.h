/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_VALIDATE_H
#define LARDER_APP_WRITE_VALIDATE_H

#include <jansson.h>

#include "app/resource.h"
#include "base/arena.h"
#include "http/problem.h"
#include "store/collection.h"

/* From a client's object to typed values, by the resource's fields. */

enum validate_mode {
    VALIDATE_CREATE, /* a whole document: _id, times, version and defaults are added */
    VALIDATE_CHANGE  /* the given fields are set, null takes an optional one away (or back to its
                        default); updatedAt and version are added */
};

/* What is to be written.  On creation one ASSIGN_SET for each field that there is, _id first: ready
 * for struct document. */
struct draft {
    struct assignment items[RESOURCE_FIELDS_MAX];
    size_t count;
};

/* Strings are copied into the arena.  ERR_INVALID: everything that is wrong stands in problem; an
 * unknown field is wrong, and so is one of the server's. */
enum err validate(const struct resource *resource, const json_t *object, enum validate_mode mode,
                  int64_t now_ms, struct arena *arena, struct problem *problem,
                  struct draft *draft);
/* The value that the draft sets a field to, or NULL. */
const struct value *draft_value(const struct draft *draft, struct str field);
/* The draft as JSON, as a reader of the stored document gets it: hidden fields left out. */
void draft_json(const struct resource *resource, const struct draft *draft, struct buf *out);

#endif
