/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/footprint.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Segments that are never writable: the dynamic linker has changed nothing in them, so that the
 * file still holds what they hold. */
static int forget_image(struct dl_phdr_info *image, size_t size, void *page_size)
{
    uintptr_t page = *(const uintptr_t *)page_size;

    (void)size;
    for (unsigned i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        uintptr_t start = (image->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        uintptr_t end = image->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0)
            (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

enum { LARGE = 256 << 10 };

void footprint_bound(void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

void footprint_trim(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

#ifdef HAVE_MALLOC_TRIM
    (void)malloc_trim(0);
#endif
    (void)dl_iterate_phdr(forget_image, &page);
}
