/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_BACKLOG_H
#define LARDER_GATEWAY_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "base/err.h"

/* Bytes of a connection that wait to be sent or processed. Zeroed: empty. Holds no memory while
 * empty. */
struct backlog {
    char *ptr;
    size_t at, len, size; /* `at` of `len` bytes are consumed */
    struct iovec *lent;   /* sent before ptr: large pieces, not copied, and small ones */
    size_t lent_at, lent_count;
};

static inline bool backlog_is_empty(const struct backlog *backlog)
{
    return backlog->len == 0 && backlog->lent_count == 0;
}
void backlog_add(struct backlog *backlog, const void *ptr, size_t len);
/* Empties it and frees its memory. */
void backlog_clear(struct backlog *backlog);
/* Sends the vectors after all that waits already; what the socket does not take waits. lasting:
 * pieces of BACKLOG_LENT bytes or more stay valid until the backlog is empty, so they are not
 * copied.  ERR_UNAVAILABLE: the peer is gone.  Never blocks. */
enum { BACKLOG_LENT = 32768 };
enum err backlog_send(struct backlog *backlog, int fd, struct iovec *vectors, size_t count,
                      bool lasting);
/* Sends as much of the waiting bytes as the socket takes. ERR_BUSY: some are left. */
enum err backlog_flush(struct backlog *backlog, int fd);

#endif
