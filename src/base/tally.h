/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_TALLY_H
#define LARDER_BASE_TALLY_H

#include <stdint.h>

/* How many things each client has open, over all workers of the host.  A client is the hash of its
 * address.  Each worker counts in its own slot of the common metrics, so what a worker that was
 * killed had open is not counted any more. */

/* One more of this client: how many there are now, this one included.  Where nobody else's can be
 * seen, or the table has no place left, fewer. */
uint64_t tally_add(uint64_t client);
/* One of them is closed. */
void tally_drop(uint64_t client);

#endif
