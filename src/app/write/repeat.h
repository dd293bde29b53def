/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_REPEAT_H
#define LARDER_APP_WRITE_REPEAT_H

#include "app/app_state.h"

/* nginx sends a DELETE again when its worker was killed before the answer, under the id that it has
 * given the request (the parameter REQUEST_ID).  The second finds nothing, and gets the answer that
 * the first would have got: "<prefix>:deleted:<id>" in Redis says that there was something. Without
 * Redis, or an id, it is not known. */

struct repeat {
    void (*done)(void *context, bool repeated);
    void *context;
    /* repeat_ask's: */
    struct app *app;
    struct str key;
    uv_timer_t timer;
    unsigned waits;
    bool found;
};

/* The request is about to delete something. */
void repeat_mark(struct app *app, struct request *request);
/* Whether this request was about to before.  Calls done once, later: a worker that has just been
 * started waits until Redis has answered.  The repeat must stay valid until then. */
void repeat_ask(struct repeat *repeat, struct app *app, struct request *request);

#endif
