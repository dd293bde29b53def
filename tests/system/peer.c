/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

_Noreturn void fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(2);
}

double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void sleep_ms(unsigned ms)
{
    struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}

/* Marsaglia's xorshift64. */
unsigned pick(uint64_t *random, unsigned below)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (unsigned)((*random >> 11) % below);
}

/* --- HTTP --- */

struct peer *peer_new(unsigned port)
{
    struct peer *peer = calloc(1, sizeof *peer);

    if (peer == NULL)
        fail("out of memory");
    peer->fd = -1;
    peer->port = port;
    return peer;
}

void peer_drop(struct peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
    peer->used = false;
}

static bool peer_connect(struct peer *peer)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)peer->port)};
    struct timeval patience = {.tv_sec = 30};
    int one = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (peer->fd < 0)
        fail("no socket");
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(peer->fd, (struct sockaddr *)&to, sizeof to) == 0)
        return true;
    peer_drop(peer);
    return false;
}

static bool peer_send(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* Copies the value of a header; name has its colon. */
static void peer_header(const char *head, const char *name, char *to, size_t size)
{
    const char *at = strcasestr(head, name);
    size_t len;

    to[0] = '\0';
    if (at == NULL)
        return;
    at += strlen(name);
    at += strspn(at, " ");
    len = strcspn(at, "\r");
    if (len >= size)
        len = size - 1;
    memcpy(to, at, len);
    to[len] = '\0';
}

/* Reads up to the end of the head; returns where the body begins, or NULL. */
static char *peer_read_head(struct peer *peer)
{
    char *end;

    peer->have = 0;
    for (;;) {
        ssize_t n = recv(peer->fd, peer->head + peer->have, PEER_HEAD_MAX - 1 - peer->have, 0);
        if (n <= 0)
            return NULL;
        peer->have += (size_t)n;
        peer->head[peer->have] = '\0';
        end = strstr(peer->head, "\r\n\r\n");
        if (end != NULL)
            break;
    }
    end[2] = '\0';
    return end + 4;
}

static bool peer_read_body(struct peer *peer, const char *begun, size_t len)
{
    size_t have = peer->have - (size_t)(begun - peer->head);

    if (len >= PEER_BODY_MAX || have > len)
        return false;
    memcpy(peer->body, begun, have);
    while (have < len) {
        ssize_t n = recv(peer->fd, peer->body + have, len - have, 0);
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    peer->body[len] = '\0';
    peer->body_len = len;
    return true;
}

static unsigned peer_read_answer(struct peer *peer)
{
    char *begun = peer_read_head(peer), text[32];
    unsigned long len, status;

    if (begun == NULL || strncmp(peer->head, "HTTP/1.1 ", 9) != 0)
        return 0;
    status = strtoul(peer->head + 9, NULL, 10);
    peer_header(peer->head, "\r\nContent-Length:", text, sizeof text);
    len = status == 304 ? 0 : strtoul(text, NULL, 10);
    peer_header(peer->head, "\r\nETag:", peer->etag, sizeof peer->etag);
    peer_header(peer->head, "\r\nCache-Status:", peer->cache, sizeof peer->cache);
    if (!peer_read_body(peer, begun, len))
        return 0;
    peer_header(peer->head, "\r\nConnection:", text, sizeof text);
    if (strcmp(text, "close") == 0)
        peer_drop(peer);
    else
        peer->used = true;
    return status < 600 ? (unsigned)status : 0;
}

unsigned peer_ask(struct peer *peer, const char *request, size_t len, bool again)
{
    for (;;) {
        bool kept = peer->fd >= 0 && peer->used;
        unsigned status = 0;

        if ((peer->fd >= 0 || peer_connect(peer)) && peer_send(peer->fd, request, len))
            status = peer_read_answer(peer);
        if (status != 0)
            return status;
        peer_drop(peer);
        if (!kept || !again)
            return 0;
    }
}
