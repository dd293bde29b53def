/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_WHERE_H
#define LARDER_SCHEMA_WHERE_H

#include "base/buf.h"
#include "schema/checking.h"

/* Inside of schema/: the position of a value, innermost first; it becomes a path
 * ("steps[2].minutes") only for an error. */
struct where {
    const struct where *up; /* NULL: name is the path of the whole */
    struct str name;        /* of a member; of an item its ptr is NULL */
    size_t index;
};

static inline struct where where_member(const struct where *up, struct str name)
{
    return (struct where){up, name, 0};
}
static inline struct where where_item(const struct where *up, size_t index)
{
    return (struct where){up, {NULL, 0}, index};
}

/* Adds an error about this place: ERR_INVALID.  The message is borrowed. */
enum err where_refuse(const struct check *check, const struct where *where, struct str message);
/* The same with a message made in a buffer, which is copied and freed. */
enum err where_refuse_with(const struct check *check, const struct where *where, struct buf *text);

#endif
