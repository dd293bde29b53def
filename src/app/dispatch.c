/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/dispatch.h"

#include "app/allowed.h"
#include "app/path.h"
#include "app/rate.h"
#include "app/read/live.h"
#include "app/visit.h"
#include "http/percent.h"

static void find_route(struct app *app, struct request *request)
{
    struct router_path *path;
    const struct route *route;
    struct str id;
    enum err err = path_find(app, request, &path, &id);

    if (err == ERR_NOT_FOUND) {
        problem_send(request, 404, STR("Not found"), NULL);
        return;
    }
    if (err != ERR_OK) {
        problem_send(request, 400, path_problem(err), NULL);
        return;
    }
    route = request->method == METHOD_OPTIONS ? allowed_route(path, request)
                                              : router_route(path, request->method);
    if (route == NULL)
        router_refuse(path, request);
    else if ((route->flags & ROUTE_LIVE) == 0 || live_expect(app, request, route, id))
        visit_route(app, request, route, percent_slashes(id, &request->arena));
}

void dispatch(void *context, struct request *request)
{
    struct app *app = context;

    if (request->too_large) {
        path_name(app, request);
        problem_send(request, 413, STR("The body is larger than 64 KiB"), NULL);
    } else if (cors_is_preflight(&app->cors, request)) {
        request->response.status = 204;
        request_finish(request);
    } else {
        rate_check(app, request, find_route);
    }
}
