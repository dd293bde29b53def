/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/sigbus.h"

/* The fd holds no lock: a worker that wants to be alone with the object is.  What such a worker
 * does first is to change the head, which each look-up asks for last; and an object that is cut
 * gives zeros from then on (base/sigbus.h), which no record consists of. */
struct memory_view {
    char path[MEMORY_NAME_MAX + 2];
    memory_used_at *used;
    void *context;
    struct sigbus_guard guard;
};

/* Who else could have made an object of this name, in a folder that is open to all? */
static bool is_trusted(const char *name, const struct stat *st)
{
    unsigned owner;

    if (!S_ISREG(st->st_mode) || (st->st_mode & 022) != 0)
        return false;
    if (sscanf(name, "larder-%u-", &owner) == 1)
        return st->st_uid == (uid_t)owner;
    return st->st_uid == 0 || st->st_uid == geteuid();
}

static enum err open_object(struct memory *m, const char *name)
{
    struct memory_view *view = m->view;
    struct stat st;

    m->fd = shm_open(view->path, O_RDONLY | O_CLOEXEC, 0);
    if (m->fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : errno == EACCES ? ERR_DENIED : ERR_IO;
    if (fstat(m->fd, &st) != 0)
        return ERR_IO;
    return is_trusted(name, &st) ? ERR_OK : ERR_DENIED;
}

static enum err map_object(struct memory *m)
{
    uint64_t bytes = 0;
    enum segment_state state = segment_inspect(m->fd, &bytes);
    enum err err;

    if (state != SEGMENT_READY)
        return state == SEGMENT_OTHER_VERSION ? ERR_UNSUPPORTED : ERR_NOT_FOUND;
    err = segment_map(m, bytes, PROT_READ);
    if (err == ERR_OK)
        err = sigbus_guard_set(&m->view->guard, m->base, m->size);
    if (err == ERR_OK && !memory_is_sound(m))
        err = ERR_NOT_FOUND;
    return err;
}

void memory_view_close(struct memory *m)
{
    if (m == NULL)
        return;
    sigbus_guard_clear(&m->view->guard);
    free(m->view);
    memory_close(m);
}

enum err memory_view_open(const char *name, memory_used_at *used, void *context,
                          struct memory **out)
{
    struct memory *m = mem_zalloc(sizeof *m);
    enum err err = ERR_INVALID;

    *out = NULL;
    m->fd = -1;
    m->view = mem_zalloc(sizeof *m->view);
    m->view->used = used;
    m->view->context = context;
    if (segment_path(name, m->view->path))
        err = open_object(m, name);
    if (err == ERR_OK)
        err = map_object(m);
    if (err == ERR_OK)
        *out = m;
    else
        memory_view_close(m);
    return err;
}

bool memory_view_is_current(const struct memory *m)
{
    return !m->view->guard.cut && segment_is_named(m->fd, m->view->path, (off_t)m->size) &&
           segment_has_head(m);
}

bool view_admits(struct memory *m, uint64_t key_hash, bool hit)
{
    /* What was read before is at least as old as the head that is read now. */
    atomic_thread_fence(memory_order_acquire);
    if (m->view->guard.cut || !segment_has_head(m))
        return false;
    if (hit)
        m->view->used(m->view->context, key_hash);
    return true;
}
