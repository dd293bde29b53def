/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_FOOTPRINT_H
#define LARDER_BASE_FOOTPRINT_H

/* Gives back what only starting has needed: the heap's free pages, and the pages of the program and
 * its libraries that are as their files have them, of which loading and initialising touch several
 * times what serving does.  What is needed again is mapped again from the page cache, some pages at
 * a time.  (Breakpoints that a debugger has set before are gone.) */
void footprint_trim(void);
/* From now on large blocks go back to the system when they are freed.  The C library by itself
 * keeps those of a size that has been freed once, up to 32 MiB: an answer of megabytes would stay
 * in the heap of each thread for good. */
void footprint_bound(void);

#endif
