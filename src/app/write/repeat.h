/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_REPEAT_H
#define LARDER_APP_WRITE_REPEAT_H

#include "app/app_state.h"

/* nginx repeats a DELETE whose worker was killed before the answer, with the same request id (the
 * parameter REQUEST_ID). The repeat finds no document, but gets the answer of the first, because
 * "<prefix>:deleted:<id>" in Redis records that there was one. Without Redis or an id the repeat is
 * not recognised. */

struct repeat {
    void (*done)(void *context, bool repeated);
    void *context;
    /* set by repeat_ask: */
    struct app *app;
    struct str key;
    uv_timer_t timer;
    unsigned waits;
    bool found;
};

/* Records that this request is about to delete a document. */
void repeat_mark(struct app *app, struct request *request);
/* Finds out whether this request is a repeat. Calls done once, later: a new worker waits for Redis
 * first. The repeat must stay valid until then. */
void repeat_ask(struct repeat *repeat, struct app *app, struct request *request);

#endif
