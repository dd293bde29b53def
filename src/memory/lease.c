/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/segment.h"

/* Whether claim a was taken after claim b; numbers wrap at 2^24. */
static bool is_later(uint32_t a, uint32_t b)
{
    uint32_t by = (a - b) & 0xffffff;

    return by != 0 && by < 0x800000;
}

bool memory_lease_acquire(struct memory *m, int64_t mono_ns, int64_t ttl_ns,
                          struct memory_lease *lease)
{
    uint64_t old = atomic_load(&m->segment->claim), now_ms = ms_of(mono_ns);
    uint32_t last = stamp_number(old), renewed = stamp_number(atomic_load(&m->segment->valid));

    if (stamp_ms(old) > now_ms && !stamp_is_bogus(old, now_ms, MEMORY_LEASE_MAX_MS))
        return false;
    /* Its release was cut short, or a wild write hit one of them: an older number than that could
     * never renew. */
    if (is_later(renewed, last))
        last = renewed;
    lease->number = (last + 1) & 0xffffff;
    return atomic_compare_exchange_strong(&m->segment->claim, &old,
                                          stamp_make(ms_of(mono_ns + ttl_ns), lease->number));
}

bool memory_lease_keep(struct memory *m, const struct memory_lease *lease, int64_t mono_ns,
                       int64_t ttl_ns)
{
    uint64_t old = atomic_load(&m->segment->claim);

    if (stamp_number(old) != lease->number)
        return false;
    /* Only this lease's owner changes the word to the same number, so a failure is a later claim.
     */
    return atomic_compare_exchange_strong(&m->segment->claim, &old,
                                          stamp_make(ms_of(mono_ns + ttl_ns), lease->number));
}

bool memory_lease_renew(struct memory *m, const struct memory_lease *lease, int64_t until_ns)
{
    uint64_t old = atomic_load(&m->segment->valid);

    do {
        if (is_later(stamp_number(old), lease->number))
            return false;
    } while (!atomic_compare_exchange_weak(&m->segment->valid, &old,
                                           stamp_make(ms_of(until_ns), lease->number)));
    return true;
}

void memory_lease_release(struct memory *m, const struct memory_lease *lease)
{
    /* The number of the next claim, so that nothing this one does late counts. */
    uint64_t free = stamp_make(0, lease->number + 1);
    uint64_t old = atomic_load(&m->segment->valid);

    while (!is_later(stamp_number(old), lease->number) &&
           !atomic_compare_exchange_weak(&m->segment->valid, &old, free))
        ;
    old = atomic_load(&m->segment->claim);
    if (stamp_number(old) == lease->number)
        (void)atomic_compare_exchange_strong(&m->segment->claim, &old, free);
}

bool memory_lease_valid(const struct memory *m, int64_t mono_ns)
{
    uint64_t valid = atomic_load_explicit(&m->segment->valid, memory_order_acquire);

    /* From the next millisecond on, MEMORY_LEASE_MAX_MS of them, in one comparison. */
    return stamp_ms(valid) - ms_of(mono_ns) - 1 < MEMORY_LEASE_MAX_MS;
}
