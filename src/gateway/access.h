/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_ACCESS_H
#define LARDER_GATEWAY_ACCESS_H

#include <stdint.h>

#include "http/request.h"

/* Records each request: its duration in the metrics and, if it was slow or is sampled, a line in
 * the log. */

struct access {
    int64_t slow_ns; /* slower requests are logged; INT64_MAX: none */
    uint32_t share;  /* of ACCESS_ALL requests, how many are logged in any case */
};
enum { ACCESS_ALL = 1000000 };

/* Adds Server-Timing for editors and administrators. Call before the answer is built. */
void access_tell(struct request *request);
/* Call when the answer's last byte was handed to the socket. */
void access_note(const struct access *access, struct request *request);

#endif
