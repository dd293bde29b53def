/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_PROCESS_H
#define LARDER_BASE_PROCESS_H

/* Reads the process's own figures (processor time, memory, descriptors, start) and sets their
 * gauges, which base/metrics.h shows by worker.  Some system calls: once a second, not once a
 * request. */
void process_measure(void);

/* A worker that is woken for a request does not push nginx off its core then: it finds several
 * requests when its turn comes.  Nothing is lost where this is refused. */
void process_schedule_in_batches(void);

#endif
