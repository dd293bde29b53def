/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_LOOK_H
#define LARDER_APP_READ_LOOK_H

#include "app/people/session.h"
#include "app/state.h"
#include "live/hub.h"

/* An answer that is asked for by the program itself: what a watch is of, as bytes, and the look. */

struct target {
    const struct route *route;
    struct str id, query;
    const char *session; /* SESSION_HASH_SIZE digits of who asks; NULL: anybody */
};

enum { TARGET_MAX = 16384 };

/* The bytes of it: the same for equal ones. */
void target_put(const struct target *target, struct buf *out);
/* For struct hub_config; context is the app. */
void look(void *context, struct watch *watch, struct str target, struct str etag);
/* What a finished request has found; etag is copied into room.  tags are borrowed. */
struct seen look_seen(const struct request *request, const struct tagset *tags,
                      char room[static ENTRY_ETAG_MAX]);

#endif
