/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_EDGE_HOST_H
#define LARDER_APP_EDGE_HOST_H

#include <stdbool.h>

#include "base/err.h"
#include "memory/feedback.h"
#include "memory/memory.h"

/* The host's memory in a process of nginx: a view of the segment, and the file that reports hits to
 * the workers. Either may appear, vanish or be replaced at any time. */

struct edge_host {
    char name[MEMORY_NAME_MAX + 1]; /* of the segment */
    struct memory *memory;          /* a view; NULL: not there at the moment */
    struct feedback *feedback;      /* likewise */
    enum err err;                   /* why one of them is NULL */
};

/* path: "/dev/shm/larder-…" or the name alone. Opens nothing yet. ERR_INVALID. */
enum err edge_host_init(struct edge_host *host, const char *path);
/* Checks both and opens what is missing or was replaced. Call several times a second. */
void edge_host_look(struct edge_host *host);
void edge_host_close(struct edge_host *host);
/* Whether hits can be answered. */
static inline bool edge_host_is_ready(const struct edge_host *host)
{
    return host->memory != NULL && host->feedback != NULL;
}

#endif
