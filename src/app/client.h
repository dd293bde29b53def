/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_CLIENT_H
#define LARDER_APP_CLIENT_H

#include <stdbool.h>

#include "base/network.h"

/* Who asks, and over what: what nginx says of the connection, and where that comes from a proxy
 * that is trusted, what this one says of its own (X-Forwarded-For, X-Forwarded-Proto). */

struct request;

/* The proxies that are trusted (LARDER_PROXIES). */
struct proxies {
    struct network networks[NETWORKS_MAX];
    size_t count;
};

enum { CLIENT_MAX = ADDRESS_TEXT_MAX };

/* The client's address; an IPv6 one stands for its network of 64 bits, which is what one customer
 * has. */
struct str client_address(const struct proxies *proxies, const struct request *request,
                          char room[static CLIENT_MAX]);
/* Whether its connection is encrypted. */
bool client_is_secure(const struct proxies *proxies, const struct request *request);

#endif
