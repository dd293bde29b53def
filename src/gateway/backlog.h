/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_BACKLOG_H
#define LARDER_GATEWAY_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "base/err.h"

/* Bytes of a connection that wait: for the peer to take them, or to be acted on.  Holds no memory
 * while it is empty; zeroed it is empty. */
struct backlog {
    char *ptr;
    size_t at, len, size; /* `at` of `len` bytes are done */
    struct iovec *lent;   /* before these: large pieces that stay where they are, and small ones */
    size_t lent_at, lent_count;
};

static inline bool backlog_is_empty(const struct backlog *backlog)
{
    return backlog->len == 0 && backlog->lent_count == 0;
}
void backlog_add(struct backlog *backlog, const void *ptr, size_t len);
/* Empties it and frees its memory. */
void backlog_clear(struct backlog *backlog);
/* Sends the vectors to the socket as far as it takes them, and nothing past what waits already; the
 * rest waits.  lasting: pieces of BACKLOG_LENT bytes or more stay where they are until the backlog
 * is empty, so they are not copied.  ERR_UNAVAILABLE: the peer is gone.  Never blocks. */
enum { BACKLOG_LENT = 32768 };
enum err backlog_send(struct backlog *backlog, int fd, struct iovec *vectors, size_t count,
                      bool lasting);
/* Sends of what waits as much as the socket takes; when all has been sent it is empty.  ERR_BUSY:
 * the socket takes nothing now. */
enum err backlog_flush(struct backlog *backlog, int fd);

#endif
