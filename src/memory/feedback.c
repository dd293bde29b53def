/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/feedback.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_lock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/sigbus.h"
#include "memory/feedback_layout.h"

struct feedback {
    int fd;
    char path[FEEDBACK_PATH_MAX];
    struct feedback_head *head;
    struct feedback_slot *slot;
    struct sigbus_guard guard;
};

/* --- Opening --- */

static enum err feedback_look(struct feedback *feedback)
{
    struct feedback_head head;

    feedback->fd = shm_open(feedback->path, O_RDWR | O_CLOEXEC, 0);
    if (feedback->fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : errno == EACCES ? ERR_DENIED : ERR_IO;
    if (pread(feedback->fd, &head, sizeof head, 0) != (ssize_t)sizeof head ||
        head.magic != FEEDBACK_MAGIC)
        return ERR_NOT_FOUND;
    if (head.layout != FEEDBACK_LAYOUT)
        return ERR_UNSUPPORTED;
    return feedback_is_linked(feedback->fd, feedback->path) ? ERR_OK : ERR_NOT_FOUND;
}

static enum err feedback_claim(struct feedback *feedback, int *slot)
{
    *slot = 0;
    while (*slot < FEEDBACK_SLOTS && !byte_lock(feedback->fd, FEEDBACK_CLAIMS + *slot))
        ++*slot;
    if (*slot == FEEDBACK_SLOTS)
        return ERR_BUSY;
    return posix_fallocate(feedback->fd, feedback_at(*slot), sizeof *feedback->slot) == 0 ? ERR_OK
                                                                                          : ERR_IO;
}

static enum err feedback_map(struct feedback *feedback, int slot)
{
    char *base =
        mmap(NULL, (size_t)FEEDBACK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, feedback->fd, 0);
    enum err err;

    if (base == MAP_FAILED)
        return ERR_IO;
    feedback->head = (struct feedback_head *)(void *)base;
    feedback->slot = (struct feedback_slot *)(void *)(base + feedback_at(slot));
    err = sigbus_guard_set(&feedback->guard, base, (size_t)FEEDBACK_SIZE);
    if (err == ERR_OK)
        atomic_store(&feedback->head->used[slot], 1);
    return err;
}

enum err feedback_open(const char *name, struct feedback **out)
{
    struct feedback *feedback = mem_zalloc(sizeof *feedback);
    enum err err = ERR_INVALID;
    int slot;

    *out = NULL;
    feedback->fd = -1;
    if (feedback_path(name, feedback->path))
        err = feedback_look(feedback);
    if (err == ERR_OK)
        err = feedback_claim(feedback, &slot);
    if (err == ERR_OK)
        err = feedback_map(feedback, slot);
    if (err == ERR_OK)
        *out = feedback;
    else
        feedback_close(feedback);
    return err;
}

void feedback_close(struct feedback *feedback)
{
    if (feedback == NULL)
        return;
    sigbus_guard_clear(&feedback->guard);
    if (feedback->head != NULL)
        (void)munmap(feedback->head, (size_t)FEEDBACK_SIZE);
    if (feedback->fd >= 0)
        (void)close(feedback->fd);
    free(feedback);
}

bool feedback_is_current(const struct feedback *feedback)
{
    return !feedback->guard.cut && feedback_is_linked(feedback->fd, feedback->path);
}

unsigned feedback_policy(const struct feedback *feedback)
{
    return atomic_load_explicit(&feedback->head->policy, memory_order_relaxed);
}

/* --- Telling --- */

/* Only this process writes the word. */
static void feedback_grow(_Atomic uint64_t *word, uint64_t by)
{
    atomic_store_explicit(word, atomic_load_explicit(word, memory_order_relaxed) + by,
                          memory_order_release);
}

/* After what has changed. */
static void feedback_changed(struct feedback *feedback)
{
    feedback_grow(&feedback->slot->changes, 1);
}

void feedback_hit(struct feedback *feedback, uint64_t key_hash)
{
    struct feedback_marks *marks = &feedback->slot->marks;
    size_t i = (key_hash >> 24) % FEEDBACK_MARKS;
    uint8_t times = atomic_load_explicit(&marks->times[i], memory_order_relaxed);

    if (atomic_load_explicit(&marks->hashes[i], memory_order_relaxed) != key_hash) {
        atomic_store_explicit(&marks->hashes[i], key_hash, memory_order_relaxed);
        times = 0;
    }
    if (times < 3)
        atomic_store_explicit(&marks->times[i], (uint8_t)(times + 1), memory_order_relaxed);
    feedback_changed(feedback);
}

void feedback_add(struct feedback *feedback, enum feedback_count count)
{
    feedback_grow(&feedback->slot->told.counts[count], 1);
    feedback_changed(feedback);
}

static bool place_is_free(const struct feedback_place *place)
{
    return atomic_load_explicit(&place->count, memory_order_relaxed) ==
           atomic_load_explicit(&place->taken, memory_order_acquire);
}

static void place_give(struct feedback_place *place, uint64_t hash, struct str name)
{
    atomic_store_explicit(&place->hash, 0, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    place->len = (uint32_t)name.len;
    memcpy(place->name, name.ptr, name.len);
    atomic_store_explicit(&place->hash, hash, memory_order_release);
}

bool feedback_view(struct feedback *feedback, struct str name)
{
    uint64_t hash = hash64(name.ptr, name.len);
    struct feedback_place *unused = NULL;

    if (name.len > FEEDBACK_VIEW_MAX)
        return false;
    for (size_t i = 0; i < FEEDBACK_PROBES; i++) {
        struct feedback_place *place = &feedback->slot->places[(hash + i) % FEEDBACK_VIEWS];

        if (atomic_load_explicit(&place->hash, memory_order_relaxed) == hash &&
            str_eq(str_make(place->name, place->len), name)) {
            feedback_grow(&place->count, 1);
            feedback_changed(feedback);
            return true;
        }
        if (unused == NULL && place_is_free(place))
            unused = place;
    }
    if (unused == NULL)
        return false;
    place_give(unused, hash, name);
    feedback_grow(&unused->count, 1);
    feedback_changed(feedback);
    return true;
}

void feedback_time(struct feedback *feedback, unsigned route, struct str pattern, unsigned kind,
                   unsigned bucket, int64_t ns)
{
    char *known = feedback->slot->patterns[route];
    _Atomic uint64_t *times = feedback->slot->told.times[route][kind];

    if (pattern.len >= FEEDBACK_ROUTE_MAX)
        return;
    if (memcmp(known, pattern.ptr, pattern.len) != 0 || known[pattern.len] != '\0') {
        memcpy(known, pattern.ptr, pattern.len);
        known[pattern.len] = '\0';
    }
    feedback_grow(&times[bucket], 1);
    feedback_grow(&times[FEEDBACK_BUCKETS - 1], ns > 0 ? (uint64_t)ns : 0);
    feedback_changed(feedback);
}
