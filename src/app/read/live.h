/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_LIVE_H
#define LARDER_APP_READ_LIVE_H

#include "app/app_state.h"

/* Live answers (live/hub.h): a GET that asks for text/event-stream. */

/* Before the handler of a route that is ROUTE_LIVE: its answer opens a stream, where that is what
 * the request asks for.  False: it has been answered, since there are no streams here. */
bool live_expect(struct app *app, struct request *request, const struct route *route,
                 struct str id);
/* Makes a response that says "later" (429, 503) what a browser's EventSource comes back from, where
 * the request asks for a stream. */
void live_soften(const struct app *app, struct request *request);
/* Ends all streams. */
void live_drain(struct app *app);

struct hub *live_hub_new(struct app *app);

#endif
