/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_APP_CONFIG_H
#define LARDER_APP_APP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

/* The application's settings. */

/* LARDER_INDEXES. */
enum indexes_policy {
    INDEXES_OWN, /* on collections that Larder created or found empty */
    INDEXES_ALL,
    INDEXES_NONE
};

/* The follower of other programs' writes, for /readyz, /metrics and /api/admin/status. Borrows
 * context. */
struct app_follow {
    struct str (*way)(void *context); /* "streams", "times", "off" or "behind" */
    void (*metrics)(void *context, struct buf *out);
    void (*status)(void *context, struct buf *out); /* as members of a JSON object */
    void *context;
};

struct app_config {
    bool writes_open; /* everyone may write */
    bool signup_open; /* everyone may make an account for themselves */
    struct str
        prefix; /* of every name in Redis; borrowed for the app's life, as all strings here */
    struct str origins; /* origins whose pages may use the API (http/cors.h), comma-separated */
    struct str proxies; /* trusted proxies, comma-separated */
    uint32_t streams;   /* most streams of live answers at once; 0: none */
    uint32_t streams_per_client;
    bool logs;               /* some or all requests are logged: nginx must pass each to a worker */
    const char *memory_name; /* of the host's segment; borrowed */
    gid_t edge_group;        /* group of nginx, if it answers hits by itself; -1: it does not */
    uint32_t rate;           /* requests a second from one address; 0: no limit */
    enum indexes_policy indexes;
};

#endif
