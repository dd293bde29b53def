/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_LOG_WRITER_H
#define LARDER_BASE_LOG_WRITER_H

#include <stdint.h>

#include "base/str.h"

/* Lines on their way to standard error.  Once a thread of its own writes them, nobody who logs
 * waits for the reader: what does not fit into 256 KiB meanwhile is dropped and counted. */

/* Lines are written by a thread from now on, which calls lost() with the number of those that were
 * dropped once all that waited is written; before, and where no thread can be had, by the one
 * that logs.  Once a process. */
void log_writer_start(void (*lost)(uint64_t count));
/* Writes what is there, for at most so long; no line is taken any more.  Nothing when there is no
 * thread. */
void log_writer_stop(int ms);
/* From any thread: one line with its end. */
void log_writer_put(struct str line);

#endif
