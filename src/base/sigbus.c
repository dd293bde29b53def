/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sigbus.h"

#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

/* Only the one thread that uses the mappings changes this; a signal may come in between. */
static struct sigbus_guard *volatile guards[SIGBUS_GUARDS_MAX];
static struct sigaction before;

static struct sigbus_guard *sigbus_guard_at(const void *address)
{
    for (int i = 0; i < SIGBUS_GUARDS_MAX; i++) {
        struct sigbus_guard *guard = guards[i];

        if (guard != NULL && (uintptr_t)address - (uintptr_t)guard->base < guard->size)
            return guard;
    }
    return NULL;
}

/* Pages of nobody's in the place of the file's: the instruction is then done again.  What is no
 * guard's ends the process as it would have, when the instruction is done again. */
static void sigbus_on_fault(int number, siginfo_t *info, void *context)
{
    struct sigbus_guard *guard = sigbus_guard_at(info->si_addr);

    (void)context;
    if (guard != NULL && mmap(guard->base, guard->size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == guard->base)
        guard->cut = true;
    else
        (void)sigaction(number, &before, NULL);
}

/* Again where another part of the program has taken the signal meanwhile. */
static enum err sigbus_install(void)
{
    struct sigaction action = {.sa_sigaction = sigbus_on_fault, .sa_flags = SA_SIGINFO}, now;

    if (sigaction(SIGBUS, NULL, &now) != 0)
        return ERR_IO;
    if ((now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == sigbus_on_fault)
        return ERR_OK;
    before = now;
    sigemptyset(&action.sa_mask);
    return sigaction(SIGBUS, &action, NULL) == 0 ? ERR_OK : ERR_IO;
}

enum err sigbus_guard_set(struct sigbus_guard *guard, void *base, size_t size)
{
    enum err err = sigbus_install();

    *guard = (struct sigbus_guard){.base = base, .size = size};
    for (int i = 0; err == ERR_OK && i < SIGBUS_GUARDS_MAX; i++) {
        if (guards[i] != NULL)
            continue;
        guards[i] = guard;
        return ERR_OK;
    }
    guard->base = NULL;
    return err == ERR_OK ? ERR_BUSY : err;
}

void sigbus_guard_clear(struct sigbus_guard *guard)
{
    for (int i = 0; i < SIGBUS_GUARDS_MAX; i++)
        if (guards[i] == guard)
            guards[i] = NULL;
    guard->base = NULL;
}
