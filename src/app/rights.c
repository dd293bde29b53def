/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/rights.h"

#include "app/app_state.h"
#include "base/idiom.h"
#include "base/json_writer.h"

static const unsigned read_flags[] = {
    [ACCESS_ANYONE] = 0,
    [ACCESS_READER] = ROUTE_USER | ROUTE_PRIVATE,
    [ACCESS_EDITOR] = ROUTE_USER | ROUTE_EDITOR | ROUTE_PRIVATE,
    [ACCESS_ADMIN] = ROUTE_USER | ROUTE_ADMIN | ROUTE_PRIVATE,
    [ACCESS_OWNER] = ROUTE_USER | ROUTE_PRIVATE | ROUTE_PERSONAL | ROUTE_OWNED,
};
static const unsigned write_flags[] = {
    [ACCESS_ANYONE] = ROUTE_WRITE | ROUTE_VISITOR,
    [ACCESS_READER] = ROUTE_WRITE | ROUTE_USER,
    [ACCESS_EDITOR] = ROUTE_WRITE | ROUTE_USER | ROUTE_EDITOR,
    [ACCESS_ADMIN] = ROUTE_WRITE | ROUTE_USER | ROUTE_ADMIN,
    [ACCESS_OWNER] = ROUTE_WRITE | ROUTE_USER | ROUTE_OWNED,
};

unsigned rights_read_flags(enum access access)
{
    return read_flags[access];
}

unsigned rights_write_flags(enum access access)
{
    return write_flags[access];
}

void rights_json(const struct app *app, const struct resource *resource,
                 const struct visitor *visitor, struct buf *out)
{
    const struct {
        const char *name;
        unsigned flags;
    } rights[] = {
        {"read", read_flags[resource->read]},
        {"create", write_flags[resource->create]},
        {"update", write_flags[resource->update]},
        {"delete", write_flags[resource->remove]},
    };
    bool first = true;

    buf_char(out, '[');
    for (size_t i = 0; i < COUNT(rights); i++) {
        if (!auth_allows(app, visitor, rights[i].flags))
            continue;
        if (!first)
            buf_char(out, ',');
        json_put_string(out, str_from(rights[i].name));
        first = false;
    }
    buf_char(out, ']');
}
