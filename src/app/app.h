/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_APP_H
#define LARDER_APP_APP_H

#include <stdbool.h>
#include <uv.h>

#include "app/app_config.h"
#include "http/request.h"

/* The application: what is answered to each request.  Here is what all resources share; in read/
 * how items and lists are answered, in write/ how they are changed, in people/ accounts, sessions
 * and what keeps guesses out, in openapi/ the description of it all. */

struct app;
struct cache;
struct memory;
struct mongo;
struct redis;
struct resource;
struct schema;

/* Borrows all of them for its life. */
struct app *app_new(uv_loop_t *loop, const struct app_config *config, const struct schema *schema,
                    struct cache *cache, struct mongo *mongo, struct redis *redis,
                    struct memory *memory);
/* For its metrics. */
void app_set_follow(struct app *app, const struct app_follow *follow);
/* Whether answers of this resource are kept no longer than it allows for writes of others. */
void app_limit(struct app *app, const struct resource *resource, bool limited);
/* Makes the indexes, in the background; an index that cannot be made is a warning. */
void app_start(struct app *app);
/* Calls told(context) once, when the workers' partitions are known; or that Redis did
 * not say. */
void app_await_layouts(struct app *app, void (*told)(void *context), void *context);
/* The gateway's handler, and what it calls for each answer; context is the app. */
void app_handle(void *context, struct request *request);
void app_answering(void *context, struct request *request);
/* Ends all streams of live answers: before the gateway drains. */
void app_drain(struct app *app);
/* When no request is left: closes its handles, then done(context). */
void app_stop(struct app *app, void (*done)(void *context), void *context);
/* After app_stop's done, and after what it borrows has no work of its own left. */
void app_free(struct app *app);

#endif
