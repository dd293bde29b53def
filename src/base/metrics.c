/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

enum { SLOTS = 256 };

struct slot {
    alignas(64) _Atomic uint64_t counts[METRIC_COUNT];
};

static const struct {
    const char *name, *label, *help;
} metrics[METRIC_COUNT] = {
#define METRIC_ROW(id, name_, label_, help_)                                                       \
    [METRIC_##id] = {.name = (name_), .label = (label_), .help = (help_)},
    METRIC_LIST(METRIC_ROW)
#undef METRIC_ROW
};

static struct slot private_slot;
static struct slot *own = &private_slot;
static struct slot *shared;
static int shared_fd = -1;

/* An open-file-description lock on byte i of the file is the claim to slot i. */
static bool claim(int fd, int slot)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = slot, .l_len = 1};

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* Which counters there are and in which order: programs that differ in that share no file. */
static uint64_t layout(void)
{
    uint64_t sum = METRIC_COUNT;

    for (size_t i = 0; i < METRIC_COUNT; i++)
        sum = sum * 31 + hash64(metrics[i].name, strlen(metrics[i].name)) +
              hash64(metrics[i].label, strlen(metrics[i].label));
    return sum;
}

/* Opens the object and gives it its whole size.  One that others could write, or cut, is not used:
 * what they do to it would be a SIGBUS here. */
static enum err open_object(const char *path, size_t size, int *fd)
{
    struct stat st;
    int failed;

    *fd = shm_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return errno == EACCES ? ERR_DENIED : ERR_IO;
    if (fstat(*fd, &st) != 0)
        return ERR_IO;
    if ((st.st_uid != geteuid() && geteuid() != 0) || (st.st_mode & 077) != 0)
        return ERR_DENIED;
    if (st.st_size != 0 && st.st_size != (off_t)size)
        return ERR_UNSUPPORTED;
    do
        failed = posix_fallocate(*fd, 0, (off_t)size);
    while (failed == EINTR);
    return failed == 0 ? ERR_OK : ERR_IO;
}

enum err metrics_open(const char *name)
{
    size_t size = SLOTS * sizeof(struct slot);
    char path[NAME_MAX];
    int slot = 0, fd;
    enum err err;
    void *map;

    snprintf(path, sizeof path, "%s-%08x", name, (unsigned)(layout() >> 32));
    err = open_object(path, size, &fd);
    if (err == ERR_OK) {
        map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        err = map != MAP_FAILED ? ERR_OK : ERR_IO;
    }
    if (err != ERR_OK) {
        if (fd >= 0)
            close(fd);
        return err;
    }
    while (slot < SLOTS && !claim(fd, slot))
        slot++;
    if (slot == SLOTS) {
        munmap(map, size);
        close(fd);
        return ERR_BUSY;
    }
    shared = map;
    shared_fd = fd;
    own = &shared[slot];
    return ERR_OK;
}

bool metrics_are_linked(void)
{
    struct stat st;

    return shared == NULL || (fstat(shared_fd, &st) == 0 && st.st_nlink > 0 &&
                              st.st_size == (off_t)(SLOTS * sizeof(struct slot)));
}

void metrics_close(void)
{
    if (shared == NULL)
        return;
    own = &private_slot;
    munmap(shared, SLOTS * sizeof(struct slot));
    close(shared_fd);
    shared = NULL;
    shared_fd = -1;
}

void metric_add(enum metric metric, uint64_t count)
{
    atomic_fetch_add_explicit(&own->counts[metric], count, memory_order_relaxed);
}

uint64_t metric_sum(enum metric metric)
{
    uint64_t sum = atomic_load_explicit(&private_slot.counts[metric], memory_order_relaxed);

    for (int i = 0; shared != NULL && i < SLOTS; i++)
        sum += atomic_load_explicit(&shared[i].counts[metric], memory_order_relaxed);
    return sum;
}

void metrics_text(struct buf *out)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        if (metrics[i].help[0] != '\0') {
            buf_printf(out, "# HELP larder_%s_total %s.\n", metrics[i].name, metrics[i].help);
            buf_printf(out, "# TYPE larder_%s_total counter\n", metrics[i].name);
        }
        buf_printf(out, "larder_%s_total", metrics[i].name);
        if (metrics[i].label[0] != '\0')
            buf_printf(out, "{%s}", metrics[i].label);
        buf_char(out, ' ');
        buf_uint(out, metric_sum((enum metric)i));
        buf_char(out, '\n');
    }
}
