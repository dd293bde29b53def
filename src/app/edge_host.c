/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/edge_host.h"

#include <string.h>

static void host_used(void *context, uint64_t key_hash)
{
    const struct edge_host *host = context;

    feedback_hit(host->feedback, key_hash);
}

enum err edge_host_init(struct edge_host *host, const char *path)
{
    static const char folder[] = "/dev/shm/";
    size_t len;

    *host = (struct edge_host){.err = ERR_NOT_FOUND};
    if (strncmp(path, folder, sizeof folder - 1) == 0)
        path += sizeof folder - 1;
    len = strlen(path);
    if (!memory_is_name(path))
        return ERR_INVALID;
    memcpy(host->name, path, len + 1);
    return ERR_OK;
}

/* The counts first: without them nothing may be answered. */
void edge_host_look(struct edge_host *host)
{
    if (host->memory != NULL && !memory_view_is_current(host->memory)) {
        memory_view_close(host->memory);
        host->memory = NULL;
    }
    if (host->feedback != NULL && !feedback_is_current(host->feedback)) {
        feedback_close(host->feedback);
        host->feedback = NULL;
    }
    host->err = ERR_OK;
    if (host->feedback == NULL)
        host->err = feedback_open(host->name, &host->feedback);
    if (host->err == ERR_OK && host->memory == NULL)
        host->err = memory_view_open(host->name, host_used, host, &host->memory);
}

void edge_host_close(struct edge_host *host)
{
    memory_view_close(host->memory);
    feedback_close(host->feedback);
    host->memory = NULL;
    host->feedback = NULL;
}
