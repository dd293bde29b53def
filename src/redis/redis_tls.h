/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_TLS_H
#define LARDER_REDIS_REDIS_TLS_H

#include <stdbool.h>

#include "redis/redis_library.h"

/* Inside of redis/: TLS 1.2 or newer towards Redis, the certificate checked against the system's
 * authorities and the host's name or address.  Without hiredis_ssl there is none: redis_tls_new
 * gives NULL, as it does when TLS cannot be set up. */
struct redis_tls;

struct redis_tls *redis_tls_new(const char *host);
void redis_tls_free(struct redis_tls *tls);
/* Before the first byte is sent.  False when it cannot. */
bool redis_tls_start(struct redis_tls *tls, redisContext *context);
/* Before each read and write: what another connection has left in this thread's queue of errors
 * would be taken for this one's (SSL_get_error(3)), and hiredis leaves it there. */
void redis_tls_forget_errors(void);

#endif
