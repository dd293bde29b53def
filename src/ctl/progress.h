/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_PROGRESS_H
#define LARDER_CTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* How far a long command is, on standard error: a bar that is drawn again and again on a terminal,
 * elsewhere a line each few seconds. */
struct progress {
    bool terminal, drawn;
    const char *what; /* "posts" */
    int64_t begun_ms, told_ms;
};

/* Times are clock_mono_ms(). */
void progress_begin(struct progress *progress, const char *what, int64_t now_ms);
/* count things so far; done of size bytes, size 0 when the end is not known. */
void progress_update(struct progress *progress, uint64_t count, uint64_t done, uint64_t size,
                     int64_t now_ms);
/* Takes the bar away, so that something else may be written; the next update draws it again. */
void progress_clear(struct progress *progress);

#endif
