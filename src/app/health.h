/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_HEALTH_H
#define LARDER_APP_HEALTH_H

#include "app/app_state.h"

/* The answer of /readyz: asks MongoDB and calls answer with what it says, OK when it is
 * well. */
void health_ask(struct app *app, struct request *request,
                void (*answer)(struct app *app, struct request *request, enum err err));

/* "valid" or, while other hosts' writes may be missed, "invalid"; "off" without
 * memory. */
struct str health_memory(const struct app *app);
/* How what other programs write is seen. */
struct str health_follow(const struct app *app);
/* Adds ,"reasons":{"redis":"…"} of what is not well, or nothing; mongo: what its answer was. */
void health_reasons(const struct app *app, enum err mongo, struct buf *body);

#endif
