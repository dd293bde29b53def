/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_NETWORK_H
#define LARDER_BASE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

/* IPv4 and IPv6 addresses and networks.  An IPv4 address equals its mapped form, ::ffff:192.0.2.1
 * (RFC 4291 section 2.5.5.2). */

enum { ADDRESS_SIZE = 16, ADDRESS_TEXT_MAX = 64, NETWORKS_MAX = 64 };

struct network {
    unsigned char address[ADDRESS_SIZE];
    unsigned bits; /* of the address that count */
};

/* Parses an address without a port.  ERR_SYNTAX. */
enum err address_parse(struct str text, unsigned char address[static ADDRESS_SIZE]);
/* Returns whether it is an IPv4 address. */
bool address_is_v4(const unsigned char address[static ADDRESS_SIZE]);

/* Parses "10.0.0.0/8, 2001:db8::/32, 192.0.2.1", or "none", into *count networks.  ERR_SYNTAX, also
 * for the empty text; ERR_RANGE for more than NETWORKS_MAX. */
enum err networks_parse(struct str text, struct network networks[static NETWORKS_MAX],
                        size_t *count);
bool networks_have(const struct network *networks, size_t count,
                   const unsigned char address[static ADDRESS_SIZE]);

#endif
