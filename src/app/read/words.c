/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/words.h"

#include "app/indexes.h"

bool words_refuse(struct app *app, const struct plan *plan, const struct query *query,
                  struct request *request)
{
    const struct query_value *words = query_value_of(query, PARAM_MATCH);

    if (words == NULL || !words->given || !indexes_without_words(app->indexes, plan->resource))
        return false;
    problem_send(request, 501,
                 ARENA_JOIN(&request->arena,
                            STR("q needs the text index, which is missing: larderctl reindex "),
                            plan->resource->name),
                 NULL);
    return true;
}
