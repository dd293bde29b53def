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
    struct str message; /* unless status is 200 */
    const struct problem *problem;
    struct str json; /* the item as it is now; empty: it is gone */
};

void results_begin(struct results *results, size_t count);
/* The data of an item that has no room in an answer any more is left out. */
void results_add(struct results *results, const struct plan *plan, const struct result *result);
/* 200 when all went well, 207 when some did, 400 when none; frees what it holds. */
void results_send(struct results *results, struct request *request);

/* An id of the resource's, a value given in its place, and any text, as JSON in the arena. */
struct str results_id(const struct plan *plan, struct str id, struct arena *arena);
struct str results_given(const json_t *json, struct arena *arena);
struct str results_text(struct str text, struct arena *arena);

#endif
