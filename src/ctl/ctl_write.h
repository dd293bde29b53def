/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_CTL_WRITE_H
#define LARDER_CTL_CTL_WRITE_H

#include "ctl/ctl.h"

/* Writes with fences, as a worker's; both block until the write has ended. Both need ctl_open_all.
 */

enum err ctl_write(struct ctl *ctl, const struct str *tags, size_t tag_count,
                   enum err (*work)(struct mongo_db *db, void *context), void *context);

/* The same in parallel parts, each on a thread. work may check whether there is time for another
 * operation (cache_write_in_time). ERR_UNKNOWN if any part is unknown, else the first part's error.
 */
struct ctl_part {
    enum err (*work)(struct mongo_db *db, struct ctl_part *part);
    void *context;
    struct cache_write *write;
    struct ctl_parts *all; /* used by ctl_write_parts */
    struct mongo_job job;
};
enum err ctl_write_parts(struct ctl *ctl, const struct str *tags, size_t tag_count,
                         struct ctl_part *parts, size_t count);

#endif
