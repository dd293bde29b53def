/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_MEM_H
#define LARDER_BASE_MEM_H

#include <stddef.h>

/* Allocations that abort on failure.  Every input is bounded, so a failure means that the host is
 * out of memory: the worker logs it, aborts, and is restarted.  No function returns NULL; results
 * are freed with free(). */

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
/* Zeroed; size is a multiple of alignment, a power of two. */
void *mem_aligned(size_t alignment, size_t size);
void *mem_realloc(void *ptr, size_t size);
/* count × size bytes, zeroed; aborts when the product overflows. */
void *mem_array(size_t count, size_t size);
/* A copy of len bytes with a NUL behind it. */
char *mem_strndup(const char *text, size_t len);
char *mem_strdup(const char *text);
/* Overwrites a secret; the compiler cannot remove the write. */
void mem_wipe(void *ptr, size_t size);

#endif
