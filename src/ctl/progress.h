/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_PROGRESS_H
#define LARDER_CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Progress of a long command, on standard error: a bar on a terminal, else a line every few
 * seconds. */
struct progress {
    bool terminal, drawn;
    const char *what; /* "posts" */
    int64_t begun_ms, told_ms;
};

/* Times are clock_mono_ms(). */
void progress_begin(struct progress *progress, const char *what, int64_t now_ms);
/* count: records so far; done of size bytes; size 0: unknown. */
void progress_update(struct progress *progress, uint64_t count, uint64_t done, uint64_t size,
                     int64_t now_ms);
/* Erases the bar so that other output can be written; the next update draws it again. */
void progress_clear(struct progress *progress);

#endif
