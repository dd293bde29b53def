/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_APP_CONFIG_H
#define LARDER_APP_APP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

/* What the application is set to. */

/* As LARDER_INDEXES has it. */
enum indexes_policy {
    INDEXES_OWN, /* on collections that were made or found empty here */
    INDEXES_ALL,
    INDEXES_NONE
};

/* Who follows what other programs write: for /readyz, /metrics and /api/admin/status.  Borrows
 * context. */
struct app_follow {
    struct str (*way)(void *context); /* "streams", "times", "off" or "behind" */
    void (*metrics)(void *context, struct buf *out);
    void (*status)(void *context, struct buf *out); /* as members of a JSON object */
    void *context;
};

struct app_config {
    bool writes_open;   /* everyone may write */
    bool signup_open;   /* everyone may make an account for themselves */
    struct str prefix;  /* of every name in Redis; borrowed, as is origins, for the app's life */
    struct str origins; /* whose pages may use the API (http/cors.h), with commas between */
    struct str proxies; /* that are trusted, with commas between */
    uint32_t streams;   /* of live answers, at most; 0: none */
    uint32_t streams_per_client;
    bool logs;               /* requests, some or all: each must come to a worker */
    const char *memory_name; /* of the host's segment; borrowed */
    gid_t edge_group;        /* of a web server that answers by itself; -1: none */
    uint32_t rate;           /* requests a second from one address; 0: any number */
    enum indexes_policy indexes;
};

#endif
