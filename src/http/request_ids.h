/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_REQUEST_IDS_H
#define LARDER_HTTP_REQUEST_IDS_H

#include <stdint.h>

#include "http/request.h"

/* Ids for requests that come without one: hex digits.  The first half is random for each process
 * and distinguishes workers and web server; the second half is a counter with a random start, which
 * wraps after 2^32 requests. */

enum request_ids_of { REQUEST_IDS_WORKER, REQUEST_IDS_EDGE };

struct request_ids {
    char process[REQUEST_ID_SIZE / 2];
    uint32_t next;
};

/* Call it in the process that uses the ids, not before a fork. */
void request_ids_init(struct request_ids *ids, enum request_ids_of of);
/* Writes the next one, without a NUL. */
void request_ids_next(struct request_ids *ids, char id[static REQUEST_ID_SIZE]);

#endif
