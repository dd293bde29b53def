/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/arguments.h"

#include <string.h>

#include "app/path.h"
#include "http/problem.h"
#include "http/query.h"

bool take_id(struct request *request, const struct resource *resource, struct str text,
             char room[static ID_TEXT_MAX], struct str *id)
{
    if (id_parse(resource->id, text, room, id) == ERR_OK)
        return true;
    problem_send(request, 400,
                 memchr(text.ptr, '/', text.len) != NULL ? path_problem(ERR_UNSUPPORTED)
                                                         : STR("Invalid id"),
                 NULL);
    return false;
}

bool take_no_query(struct request *request)
{
    struct problem problem;

    problem_init(&problem, &request->arena);
    if (query_none(request->query, &request->arena, &problem) == ERR_OK)
        return true;
    problem_send_invalid(request, &problem);
    return false;
}
