/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_UNCHANGED_H
#define LARDER_APP_WRITE_UNCHANGED_H

#include "base/arena.h"
#include "mongo/collection.h"

/* The conditions of a write that a document is still what it was when it was read. */
struct unchanged {
    struct str document; /* its BSON, as read; values are borrowed from it */
    struct arena *arena;
    struct condition *items; /* the arena's */
    size_t count, room;
};

void unchanged_init(struct unchanged *unchanged, struct str document, struct arena *arena);
void unchanged_add(struct unchanged *unchanged, struct str field, enum op op, struct value value);
/* That what is at this path is as it was read, of whatever type, or missing as it was. */
void unchanged_path(struct unchanged *unchanged, struct str path);

#endif
