/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/byte_lock.h"
#include "memory/tags.h"

/* The processes that write, and which of them have died. */

bool memory_register(struct memory *m, uint32_t id)
{
    for (uint32_t place = 1; place < MEMORY_WRITERS; place++) {
        _Atomic uint32_t *writer = &m->segment->writers[place];

        if (atomic_load(writer) != 0 || !byte_lock(m->fd, place))
            continue;
        /* Seen once more, under the lock: another may have had it meanwhile, and have died. */
        if (atomic_load(writer) == 0) {
            m->place = place;
            atomic_store(writer, id);
            return true;
        }
        byte_unlock(m->fd, place);
    }
    return false;
}

static void writers_release(struct tag_line *line, uint32_t place)
{
    for (int i = 0; i < MEMORY_FENCES; i++) {
        uint64_t old = atomic_load_explicit(&line->fences[i], memory_order_relaxed);

        if (old == 0 || token_place(stamp_number(old)) != place)
            continue;
        atomic_fetch_add(&line->seq, 1);
        (void)atomic_compare_exchange_strong(&line->fences[i], &old, 0);
    }
}

/* Nobody else reaps while the place is locked. */
static uint32_t writers_reap(struct memory *m, uint32_t place)
{
    uint32_t id = atomic_load(&m->segment->writers[place]);

    for (uint32_t slot = 0; id != 0 && slot < MEMORY_TAG_SLOTS; slot++)
        writers_release(tag_line(m, slot), place);
    atomic_store(&m->segment->writers[place], 0);
    return id;
}

uint32_t memory_reap(struct memory *m)
{
    uint32_t id = 0;

    for (uint32_t place = 1; place < MEMORY_WRITERS && id == 0; place++) {
        if (place == m->place || atomic_load(&m->segment->writers[place]) == 0 ||
            !byte_lock(m->fd, place))
            continue;
        id = writers_reap(m, place);
        byte_unlock(m->fd, place);
    }
    return id;
}
