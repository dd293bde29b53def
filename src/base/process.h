/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_PROCESS_H
#define LARDER_BASE_PROCESS_H

/* Reads the process's own figures (processor time, memory, descriptors, start) and sets their
 * gauges, which base/metrics.h shows by worker.  Makes several system calls: call it once a second,
 * not for each request. */
void process_measure(void);

/* Sets SCHED_BATCH, so that a worker that wakes for a request does not preempt nginx: it
 * then finds several requests when it runs.  A refusal is ignored. */
void process_schedule_in_batches(void);

#endif
