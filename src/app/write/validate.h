/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_VALIDATE_H
#define LARDER_APP_WRITE_VALIDATE_H

#include <jansson.h>

#include "base/arena.h"
#include "http/problem.h"
#include "mongo/collection.h"
#include "schema/resource.h"

/* Validates a client's object by the resource's schema, and drafts the write. */

enum validate_mode {
    VALIDATE_CREATE, /* a whole document, with defaults, _id and the server's fields */
    VALIDATE_PUT,    /* sets the given fields; null removes an optional one */
    VALIDATE_PATCH   /* the same within nested objects (RFC 7396) */
};

struct validation {
    const struct resource *resource;
    enum validate_mode mode;
    int64_t now_ms;
    const struct oid *owner; /* of CREATE: the document's owner, or NULL */
    struct str before; /* of PATCH: the current document (BSON); empty: unknown, so only errors
                          independent of it are found */
    bool loose_times;  /* accepts the forms of dates found in files */
    bool restores;     /* accepts any _id and all shown fields: see validate */
    struct arena *arena;
    struct problem *problem;
};

/* The drafted write, in the arena. For CREATE only ASSIGN_SET, _id first, ready for struct
 * document; else fields are paths. */
struct assignments {
    struct assignment *items;
    size_t count, room;
};

/* ERR_INVALID: problem has all errors; unknown fields and the server's own fields are errors. The
 * draft of a change also increments the version and sets the time, if the resource keeps them: see
 * assignments_keep.
 *
 * With restores, a new document with a server-made _id, or with a shown field of the server's, is
 * taken as given: without defaults, and without the server's fields that it lacks. A change ignores
 * the server's fields. */
enum err validate(const struct validation *validation, const json_t *object,
                  struct assignments *draft);
/* Adds an assignment. */
void assignments_put(struct assignments *draft, struct arena *arena, struct str field,
                     enum assign_op op, struct value value);
/* The value that the draft gives a field, or NULL. */
const struct value *assignments_value(const struct assignments *draft, struct str field);

/* Parses a client's _id (ID_STRING or ID_INTEGER; with restores any type). ERR_INVALID: see
 * problem. */
enum err validate_id(const struct validation *validation, const json_t *json, struct value *id);

/* Adapts the draft's version and time to the document as read, and increments mongoose's __v if
 * present, so that mongoose notices the change. May be called again for a document read later.
 * ERR_CONFLICT: these fields have another type in the document; problem names them.
 */
enum err assignments_keep(const struct resource *resource, struct str before,
                          struct assignments *draft, struct arena *arena, struct problem *problem);

#endif
