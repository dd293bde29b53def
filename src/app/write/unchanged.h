/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_UNCHANGED_H
#define LARDER_APP_WRITE_UNCHANGED_H

#include "base/arena.h"
#include "mongo/collection.h"

/* Conditions of a write: that the document has not changed since it was read. */
struct unchanged {
    struct str document; /* BSON, as read; values borrow from it */
    struct arena *arena;
    struct condition *items; /* in the arena */
    size_t count, room;
};

void unchanged_init(struct unchanged *unchanged, struct str document, struct arena *arena);
void unchanged_add(struct unchanged *unchanged, struct str field, enum op op, struct value value);
/* Adds that the value at this path, or its absence, is unchanged. */
void unchanged_path(struct unchanged *unchanged, struct str path);

#endif
