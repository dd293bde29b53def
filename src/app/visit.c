/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/visit.h"

#include <string.h>

#include "app/people/auth.h"
#include "app/write/once.h"
#include "app/write/parsing.h"
#include "base/idiom.h"
#include "http/accept.h"

static bool has_media_type(const struct request *request, unsigned flags)
{
    struct str type = request_param(request, STR("CONTENT_TYPE"));

    return media_type_is(type, STR("application/json")) ||
           ((flags & ROUTE_MERGE) != 0 && media_type_is(type, STR("application/merge-patch+json")));
}

/* No content coding is undone (RFC 9110 section 8.4). */
static bool is_encoded(const struct request *request)
{
    struct str coding = request_param(request, STR("HTTP_CONTENT_ENCODING"));

    return coding.len > 0 && !str_eq_nocase(coding, STR("identity"));
}

/* What generated clients send with every request, and what says nothing. */
static bool is_ignorable(struct str body)
{
    static const struct str empty[] = {STR_INIT(""), STR_INIT("{}"), STR_INIT("[]"),
                                       STR_INIT("null"), STR_INIT("\"\"")};
    size_t i = 0;

    while (body.len > 0 && strchr(" \t\r\n", body.ptr[0]) != NULL && body.ptr[0] != '\0')
        body = str_from_offset(body, 1);
    while (body.len > 0 && strchr(" \t\r\n", body.ptr[body.len - 1]) != NULL &&
           body.ptr[body.len - 1] != '\0')
        body.len--;
    while (i < COUNT(empty) && !str_eq(body, empty[i]))
        i++;
    return i < COUNT(empty);
}

static struct str media_type_problem(const struct request *request, unsigned flags)
{
    if (media_type_has_other_charset(request_param(request, STR("CONTENT_TYPE"))))
        return STR("The charset must be utf-8: JSON is UTF-8, whatever Content-Type says");
    return (flags & ROUTE_MERGE) != 0
               ? STR("Content-Type must be application/json or application/merge-patch+json")
               : STR("Content-Type must be application/json");
}

/* Answers a body that cannot be let through; true when the handler may have it. */
static bool admits_body(struct request *request, const struct route *route)
{
    bool takes = (route->flags & ROUTE_JSON) != 0;

    if (!takes && (request->method == METHOD_DELETE || is_ignorable(request->body)))
        return true;
    if (!takes)
        problem_send(request, 400, STR("This request takes no body"), NULL);
    else if (!has_media_type(request, route->flags))
        problem_send(request, 415, media_type_problem(request, route->flags), NULL);
    else if (is_encoded(request))
        problem_send(request, 415, STR("Content-Encoding must be identity"), NULL);
    else
        return true;
    return false;
}

/* Before anybody is looked up: what is too large is not worth a question. */
static bool admits_size(struct request *request, const struct route *route)
{
    if ((route->flags & ROUTE_SMALL) == 0 || request->body.len <= SMALL_BODY_MAX)
        return true;
    problem_send(request, 413, STR("The body is larger than 4 KiB"), NULL);
    return false;
}

static void handle_now(struct visit *visit)
{
    visit->route->handle(visit->app, visit->request, visit->route, visit->id);
}

static void handle(struct visit *visit)
{
    if ((visit->route->flags & ROUTE_JSON) != 0 && visit->request->body.len > PARSING_MIN)
        parsing_begin(visit, handle_now);
    else
        handle_now(visit);
}

static void found_visitor(struct visit *visit)
{
    if (!auth_admits(visit) || !admits_body(visit->request, visit->route))
        return;
    if ((visit->route->flags & ROUTE_ONCE) != 0)
        once_begin(visit, handle);
    else
        handle(visit);
}

static struct visit *visit_new(struct app *app, struct request *request, const struct route *route,
                               struct str id)
{
    struct visit *visit = arena_zalloc(&request->arena, sizeof *visit);

    visit->app = app;
    visit->request = request;
    visit->route = route;
    visit->id = arena_str(&request->arena, id);
    request->state = visit;
    return visit;
}

void visit_route(struct app *app, struct request *request, const struct route *route, struct str id)
{
    static const unsigned asks = ROUTE_WRITE | ROUTE_USER | ROUTE_VISITOR;
    bool asked = (route->flags & asks) != 0,
         known = request->has_credentials && (route->flags & ROUTE_OPERATOR) == 0;
    struct visit *visit;

    if (!admits_size(request, route))
        return;
    if (!asked && !known && (route->flags & ROUTE_ONCE) == 0) {
        if (admits_body(request, route))
            route->handle(app, request, route, id);
        return;
    }
    visit = visit_new(app, request, route, id);
    visit->optional = !asked;
    if (asked || known)
        auth_find(visit, found_visitor);
    else
        found_visitor(visit);
}

void visit_ask(struct app *app, struct request *request, const struct route *route, struct str id,
               const char *session)
{
    struct visit *visit;

    if ((route->flags & ROUTE_USER) == 0) {
        route->handle(app, request, route, id);
        return;
    }
    visit = visit_new(app, request, route, id);
    if (session != NULL)
        auth_resume(visit, session, found_visitor);
    else
        found_visitor(visit);
}
