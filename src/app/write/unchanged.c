/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/unchanged.h"

enum { ROOM = 16, BSON_DOCUMENT = 0x03 };

void unchanged_init(struct unchanged *unchanged, struct str document, struct arena *arena)
{
    *unchanged = (struct unchanged){.document = document, .arena = arena};
}

void unchanged_add(struct unchanged *unchanged, struct str field, enum op op, struct value value)
{
    if (unchanged->count == unchanged->room) {
        size_t room = unchanged->room > 0 ? 2 * unchanged->room : ROOM;
        struct condition *items = arena_alloc(unchanged->arena, room * sizeof *items);

        if (unchanged->count > 0)
            memcpy(items, unchanged->items, unchanged->count * sizeof *items);
        unchanged->items = items;
        unchanged->room = room;
    }
    unchanged->items[unchanged->count++] = (struct condition){field, op, value};
}

/* Along the path: what is below an array is compared with the whole of it, and nothing is below a
 * scalar. */
void unchanged_path(struct unchanged *unchanged, struct str path)
{
    struct value value = {.type = VALUE_NONE};
    bool inner = true;
    size_t len = 0;

    while (inner) {
        len += str_find(str_from_offset(path, len), '.');
        if (document_value(unchanged->document, str_make(path.ptr, len), true, &value) != ERR_OK)
            value.type = VALUE_NONE;
        inner = len < path.len && value.type == VALUE_RAW && value.raw.kind == BSON_DOCUMENT;
        if (!inner)
            unchanged_add(unchanged, str_make(path.ptr, len), OP_SAME, value);
        len++;
    }
}
