/* SPDX-License-Identifier: BSD-2-Clause */
#include "exchange.h"

static void on_answer(struct request *request)
{
    struct exchange *exchange = (struct exchange *)request;

    exchange->answers++;
    buf_reset(&exchange->body);
    for (size_t i = 0; i < request->response.part_count; i++)
        buf_str(&exchange->body, request->response.parts[i]);
    buf_char(&exchange->body, '\0');
}

void exchange_begin(struct exchange *exchange, enum method method, const struct plan *plan)
{
    *exchange = (struct exchange){.body = BUF_INIT(RESPONSE_BODY_MAX)};
    exchange->request.method = method;
    exchange->request.id = STR("r1");
    exchange->request.params = exchange->params;
    exchange->request.arrived_ms = 5000;
    exchange->request.state = &exchange->visit;
    exchange->request.on_finish = on_answer;
    arena_init(&exchange->request.arena, NULL, 0);
    response_init(&exchange->request.response);
    exchange->route =
        (struct route){.method = method, .pattern = plan->resource->path, .data = plan->resource};
    if (plan->resource->read == ACCESS_OWNER)
        exchange->route.flags = ROUTE_USER | ROUTE_PRIVATE | ROUTE_PERSONAL | ROUTE_OWNED;
    exchange->visit.route = &exchange->route;
}

void exchange_end(struct exchange *exchange)
{
    response_free(&exchange->request.response);
    arena_reset(&exchange->request.arena);
    buf_free(&exchange->body);
}

void exchange_param(struct exchange *exchange, const char *name, const char *value)
{
    size_t at = exchange->request.param_count++;

    exchange->params[at] = (struct param){str_from(name), str_from(value)};
}

void exchange_sign_in(struct exchange *exchange, enum role role, const char *id)
{
    exchange->visit.visitor = &exchange->visitor;
    exchange->visitor.profile.role = role;
    assert_int_equal(oid_parse(str_from(id), &exchange->visitor.profile.id), ERR_OK);
}

struct str exchange_field(const struct exchange *exchange, const char *name)
{
    return response_field(&exchange->request.response, str_from(name));
}

void assert_answer(const struct exchange *exchange, unsigned status, const char *text)
{
    assert_int_equal(exchange->answers, 1);
    assert_int_equal(exchange->request.response.status, status);
    if (strstr(exchange->body.ptr, text) == NULL)
        fail_msg("%s is not in %s", text, exchange->body.ptr);
}

void assert_over(struct exchange *exchange, unsigned status, const char *text)
{
    assert_answer(exchange, status, text);
    exchange_end(exchange);
}
