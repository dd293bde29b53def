/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_PROCESS_H
#define LARDER_BASE_PROCESS_H

/* Reads the process's own figures (processor time, memory, descriptors, start) and sets their
 * gauges, which base/metrics.h shows by worker.  Some system calls: once a second, not once a
 * request. */
void process_measure(void);

#endif
