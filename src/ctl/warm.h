/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_WARM_H
#define LARDER_CTL_WARM_H

#include "ctl/ctl.h"

/* Keys in Redis that record the last warming: its time in milliseconds, and the number of entries.
 */
enum { WARM_KEY_MAX = 64 };
struct warm_keys {
    char at[WARM_KEY_MAX], entries[WARM_KEY_MAX];
};
void warm_keys(const struct ctl *ctl, struct warm_keys *keys);

#endif
