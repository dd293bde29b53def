/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/path.h"

#include "http/percent.h"

struct str path_problem(enum err err)
{
    if (err == ERR_UNSUPPORTED)
        return STR(
            "The path has an encoded slash (%2F), which is no separator, and in no name here");
    if (err == ERR_INVALID)
        return STR(
            "The path has an encoded control character (%01 to %1F, %7F), which is in no name "
            "here");
    return STR("The path is not properly percent-encoded UTF-8");
}

enum err path_find(struct app *app, struct request *request, struct router_path **path,
                   struct str *id)
{
    struct str decoded;
    enum err err = percent_decode_path(request->path, &request->arena, &decoded);

    if (err != ERR_OK)
        return err;
    *path = router_find(&app->router, decoded, id);
    if (*path == NULL)
        return memchr(decoded.ptr, PERCENT_SLASH, decoded.len) != NULL ? ERR_UNSUPPORTED
                                                                       : ERR_NOT_FOUND;
    request->durations = &(*path)->durations;
    return ERR_OK;
}

void path_name(struct app *app, struct request *request)
{
    struct router_path *path;
    struct str id;

    (void)path_find(app, request, &path, &id);
}
