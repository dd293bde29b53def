/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_WRITE_H
#define LARDER_CTL_WRITE_H

#include "ctl/ctl.h"

/* One write, fenced in the cache as a worker's is, and waited for.  Needs ctl_open_all. */
enum err ctl_write(struct ctl *ctl, const struct str *tags, size_t tag_count,
                   enum err (*work)(struct mongo_db *db, void *context), void *context);

#endif
