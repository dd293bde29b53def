/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_RANDOM_H
#define LARDER_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills with bytes of the kernel's random generator: for tokens and secrets. */
void random_bytes(void *to, size_t len);
/* The next number of a fast generator seeded once a process (xoshiro256++): for jitter, tag
 * versions and sampling, never for secrets.  For one thread. */
uint64_t random_u64(void);
/* Uniform in [0, 1). */
double random_unit(void);
/* value ± fraction of it, uniformly: random_jitter(300, 0.1) lies in [270, 330]. */
int64_t random_jitter(int64_t value, double fraction);

#endif
