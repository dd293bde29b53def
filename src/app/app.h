/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_APP_H
#define LARDER_APP_APP_H

#include <stdbool.h>
#include <uv.h>

#include "app/app_config.h"
#include "http/request.h"

/* The application: answers each request. This folder has what all resources share; read/ answers
 * items and lists, write/ changes them, people/ has accounts, sessions and the limits on password
 * guesses, openapi/ describes the API. */

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
/* Sets the follower, for /readyz, /metrics and the status page. */
void app_set_follow(struct app *app, const struct app_follow *follow);
/* Limits, or no longer limits, the life of this resource's entries to what its file allows without
 * a follower. */
void app_limit(struct app *app, const struct resource *resource, bool limited);
/* Creates the indexes in the background. An index that cannot be created is logged as a warning. */
void app_start(struct app *app);
/* Calls told(context) once the other workers' partitions are known, or Redis failed to answer. */
void app_await_layouts(struct app *app, void (*told)(void *context), void *context);
/* The gateway's callbacks for each request and each answer; context is the app. */
void app_handle(void *context, struct request *request);
void app_answering(void *context, struct request *request);
/* Ends all streams of live answers. Call before the gateway drains. */
void app_drain(struct app *app);
/* Closes all handles, then calls done(context). Call when no request is left. */
void app_stop(struct app *app, void (*done)(void *context), void *context);
/* Call after app_stop's done, once redis and mongo are closed. */
void app_free(struct app *app);

#endif
