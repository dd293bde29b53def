/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_PEER_H
#define LARDER_TESTS_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the checkers have in common: a connection over HTTP to this machine, a clock, and numbers by
 * chance.  What cannot go on ends the program. */

enum { PEER_BODY_MAX = 512 << 10, PEER_HEAD_MAX = 8192, PEER_ETAG_MAX = 80 };

struct peer {
    int fd; /* -1: not connected */
    unsigned port;
    bool used; /* has answered before */
    size_t have;
    char head[PEER_HEAD_MAX];
    char body[PEER_BODY_MAX];
    size_t body_len;
    char etag[PEER_ETAG_MAX], cache[128]; /* of the last answer */
};

/* Not connected yet.  For free(), after peer_drop. */
struct peer *peer_new(unsigned port);
void peer_drop(struct peer *peer);
/* The status, or 0 when there was no whole answer.  A kept connection that nginx has closed
 * meanwhile is tried once more if `again`. */
unsigned peer_ask(struct peer *peer, const char *request, size_t len, bool again);

double now(void); /* seconds, monotonic */
void sleep_ms(unsigned ms);
/* 0 to below - 1; *random must not be 0. */
unsigned pick(uint64_t *random, unsigned below);
_Noreturn void fail(const char *what);

#endif
