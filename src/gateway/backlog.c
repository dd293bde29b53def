/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/backlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

enum { FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT, VECTORS_A_SEND = 64 };

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
    free(backlog->lent);
    *backlog = (struct backlog){0};
}

/* Moves on past what has been sent; gives the number of vectors that are done. */
static size_t skip(struct iovec *vectors, size_t count, size_t sent)
{
    size_t i = 0;

    for (; i < count && sent >= vectors[i].iov_len; i++)
        sent -= vectors[i].iov_len;
    if (i < count) {
        vectors[i].iov_base = (char *)vectors[i].iov_base + sent;
        vectors[i].iov_len -= sent;
    }
    return i;
}

static void add_all(struct backlog *backlog, const struct iovec *vectors, size_t count)
{
    for (size_t i = 0; i < count; i++)
        backlog_add(backlog, vectors[i].iov_base, vectors[i].iov_len);
}

/* The small ones are copied behind the list. */
static void lend(struct backlog *backlog, const struct iovec *vectors, size_t count)
{
    size_t small = 0;
    char *copies;

    for (size_t i = 0; i < count; i++)
        small += vectors[i].iov_len < BACKLOG_LENT ? vectors[i].iov_len : 0;
    backlog->lent = mem_alloc(count * sizeof *vectors + small);
    backlog->lent_count = count;
    copies = (char *)(backlog->lent + count);
    for (size_t i = 0; i < count; i++) {
        backlog->lent[i] = vectors[i];
        if (vectors[i].iov_len >= BACKLOG_LENT)
            continue;
        memcpy(copies, vectors[i].iov_base, vectors[i].iov_len);
        backlog->lent[i].iov_base = copies;
        copies += vectors[i].iov_len;
    }
}

enum err backlog_send(struct backlog *backlog, int fd, struct iovec *vectors, size_t count,
                      bool lasting)
{
    bool first = backlog_is_empty(backlog);
    size_t done;
    struct msghdr message = {.msg_iov = vectors, .msg_iovlen = count};
    ssize_t sent = 0;

    if (first) {
        do
            sent = count == 1 ? send(fd, vectors->iov_base, vectors->iov_len, FLAGS)
                              : sendmsg(fd, &message, FLAGS);
        while (sent < 0 && errno == EINTR);
        if (sent < 0 && errno != EAGAIN)
            return ERR_UNAVAILABLE;
    }
    done = skip(vectors, count, sent > 0 ? (size_t)sent : 0);
    if (lasting && first && done < count)
        lend(backlog, vectors + done, count - done);
    else
        add_all(backlog, vectors + done, count - done);
    return ERR_OK;
}

static ssize_t send_lent(struct backlog *backlog, int fd)
{
    struct iovec *vectors = backlog->lent + backlog->lent_at;
    size_t count = backlog->lent_count - backlog->lent_at;
    struct msghdr message = {.msg_iov = vectors,
                             .msg_iovlen = count < VECTORS_A_SEND ? count : VECTORS_A_SEND};
    ssize_t sent = sendmsg(fd, &message, FLAGS);

    if (sent > 0)
        backlog->lent_at += skip(vectors, count, (size_t)sent);
    if (backlog->lent_at == backlog->lent_count) {
        free(backlog->lent);
        backlog->lent = NULL;
        backlog->lent_at = backlog->lent_count = 0;
    }
    return sent;
}

static ssize_t send_copied(struct backlog *backlog, int fd)
{
    ssize_t sent = send(fd, backlog->ptr + backlog->at, backlog->len - backlog->at, FLAGS);

    if (sent > 0)
        backlog->at += (size_t)sent;
    return sent;
}

enum err backlog_flush(struct backlog *backlog, int fd)
{
    ssize_t sent = backlog->lent_count > 0 ? send_lent(backlog, fd) : send_copied(backlog, fd);

    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? ERR_BUSY : ERR_UNAVAILABLE;
    if (backlog->lent_count == 0 && backlog->at == backlog->len)
        backlog_clear(backlog);
    return ERR_OK;
}
