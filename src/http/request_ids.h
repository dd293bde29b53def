/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_REQUEST_IDS_H
#define LARDER_HTTP_REQUEST_IDS_H

#include <stdint.h>

#include "http/request.h"

/* The ids that one process gives to requests without one of their own: hex digits.  The first half
 * is the process', at random, and tells workers from the web server; the second one begins anywhere
 * and comes round after 2^32 requests. */

enum request_ids_of { REQUEST_IDS_WORKER, REQUEST_IDS_EDGE };

struct request_ids {
    char process[REQUEST_ID_SIZE / 2];
    uint32_t next;
};

/* In the process that uses them, not before a fork. */
void request_ids_init(struct request_ids *ids, enum request_ids_of of);
/* Writes the next one, without a NUL. */
void request_ids_next(struct request_ids *ids, char id[static REQUEST_ID_SIZE]);

#endif
