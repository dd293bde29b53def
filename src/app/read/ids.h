/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_IDS_H
#define LARDER_APP_READ_IDS_H

#include "app/app_state.h"

/* Items by their canonical ids, as a list in this order. */
struct ids {
    const struct str *items; /* the request arena's */
    size_t count, most;      /* the first so many that there are */
    /* NULL, or for a list that nobody has asked for by ids: called for each one that is not there;
     * what is too large to be shown is left out. */
    void (*absent)(struct app *app, const struct plan *plan, struct str id);
};
void ids_answer(struct app *app, const struct plan *plan, struct request *request,
                const struct ids *ids);
/* The list whose query names ids. */
void ids_handle(struct app *app, const struct plan *plan, struct request *request,
                const struct query *query);

#endif
