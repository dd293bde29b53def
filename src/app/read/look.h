/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_LOOK_H
#define LARDER_APP_READ_LOOK_H

#include "app/app_state.h"
#include "app/people/session.h"
#include "live/live.h"

/* Internal requests for live answers: a watch's target as bytes, and the request itself. */

struct look_target {
    const struct route *route;
    struct str id, query;
    const char
        *session; /* SESSION_HASH_SIZE digits of the visitor's session; NULL: not signed in */
};

enum { LOOK_TARGET_MAX = 16384 };

/* Appends the target's bytes: equal targets have equal bytes. */
void look_target_put(const struct look_target *target, struct buf *out);
/* For struct hub_config; context is the app. */
void look(void *context, struct watch *watch, struct str target, struct str etag);
/* The result of a finished request. Copies the etag into room; borrows tags. */
struct seen look_seen(const struct request *request, const struct tagset *tags,
                      char room[static ENTRY_ETAG_MAX]);

#endif
