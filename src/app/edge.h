/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_EDGE_H
#define LARDER_APP_EDGE_H

#include <stdbool.h>

#include "http/request.h"

/* The part of the application that a web server runs by itself: answers to GET and HEAD of items
 * and lists that everybody may read, from the host's memory, byte for byte as a worker would give
 * them. What it does not answer goes to a worker.  It knows no loop, no Redis and no MongoDB. */

struct edge;
struct edge_host;
struct schema;

/* Borrows the schema. */
struct edge *edge_new(const struct schema *schema);
/* NULL is allowed. */
void edge_free(struct edge *edge);

/* Answers from the host's memory, which is ready, and counts that; a body is one
 * part at most, of the bytes in response.body.  False, and nothing was done: ask a worker.  Of the
 * request, method, path, query, id, accept, arrived_ms, began_ns, arena, response and the
 * parameters HTTP_ACCEPT_ENCODING and HTTP_IF_NONE_MATCH must be set, and it has neither
 * credentials, nor an Origin, nor a body. */
bool edge_answer(struct edge *edge, const struct edge_host *host, struct request *request);

#endif
