/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/words.h"

#include "app/indexes.h"

bool words_refuse(struct app *app, const struct plan *plan, const struct query *query,
                  struct request *request)
{
    const struct query_value *words = query_value_of(query, PARAM_MATCH);
    enum words_state state = WORDS_THERE;

    if (words != NULL && words->given)
        state = indexes_words(app->indexes, plan->resource);
    if (state == WORDS_BEING_MADE) {
        response_header_lit(&request->response, "Retry-After", "5");
        problem_send(request, 503, STR("q needs the text index, which is being made: try again"),
                     NULL);
    } else if (state == WORDS_MISSING) {
        problem_send(request, 501,
                     ARENA_JOIN(&request->arena,
                                STR("q needs the text index, which is missing: larderctl reindex "),
                                plan->resource->name),
                     NULL);
    }
    return state != WORDS_THERE;
}
