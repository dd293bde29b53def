/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json_writer.h"
#include "base/log.h"

enum { MESSAGE_MAX = 200 };

static const struct {
    unsigned status;
    bool retry; /* Retry-After: it may be better in a moment */
    struct str message;
} answers[] = {
    [ERR_OK] = {500, false, STR_INIT("Internal error")},
    [ERR_INVALID] = {400, false, STR_INIT("Invalid request")},
    [ERR_RANGE] = {400, false, STR_INIT("Out of range")},
    [ERR_TOO_LARGE] = {413, false, STR_INIT("Too large")},
    [ERR_SYNTAX] = {400, false, STR_INIT("Invalid request")},
    [ERR_PROTOCOL] = {500, false, STR_INIT("Internal error")},
    [ERR_NOT_FOUND] = {404, false, STR_INIT("Not found")},
    [ERR_EXISTS] = {409, false, STR_INIT("Exists already")},
    [ERR_CONFLICT] = {409, true, STR_INIT("Changed by others meanwhile: try again")},
    [ERR_DENIED] = {403, false, STR_INIT("Not allowed")},
    [ERR_FORBIDDEN] = {403, false, STR_INIT("The database does not allow this change")},
    [ERR_REFUSED] = {400, false, STR_INIT("Refused by a rule of the database")},
    [ERR_BUSY] = {503, true, STR_INIT("Too busy at the moment: try again")},
    [ERR_TIMEOUT] = {503, true, STR_INIT("The database did not answer in time: try again")},
    [ERR_UNAVAILABLE] = {503, true, STR_INIT("The database is not reachable: try again")},
    [ERR_UNKNOWN] = {503, true,
                     STR_INIT("The outcome is unknown: the change may have been made. Read before "
                              "you try again")},
    [ERR_READ_ONLY] = {503, true, STR_INIT("No changes are taken at the moment: try again")},
    [ERR_STALE] = {503, true, STR_INIT("Try again")},
    [ERR_CANCELED] = {503, true, STR_INIT("The server is stopping: try again")},
    [ERR_UNSUPPORTED] = {415, false, STR_INIT("Unsupported media type")},
    [ERR_IO] = {500, false, STR_INIT("Internal error")},
    [ERR_INTERNAL] = {500, false, STR_INIT("Internal error")},
};

void problem_add(struct problem *problem, struct str field, struct str message)
{
    if (problem->count < PROBLEM_ERRORS_MAX)
        problem->errors[problem->count++] = (struct problem_error){field, message};
}

void problem_addf(struct problem *problem, struct str field, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0)
        len = 0;
    if ((size_t)len >= sizeof text)
        len = (int)sizeof text - 1;
    problem_add(problem, field, arena_str(problem->arena, str_make(text, (size_t)len)));
}

void problem_errors_json(struct buf *out, const struct problem *problem)
{
    if (problem == NULL || problem->count == 0)
        return;
    buf_literal(out, ",\"errors\":[");
    for (size_t i = 0; i < problem->count; i++) {
        struct str field = problem->errors[i].field;
        if (field.len > PROBLEM_FIELD_MAX)
            field.len = PROBLEM_FIELD_MAX;
        if (i > 0)
            buf_char(out, ',');
        buf_literal(out, "{\"field\":");
        json_put_string(out, field);
        buf_literal(out, ",\"message\":");
        json_put_string(out, problem->errors[i].message);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

void problem_write(struct request *request, unsigned status, struct str message,
                   const struct problem *problem)
{
    struct response *response = &request->response;
    struct buf *body = &response->body;

    response->status = status;
    response->part_count = 0;
    buf_reset(body);
    buf_literal(body, "{\"success\":false,\"message\":");
    json_put_string(body, message);
    problem_errors_json(body, problem);
    buf_literal(body, ",\"requestId\":\"");
    buf_str(body, request->id);
    buf_literal(body, "\"}");
    response_body_done(response);
    response_header_lit(response, "Content-Type", "application/json; charset=utf-8");
    response_header_lit(response, "Cache-Control", "no-store");
}

void problem_send(struct request *request, unsigned status, struct str message,
                  const struct problem *problem)
{
    problem_write(request, status, message, problem);
    request_finish(request);
}

unsigned problem_status(enum err err, struct str *message)
{
    *message = answers[err].message;
    return answers[err].status;
}

void problem_send_err(struct request *request, enum err err)
{
    if (answers[err].retry)
        response_header_lit(&request->response, "Retry-After", "1");
    if (err == ERR_INTERNAL)
        log_error("http", "internal error", LOG_STR("requestId", request->id));
    problem_send(request, answers[err].status, answers[err].message, NULL);
}

void problem_send_invalid(struct request *request, const struct problem *problem)
{
    problem_send(request, 400, STR("Invalid input"), problem);
}
