/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_LOG_WRITER_H
#define LARDER_BASE_LOG_WRITER_H

#include <stdint.h>

#include "base/str.h"

/* The queue of log lines for standard error.  A thread writes them, so callers never wait for the
 * reader.  Lines that do not fit into the queue of 256 KiB are dropped and counted. */

/* Starts the thread.  When it has written all waiting lines, it calls lost() with the number of
 * lines that were dropped.  Before this call, and if the thread cannot be started, the caller of
 * log_writer_put writes itself.  Call it once in a process. */
void log_writer_start(void (*lost)(uint64_t count));
/* Writes the waiting lines for at most this time, and accepts no more.  Does nothing without the
 * thread. */
void log_writer_stop(int ms);
/* Queues one line, with its newline.  May be called from any thread. */
void log_writer_put(struct str line);

#endif
