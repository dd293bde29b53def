/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_LOOK_H
#define LARDER_APP_READ_LOOK_H

#include "app/app_state.h"
#include "app/people/session.h"
#include "live/live.h"

/* An answer that is asked for by the program itself: what a watch is of, as bytes, and the look. */

struct look_target {
    const struct route *route;
    struct str id, query;
    const char *session; /* SESSION_HASH_SIZE digits of who asks; NULL: anybody */
};

enum { LOOK_TARGET_MAX = 16384 };

/* The bytes of it: the same for equal ones. */
void look_target_put(const struct look_target *target, struct buf *out);
/* For struct hub_config; context is the app. */
void look(void *context, struct watch *watch, struct str target, struct str etag);
/* What a finished request has found; etag is copied into room.  tags are borrowed. */
struct seen look_seen(const struct request *request, const struct tagset *tags,
                      char room[static ENTRY_ETAG_MAX]);

#endif
