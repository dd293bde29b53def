/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_CONNECTIONS_H
#define LARDER_GATEWAY_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "gateway/access.h"
#include "gateway/exchange.h"
#include "gateway/fcgi_answer.h"

/* The connections of a gateway: their reads, writes and deadlines. */

enum { CONNECTION_READ = 65536 };

/* What a connection waits for; each has its time limit. */
enum phase {
    PHASE_FIRST,  /* the first record */
    PHASE_IDLE,   /* the next request */
    PHASE_RECORD, /* the rest of a record outside of a request */
    PHASE_PARAMS,
    PHASE_BODY,
    PHASE_BUSY, /* the handler, which has limits of its own */
    PHASE_DRAIN,
    PHASE_WRITE,
    PHASE_COUNT
};

struct connection;

struct connections {
    uv_loop_t *loop;
    /* As in gateway.h: */
    void (*handler)(void *context, struct request *request);
    void *context;
    void (*answering)(void *context, struct request *request); /* may be NULL */
    void *answering_context;
    size_t max;
    uint64_t limits[PHASE_COUNT]; /* ms */
    struct exchange_pool *pool;   /* owned */
    struct access access;
    struct connection *first;
    size_t open;    /* in the list */
    size_t flows;   /* of these, streams, which do not count for the cap */
    size_t handles; /* open, or being closed */
    bool leaving;
    bool consuming;                /* `read` is being processed */
    void (*on_close)(void *owner); /* a connection is gone */
    void *owner;
    struct fcgi_answer answer;  /* of the response being sent */
    char read[CONNECTION_READ]; /* read buffer, shared by all connections */
};

/* Takes the socket (non-blocking, accepted); beyond the cap it is closed at once. */
void connection_open(struct connections *all, int fd);
/* Closes connections past their deadline. */
void connections_sweep(struct connections *all);
/* From now on each connection is closed with its next answer, idle ones after grace_ms. */
void connections_leave(struct connections *all, uint64_t grace_ms);
/* Cuts all. */
void connections_cut(struct connections *all);

#endif
