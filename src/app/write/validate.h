/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_VALIDATE_H
#define LARDER_APP_WRITE_VALIDATE_H

#include <jansson.h>

#include "base/arena.h"
#include "http/problem.h"
#include "mongo/collection.h"
#include "schema/resource.h"

/* From a client's object to what is written, by a resource's schema. */

enum validate_mode {
    VALIDATE_CREATE, /* a whole document, with defaults, _id, and what the server keeps */
    VALIDATE_PUT,    /* the given fields are set; null takes an optional one away */
    VALIDATE_PATCH   /* the same within objects, as far as they go (RFC 7396) */
};

struct validation {
    const struct resource *resource;
    enum validate_mode mode;
    int64_t now_ms;
    const struct oid *owner; /* of CREATE: who makes it, or NULL */
    struct str before; /* of PATCH: the document as it is (BSON); empty: not known yet, so that
                          only what is wrong with any document is found */
    bool loose_times;  /* as files have them */
    bool restores;     /* takes any _id, and all that is shown: see validate */
    struct arena *arena;
    struct problem *problem;
};

/* What is to be written: assignments, which are the arena's.  Of CREATE ASSIGN_SET only, _id first:
 * ready for struct document.  Else fields are paths. */
struct assignments {
    struct assignment *items;
    size_t count, room;
};

/* ERR_INVALID: problem has everything that is wrong; an unknown field is wrong, and so is one
 * of the server's.  Of a change the draft also raises the version and sets the time of the change,
 * where they are kept: see assignments_keep.
 *
 * With restores, a new document that has an _id of the server's making, or a field that the server
 * keeps and shows, becomes as it is given: without defaults, and what the server shows is set only
 * if it is there.  A change passes over what the server keeps and shows. */
enum err validate(const struct validation *validation, const json_t *object,
                  struct assignments *draft);
/* Adds an assignment. */
void assignments_put(struct assignments *draft, struct arena *arena, struct str field,
                     enum assign_op op, struct value value);
/* The value that the draft sets a field to, or NULL. */
const struct value *assignments_value(const struct assignments *draft, struct str field);

/* An _id that a client gives (of ID_STRING or ID_INTEGER; with restores of any type).  ERR_INVALID:
 * see problem. */
enum err validate_id(const struct validation *validation, const json_t *json, struct value *id);

/* Fits what the server keeps of a change to the document as it was read, and raises mongoose's
 * counter where there is one, so that mongoose notices the change.  May be called again for a
 * document as it was read later.  ERR_CONFLICT: these fields have another type; problem names them.
 */
enum err assignments_keep(const struct resource *resource, struct str before,
                          struct assignments *draft, struct arena *arena, struct problem *problem);

#endif
