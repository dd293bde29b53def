/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_RESULTS_H
#define LARDER_APP_WRITE_RESULTS_H

#include <jansson.h>

#include "app/plan.h"
#include "http/problem.h"

/* The answer to a change of several items: {"success":…,"count":…,"results":[…],"requestId":…}. */
struct results {
    size_t count, added, good;
    struct buf body;
};

struct result {
    struct str id; /* JSON */
    unsigned status;
    struct str message; /* empty if status is 200 */
    const struct problem *problem;
    struct str json; /* the item after the change; empty: deleted */
};

void results_begin(struct results *results, size_t count);
/* Leaves an item's data out if the answer would become too large. */
void results_add(struct results *results, const struct plan *plan, const struct result *result);
/* Answers 200 if all succeeded, 207 if some did, 400 if none. Frees the results. */
void results_send(struct results *results, struct request *request);

/* JSON, in the arena, of an id, of a value given in place of an id, and of a text. */
struct str results_id(const struct plan *plan, struct str id, struct arena *arena);
struct str results_given(const json_t *json, struct arena *arena);
struct str results_text(struct str text, struct arena *arena);

#endif
