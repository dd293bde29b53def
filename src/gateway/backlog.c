/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

enum { FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT };

void backlog_add(struct backlog *backlog, const void *ptr, size_t len)
{
    if (backlog->at > 0) {
        backlog->len -= backlog->at;
        memmove(backlog->ptr, backlog->ptr + backlog->at, backlog->len);
        backlog->at = 0;
    }
    if (backlog->len + len > backlog->size) {
        backlog->size = backlog->len + len;
        backlog->ptr = mem_realloc(backlog->ptr, backlog->size);
    }
    memcpy(backlog->ptr + backlog->len, ptr, len);
    backlog->len += len;
}

void backlog_clear(struct backlog *backlog)
{
    free(backlog->ptr);
    *backlog = (struct backlog){0};
}

/* Adds what of the vectors is behind the first `sent` bytes. */
static void add_rest(struct backlog *backlog, const struct iovec *vectors, size_t count,
                     size_t sent)
{
    for (size_t i = 0; i < count; i++) {
        size_t done = sent < vectors[i].iov_len ? sent : vectors[i].iov_len;
        sent -= done;
        if (done < vectors[i].iov_len)
            backlog_add(backlog, (char *)vectors[i].iov_base + done, vectors[i].iov_len - done);
    }
}

enum err backlog_send(struct backlog *backlog, int fd, struct iovec *vectors, size_t count)
{
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = count};
    ssize_t sent = 0;

    if (backlog->len == 0) {
        do
            sent = count == 1 ? send(fd, vectors->iov_base, vectors->iov_len, FLAGS)
                              : sendmsg(fd, &message, FLAGS);
        while (sent < 0 && errno == EINTR);
        if (sent < 0 && errno != EAGAIN)
            return ERR_UNAVAILABLE;
    }
    add_rest(backlog, vectors, count, sent > 0 ? (size_t)sent : 0);
    return ERR_OK;
}

enum err backlog_flush(struct backlog *backlog, int fd)
{
    ssize_t sent = send(fd, backlog->ptr + backlog->at, backlog->len - backlog->at, FLAGS);

    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? ERR_BUSY : ERR_UNAVAILABLE;
    backlog->at += (size_t)sent;
    if (backlog->at == backlog->len)
        backlog_clear(backlog);
    return ERR_OK;
}
