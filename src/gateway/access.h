/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_ACCESS_H
#define LARDER_GATEWAY_ACCESS_H

#include <stdint.h>

#include "http/request.h"

/* What is kept of each request: how long it took, as a figure, and, if it was slow or is one of
 * those that are asked for, a line of the log. */

struct access {
    int64_t slow_ns; /* what takes longer is logged; INT64_MAX: nothing */
    uint32_t share;  /* of ACCESS_ALL, that are logged in any case */
};
enum { ACCESS_ALL = 1000000 };

/* Before the answer is laid out: editors and administrators see where the time has gone
 * (Server-Timing). */
void access_tell(struct request *request);
/* When the answer's last byte has been handed over. */
void access_note(const struct access *access, struct request *request);

#endif
