/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_HEALTH_H
#define LARDER_APP_HEALTH_H

#include "app/app_state.h"

/* Checks MongoDB for /readyz and calls answer with OK, or with its error. */
void health_ask(struct app *app, struct request *request,
                void (*answer)(struct app *app, struct request *request, enum err err));

/* "valid"; "invalid" while other hosts' writes may be missed; "off" without memory. */
struct str health_memory(const struct app *app);
/* How other programs' writes are followed. */
struct str health_follow(const struct app *app);
/* Appends ,"reasons":{"redis":"…"} for each problem, or nothing. mongo: the result of its check. */
void health_reasons(const struct app *app, enum err mongo, struct buf *body);

#endif
