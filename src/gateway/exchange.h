/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_EXCHANGE_H
#define LARDER_GATEWAY_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "gateway/fcgi_params.h"
#include "http/request.h"

/* A request with all the memory that it needs, used again for the next one: an ordinary request
 * allocates nothing. */

enum { EXCHANGE_ARENA = 8192, EXCHANGE_KEEP = 16384 };

struct connection;
struct exchange_pool;

struct exchange {
    struct request request; /* first: the request's address is the exchange's */
    struct exchange_pool *pool;
    struct connection *connection; /* NULL when the client is gone */
    struct exchange *next;         /* in the pool */
    bool handed;                   /* the handler has it */
    char id[REQUEST_ID_SIZE];      /* the request's, unless its client gives one */
    struct buf block;              /* PARAMS as received */
    struct buf body;
    struct param params[PARAMS_COUNT_MAX];
    char first[EXCHANGE_ARENA];
};

/* max_body bounds each exchange's body. */
struct exchange_pool *exchange_pool_new(size_t max_body);
/* Exchanges that are out keep the pool's memory until they are put back. */
void exchange_pool_free(struct exchange_pool *pool);
/* An empty exchange with a new request id, which begins now. */
struct exchange *exchange_take(struct exchange_pool *pool);
void exchange_put(struct exchange *exchange);

#endif
