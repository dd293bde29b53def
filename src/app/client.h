/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_CLIENT_H
#define LARDER_APP_CLIENT_H

#include <stdbool.h>

#include "base/network.h"

/* The client and its connection: as nginx sees them or, behind a trusted proxy, as the proxy
 * reports them (X-Forwarded-For, X-Forwarded-Proto). */

struct request;

/* The trusted proxies (LARDER_PROXIES). */
struct proxies {
    struct network networks[NETWORKS_MAX];
    size_t count;
};

enum { CLIENT_MAX = ADDRESS_TEXT_MAX };

/* The client's address, in room. An IPv6 address is cut to its /64 network, the size that one
 * customer gets. */
struct str client_address(const struct proxies *proxies, const struct request *request,
                          char room[static CLIENT_MAX]);
/* Whether the client's connection is encrypted. */
bool client_is_secure(const struct proxies *proxies, const struct request *request);

#endif
