/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_EDGE_H
#define LARDER_APP_EDGE_H

#include <stdbool.h>

#include "http/request.h"

/* The part of the application that runs inside nginx: it answers GET and HEAD of public items and
 * lists from the host's memory, byte for byte as a worker would. All other requests go to a worker.
 * It uses no loop, no Redis and no MongoDB. */

struct edge;
struct edge_host;
struct schema;

/* Borrows the schema. */
struct edge *edge_new(const struct schema *schema);
/* NULL is allowed. */
void edge_free(struct edge *edge);

/* Answers from the host's memory, which must be ready, and counts the hit. Returns false if a
 * worker must be asked; then nothing was changed. A body is at most one part, of bytes in
 * response.body. The request needs method, path, query, id, accept, arrived_ms, began_ns, arena,
 * response and the parameters HTTP_ACCEPT_ENCODING and HTTP_IF_NONE_MATCH, and must have no
 * credentials, no Origin and no body. */
bool edge_answer(struct edge *edge, const struct edge_host *host, struct request *request);

#endif
