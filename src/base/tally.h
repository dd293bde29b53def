/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_TALLY_H
#define LARDER_BASE_TALLY_H

#include <stdint.h>

/* Counts the open connections of each client, over all workers of the host.  A client is the hash
 * of its address.  Each worker counts in its own slot of the shared metrics, so connections of a
 * killed worker are not counted. */

/* Adds one of this client.  Returns how many are open now, this one included; too few if the shared
 * file is missing or its table is full. */
uint64_t tally_add(uint64_t client);
/* Removes one of this client. */
void tally_drop(uint64_t client);

#endif
