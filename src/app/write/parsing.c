/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/parsing.h"

#include <stdlib.h>

#include "app/app_state.h"
#include "base/mem.h"
#include "base/trace.h"

struct parsing {
    uv_work_t work;
    struct visit *visit;
    void (*next)(struct visit *visit);
    struct trace *trace; /* of the request */
    struct problem problem;
    json_t *root;
    enum err err;
};

/* The request waits, so its arena is this thread's. */
static void parsing_work(uv_work_t *work)
{
    struct parsing *parsing = work->data;

    parsing->err =
        body_parse(parsing->visit->request->body, true, &parsing->problem, &parsing->root);
}

/* What the handler has not taken goes. */
static void worked(uv_work_t *work, int status)
{
    struct parsing *parsing = work->data;
    struct trace *before = trace_enter(parsing->trace);

    (void)status;
    parsing->visit->parsing = parsing;
    parsing->next(parsing->visit);
    trace_leave(before);
    trace_put(parsing->trace);
    json_decref(parsing->root);
    free(parsing);
}

void parsing_begin(struct visit *visit, void (*next)(struct visit *visit))
{
    struct parsing *parsing = mem_zalloc(sizeof *parsing);

    parsing->visit = visit;
    parsing->next = next;
    parsing->trace = trace_take();
    problem_init(&parsing->problem, &visit->request->arena);
    parsing->work.data = parsing;
    uv_queue_work(visit->app->loop, &parsing->work, parsing_work, worked);
}

enum err parsing_take(struct parsing *parsing, bool allow_array, struct problem *problem,
                      json_t **root)
{
    *problem = parsing->problem;
    if (parsing->err != ERR_OK)
        return parsing->err;
    if (!allow_array && json_is_array(parsing->root)) {
        problem_add(problem, STR("body"), STR("must be a JSON object"));
        return ERR_SYNTAX;
    }
    *root = parsing->root;
    parsing->root = NULL;
    return ERR_OK;
}
