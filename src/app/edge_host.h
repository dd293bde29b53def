/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_EDGE_HOST_H
#define LARDER_APP_EDGE_HOST_H

#include <stdbool.h>

#include "base/err.h"
#include "memory/feedback.h"
#include "memory/memory.h"

/* The host's memory, as a process of the web server has it: a view of the segment, and the file in
 * which it tells the workers what it has done with that.  Either may come, go and be replaced. */

struct edge_host {
    char name[MEMORY_NAME_MAX + 1]; /* of the segment */
    struct memory *memory;          /* a view; NULL: there is none at the moment */
    struct feedback *feedback;      /* likewise */
    enum err err;                   /* why one of them is missing */
};

/* Takes path, "/dev/shm/larder-…" or the name alone; nothing is opened.  ERR_INVALID. */
enum err edge_host_init(struct edge_host *host, const char *path);
/* Looks whether both are what they were, and opens what is not, or not yet: some times a second. */
void edge_host_look(struct edge_host *host);
void edge_host_close(struct edge_host *host);
/* Whether it can be answered from. */
static inline bool edge_host_is_ready(const struct edge_host *host)
{
    return host->memory != NULL && host->feedback != NULL;
}

#endif
