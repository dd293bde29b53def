/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_FOOTPRINT_H
#define LARDER_BASE_FOOTPRINT_H

/* Returns memory to the system that only the start needed: free pages of the heap, and unmodified
 * pages of the program and its libraries, of which loading and initialising touch several times as
 * many as serving.  Pages that are needed again are read from the page cache.  (Breakpoints that a
 * debugger has set before are lost.) */
void footprint_trim(void);
/* From now on large blocks are returned to the system when they are freed.  By default the C
 * library keeps blocks of a size that was freed once, up to 32 MiB: an answer of megabytes would
 * stay in the heap of each thread. */
void footprint_bound(void);

#endif
