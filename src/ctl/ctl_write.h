/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_CTL_WRITE_H
#define LARDER_CTL_CTL_WRITE_H

#include "ctl/ctl.h"

/* Writes that are fenced in the cache as a worker's are, and waited for.  Both need ctl_open_all.
 */

enum err ctl_write(struct ctl *ctl, const struct str *tags, size_t tag_count,
                   enum err (*work)(struct mongo_db *db, void *context), void *context);

/* The same in parts at the same time, each on a thread.  work may ask whether it is in time still
 * for a further question (cache_write_in_time).  ERR_UNKNOWN when that of one part is, else the
 * first part's error. */
struct ctl_part {
    enum err (*work)(struct mongo_db *db, struct ctl_part *part);
    void *context;
    struct cache_write *write;
    struct ctl_parts *all; /* from here on ctl_write_parts' own */
    struct mongo_job job;
};
enum err ctl_write_parts(struct ctl *ctl, const struct str *tags, size_t tag_count,
                         struct ctl_part *parts, size_t count);

#endif
