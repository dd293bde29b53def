/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_IDS_H
#define LARDER_APP_READ_IDS_H

#include "app/app_state.h"

/* A list of items by ids, in the given order. */
struct ids {
    const struct str *items; /* canonical; in the request's arena */
    size_t count, most;      /* how many existing items to show, from the first on */
    /* Called for each missing item of a list that was not asked for by ids; items too large to show
     * are then left out. NULL: asked for by ids. */
    void (*absent)(struct app *app, const struct plan *plan, struct str id);
};
void ids_answer(struct app *app, const struct plan *plan, struct request *request,
                const struct ids *ids);
/* Answers a list whose query has ids. */
void ids_handle(struct app *app, const struct plan *plan, struct request *request,
                const struct query *query);

#endif
