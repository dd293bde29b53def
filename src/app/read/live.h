/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_LIVE_H
#define LARDER_APP_READ_LIVE_H

#include "app/app_state.h"

/* Live answers (live/hub.h): a GET that asks for text/event-stream. */

/* Call before the handler of a ROUTE_LIVE route: if the request asks for a stream, its answer opens
 * one. Returns false if streams are off and the request was answered. */
bool live_expect(struct app *app, struct request *request, const struct route *route,
                 struct str id);
/* Turns a 429 or 503 to a request for a stream into an answer after which a browser's EventSource
 * reconnects. */
void live_soften(const struct app *app, struct request *request);
/* Ends all streams. */
void live_drain(struct app *app);

struct hub *live_hub_new(struct app *app);

#endif
