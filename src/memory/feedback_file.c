/* SPDX-License-Identifier: BSD-2-Clause */
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
#include "memory/feedback.h"
#include "memory/feedback_layout.h"

struct feedback_file {
    int fd;
    uint32_t policy; /* as written last */
    char path[FEEDBACK_PATH_MAX];
    struct feedback_slot slot; /* a copy of the one that is being looked at */
};

/* --- Making --- */

/* Gives it to whom it is for.  What is there already and is not ours, or open to more than that, is
 * not used. */
static enum err file_guard(int fd, gid_t group)
{
    mode_t mode = group != (gid_t)-1 ? 0660 : 0600;
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ERR_IO;
    if ((st.st_uid != geteuid() && geteuid() != 0) || (st.st_mode & 007) != 0)
        return ERR_DENIED;
    if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) != 0)
        return ERR_DENIED;
    return fchmod(fd, mode) == 0 ? ERR_OK : ERR_IO;
}

bool feedback_file_is_current(const struct feedback_file *file)
{
    struct feedback_head head;

    return feedback_is_linked(file->fd, file->path) &&
           pread(file->fd, &head, sizeof head, 0) == (ssize_t)sizeof head &&
           head.magic == FEEDBACK_MAGIC && head.layout == FEEDBACK_LAYOUT;
}

/* The magic is written last. */
static enum err file_fill(const struct feedback_file *file)
{
    struct feedback_head head = {.layout = FEEDBACK_LAYOUT};

    if (ftruncate(file->fd, FEEDBACK_SIZE) != 0 ||
        pwrite(file->fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
        return ERR_IO;
    head.magic = FEEDBACK_MAGIC;
    return pwrite(file->fd, &head.magic, sizeof head.magic, 0) == (ssize_t)sizeof head.magic
               ? ERR_OK
               : ERR_IO;
}

/* ERR_STALE: what was there is not of this version, and was taken away. */
static enum err file_try(struct feedback_file *file, gid_t group)
{
    enum err err;
    bool made;

    file->fd = shm_open(file->path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, 0600);
    made = file->fd >= 0;
    if (!made && errno == EEXIST)
        file->fd = shm_open(file->path, O_RDWR | O_CLOEXEC, 0);
    if (file->fd < 0)
        return errno == EACCES ? ERR_DENIED : ERR_IO;
    err = file_guard(file->fd, group);
    if (err == ERR_OK && made)
        err = file_fill(file);
    if (err == ERR_OK && !feedback_file_is_current(file)) {
        (void)shm_unlink(file->path);
        err = ERR_STALE;
    }
    return err;
}

static bool file_write_policy(struct feedback_file *file, unsigned policy)
{
    const off_t at = offsetof(struct feedback_head, policy);

    file->policy = policy;
    return pwrite(file->fd, &file->policy, sizeof file->policy, at) == (ssize_t)sizeof file->policy;
}

void feedback_file_allow(struct feedback_file *file, unsigned policy)
{
    if (file->policy != policy)
        (void)file_write_policy(file, policy);
}

enum err feedback_file_open(const char *name, gid_t group, unsigned policy,
                            struct feedback_file **out)
{
    enum { TRIES = 3 };
    struct feedback_file *file = mem_aligned(_Alignof(struct feedback_file), sizeof *file);
    enum err err = ERR_STALE;

    *out = NULL;
    file->fd = -1;
    if (!feedback_path(name, file->path))
        err = ERR_INVALID;
    for (int i = 0; i < TRIES && err == ERR_STALE; i++) {
        if (file->fd >= 0)
            (void)close(file->fd);
        err = file_try(file, group);
    }
    if (err == ERR_OK && !file_write_policy(file, policy))
        err = ERR_IO;
    if (err == ERR_OK)
        *out = file;
    else
        feedback_file_close(file);
    return err;
}

void feedback_file_close(struct feedback_file *file)
{
    if (file != NULL && file->fd >= 0)
        (void)close(file->fd);
    free(file);
}

/* --- Taking over --- */

struct taking {
    struct feedback_file *file;
    const struct feedback_events *events;
    void *context;
    off_t at; /* of the slot in the file */
};

/* What is taken is written before it is told: a worker that is killed in between loses some. */
static bool take_word(const struct taking *taking, const void *taken, uint64_t value)
{
    const char *slot = (const char *)&taking->file->slot;
    off_t at = taking->at + ((const char *)taken - slot);

    return pwrite(taking->file->fd, &value, sizeof value, at) == (ssize_t)sizeof value;
}

static void take_counts(const struct taking *taking)
{
    const struct feedback_slot *slot = &taking->file->slot;

    for (size_t i = 0; i < FEEDBACK_COUNTS; i++) {
        uint64_t told = slot->told.counts[i], by = told - slot->taken.counts[i];

        if (by > 0 && take_word(taking, &slot->taken.counts[i], told))
            taking->events->count(taking->context, (enum feedback_count)i, by);
    }
}

static void take_histogram(const struct taking *taking, size_t route, unsigned kind)
{
    const struct feedback_slot *slot = &taking->file->slot;
    const char *pattern = slot->patterns[route];
    uint64_t by[FEEDBACK_BUCKETS], any = 0;

    for (size_t i = 0; i < FEEDBACK_BUCKETS; i++) {
        uint64_t told = slot->told.times[route][kind][i];

        by[i] = told - slot->taken.times[route][kind][i];
        any |= by[i];
        if (by[i] > 0 && !take_word(taking, &slot->taken.times[route][kind][i], told))
            return;
    }
    if (any > 0)
        taking->events->time(taking->context,
                             str_make(pattern, strnlen(pattern, FEEDBACK_ROUTE_MAX)), kind, by);
}

/* A name that is being changed is taken next time. */
static void take_view(const struct taking *taking, const struct feedback_place *place)
{
    uint64_t count = place->count, by = count - place->taken;
    struct str name = str_make(place->name, place->len);

    if (by == 0 || place->len > FEEDBACK_VIEW_MAX || hash64(name.ptr, name.len) != place->hash)
        return;
    if (take_word(taking, &place->taken, count))
        taking->events->view(taking->context, name, by);
}

static void take_marks(const struct taking *taking)
{
    static const struct feedback_marks none;
    const struct feedback_marks *marks = &taking->file->slot.marks;
    off_t at = taking->at + (off_t)offsetof(struct feedback_slot, marks);

    for (size_t i = 0; i < FEEDBACK_MARKS; i++)
        if (marks->times[i] > 0)
            taking->events->hit(taking->context, marks->hashes[i], marks->times[i]);
    (void)!pwrite(taking->file->fd, &none, sizeof none, at);
}

static void take_slot(const struct taking *taking)
{
    const struct feedback_slot *slot = &taking->file->slot;

    take_counts(taking);
    for (size_t route = 0; route < FEEDBACK_ROUTES; route++)
        for (unsigned kind = 0; kind < FEEDBACK_KINDS; kind++)
            take_histogram(taking, route, kind);
    for (size_t i = 0; i < FEEDBACK_VIEWS; i++)
        take_view(taking, &slot->places[i]);
    take_marks(taking);
    (void)take_word(taking, &slot->collected, slot->changes);
}

/* Reads the slot at this place, if it has changed since somebody has collected it. */
static bool read_slot(struct feedback_file *file, off_t at)
{
    const size_t size = offsetof(struct feedback_slot, told);

    return pread(file->fd, &file->slot, size, at) == (ssize_t)size &&
           file->slot.changes != file->slot.collected &&
           pread(file->fd, &file->slot, sizeof file->slot, at) == (ssize_t)sizeof file->slot;
}

void feedback_take(struct feedback_file *file, const struct feedback_events *events, void *context)
{
    struct taking taking = {.file = file, .events = events, .context = context};
    struct feedback_head head;

    if (!byte_lock(file->fd, FEEDBACK_TAKES))
        return;
    if (pread(file->fd, &head, sizeof head, 0) != (ssize_t)sizeof head)
        memset(&head, 0, sizeof head);
    for (int i = 0; i < FEEDBACK_SLOTS; i++) {
        taking.at = feedback_at(i);
        if (head.used[i] != 0 && read_slot(file, taking.at))
            take_slot(&taking);
    }
    byte_unlock(file->fd, FEEDBACK_TAKES);
}
