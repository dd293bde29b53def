/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/byte_lock.h"
#include "base/hash.h"
#include "base/histogram.h"
#include "base/idiom.h"
#include "base/metrics_slot.h"

static const struct {
    const char *name, *label, *help;
} metrics[METRIC_COUNT] = {
#define METRIC_ROW(id, name_, label_, help_)                                                       \
    [METRIC_##id] = {.name = (name_), .label = (label_), .help = (help_)},
    METRIC_LIST(METRIC_ROW)
#undef METRIC_ROW
};

static const struct {
    const char *name, *help;
} gauges[] = {
#define GAUGE_ROW(id, name_, help_) [GAUGE_##id] = {.name = (name_), .help = (help_)},
    GAUGE_LIST(GAUGE_ROW)
#undef GAUGE_ROW
};

static const struct {
    enum gauge gauge;
    const char *name, *type, *help;
    double unit;
} process[] = {
#define PROCESS_ROW(id, name_, type_, help_, unit_)                                                \
    {.gauge = GAUGE_##id, .name = (name_), .type = (type_), .help = (help_), .unit = (unit_)},
    PROCESS_LIST(PROCESS_ROW)
#undef PROCESS_ROW
};

static struct metrics_slot private_slot;
static struct metrics_head private_head;
struct metrics_map metrics_map = {.own = &private_slot, .head = &private_head};
static int shared_fd = -1;

/* The head, in whole pages, and then the slots. */
#define HEAD_SIZE ((sizeof(struct metrics_head) + METRICS_PAGE - 1) / METRICS_PAGE * METRICS_PAGE)
#define FILE_SIZE (HEAD_SIZE + METRICS_SLOTS * sizeof(struct metrics_slot))

/* What there is and in which order: programs that differ in that share no file. */
static uint64_t layout(void)
{
    uint64_t sum = METRIC_COUNT + sizeof(struct metrics_slot) + sizeof(struct metrics_head);

    for (size_t i = 0; i < METRIC_COUNT; i++)
        sum = sum * 31 + hash64(metrics[i].name, strlen(metrics[i].name)) +
              hash64(metrics[i].label, strlen(metrics[i].label));
    for (size_t i = 0; i < COUNT(gauges); i++)
        sum = sum * 31 + hash64(gauges[i].name, strlen(gauges[i].name));
    return sum * 31 + histograms_layout();
}

static enum err allocate(int fd, size_t from, size_t size)
{
    int failed;

    do
        failed = posix_fallocate(fd, (off_t)from, (off_t)size);
    while (failed == EINTR);
    return failed == 0 ? ERR_OK : ERR_IO;
}

/* Opens the object and gives it its whole length, and pages for the head only: a slot gets its own
 * when it is claimed.  One that others could write, or cut, is not used: what they do to it would
 * be a SIGBUS here. */
static enum err open_object(const char *path, int *fd)
{
    struct stat st;

    *fd = shm_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return errno == EACCES ? ERR_DENIED : ERR_IO;
    if (fstat(*fd, &st) != 0)
        return ERR_IO;
    if ((st.st_uid != geteuid() && geteuid() != 0) || (st.st_mode & 077) != 0)
        return ERR_DENIED;
    if (st.st_size != 0 && st.st_size != (off_t)FILE_SIZE)
        return ERR_UNSUPPORTED;
    if (ftruncate(*fd, (off_t)FILE_SIZE) != 0)
        return ERR_IO;
    return allocate(*fd, 0, HEAD_SIZE);
}

static enum err take_slot(int fd, int *slot)
{
    *slot = 0;
    while (*slot < METRICS_SLOTS && !byte_lock(fd, *slot))
        ++*slot;
    return *slot == METRICS_SLOTS
               ? ERR_BUSY
               : allocate(fd, HEAD_SIZE + (size_t)*slot * sizeof private_slot, sizeof private_slot);
}

/* What the slot's last process has left of the present. */
static void begin_in(struct metrics_map *map, int slot)
{
    map->own = &map->shared[slot];
    for (int i = 0; i < GAUGE_COUNT; i++)
        atomic_store_explicit(&map->own->gauges[i], 0, memory_order_relaxed);
    for (int i = 0; i < METRICS_TALLY; i++)
        atomic_store_explicit(&map->own->tally[i], 0, memory_order_relaxed);
    atomic_store(&map->head->has_pages[slot], 1);
}

enum err metrics_open(const char *name)
{
    char path[NAME_MAX], *map = MAP_FAILED;
    int slot, fd;
    enum err err;

    snprintf(path, sizeof path, "%s-%08x", name, (unsigned)(layout() >> 32));
    err = open_object(path, &fd);
    if (err == ERR_OK)
        err = take_slot(fd, &slot);
    if (err == ERR_OK) {
        map = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        err = map != MAP_FAILED ? ERR_OK : ERR_IO;
    }
    if (err != ERR_OK) {
        if (fd >= 0)
            close(fd);
        return err;
    }
    metrics_map.head = (struct metrics_head *)(void *)map;
    metrics_map.shared = (struct metrics_slot *)(void *)(map + HEAD_SIZE);
    shared_fd = fd;
    begin_in(&metrics_map, slot);
    return ERR_OK;
}

bool metrics_are_linked(void)
{
    struct stat st;

    return metrics_map.shared == NULL ||
           (fstat(shared_fd, &st) == 0 && st.st_nlink > 0 && st.st_size == (off_t)FILE_SIZE);
}

void metrics_close(void)
{
    void *map = metrics_map.head;

    if (metrics_map.shared == NULL)
        return;
    metrics_map = (struct metrics_map){.own = &private_slot, .head = &private_head};
    munmap(map, FILE_SIZE);
    close(shared_fd);
    shared_fd = -1;
}

const struct metrics_slot *metrics_slot(int i)
{
    if (i == METRICS_SLOTS)
        return &private_slot;
    if (metrics_map.shared == NULL || atomic_load(&metrics_map.head->has_pages[i]) == 0)
        return NULL;
    return &metrics_map.shared[i];
}

const struct metrics_slot *metrics_live_slot(int i)
{
    const struct metrics_slot *slot = metrics_slot(i);

    if (slot == metrics_map.own)
        return slot;
    return slot != NULL && i != METRICS_SLOTS && byte_is_locked(shared_fd, i) ? slot : NULL;
}

void metric_add(enum metric metric, uint64_t count)
{
    atomic_fetch_add_explicit(&metrics_map.own->counts[metric], count, memory_order_relaxed);
}

uint64_t metric_sum(enum metric metric)
{
    uint64_t sum = 0;

    for (int i = 0; i <= METRICS_SLOTS; i++) {
        const struct metrics_slot *slot = metrics_slot(i);

        if (slot != NULL)
            sum += atomic_load_explicit(&slot->counts[metric], memory_order_relaxed);
    }
    return sum;
}

static int64_t gauge_of(const struct metrics_slot *slot, enum gauge gauge)
{
    return atomic_load_explicit(&slot->gauges[gauge], memory_order_relaxed);
}

void gauge_set(enum gauge gauge, int64_t value)
{
    atomic_store_explicit(&metrics_map.own->gauges[gauge], value, memory_order_relaxed);
}

int64_t gauge_sum(enum gauge gauge)
{
    int64_t sum = 0;

    for (int i = 0; i <= METRICS_SLOTS; i++) {
        const struct metrics_slot *slot = metrics_live_slot(i);

        sum += slot != NULL ? gauge_of(slot, gauge) : 0;
    }
    return sum;
}

unsigned metrics_workers(void)
{
    unsigned count = 0;

    for (int i = 0; i <= METRICS_SLOTS; i++)
        count += metrics_live_slot(i) != NULL;
    return count;
}

/* --- Text --- */

static void metrics_put_head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type);
}

static void put_counters(struct buf *out)
{
    char name[64];

    for (int i = 0; i < METRIC_COUNT; i++) {
        snprintf(name, sizeof name, "larder_%s_total", metrics[i].name);
        if (metrics[i].help[0] != '\0')
            metrics_put_head(out, name, "counter", metrics[i].help);
        buf_str(out, str_from(name));
        if (metrics[i].label[0] != '\0')
            buf_printf(out, "{%s}", metrics[i].label);
        buf_printf(out, " %llu\n", (unsigned long long)metric_sum((enum metric)i));
    }
}

void metrics_gauge_head(struct buf *out, const char *name, const char *help)
{
    metrics_put_head(out, name, "gauge", help);
}

void metrics_gauge_text(struct buf *out, const char *name, const char *labels, double value)
{
    buf_str(out, str_from(name));
    if (labels[0] != '\0')
        buf_printf(out, "{%s}", labels);
    buf_printf(out, " %.15g\n", value);
}

static void put_gauges(struct buf *out)
{
    char name[64];

    for (size_t i = 0; i < COUNT(gauges); i++) {
        snprintf(name, sizeof name, "larder_%s", gauges[i].name);
        metrics_gauge_head(out, name, gauges[i].help);
        metrics_gauge_text(out, name, "", (double)gauge_sum((enum gauge)i));
    }
    metrics_gauge_head(out, "larder_workers", "Workers of this host");
    metrics_gauge_text(out, "larder_workers", "", metrics_workers());
}

/* Workers are numbered by their slots: each takes the first that is free. */
static void put_processes(struct buf *out)
{
    char name[64], labels[32];

    for (size_t i = 0; i < COUNT(process); i++) {
        snprintf(name, sizeof name, "process_%s", process[i].name);
        metrics_put_head(out, name, process[i].type, process[i].help);
        for (int j = 0; j <= METRICS_SLOTS; j++) {
            const struct metrics_slot *slot = metrics_live_slot(j);

            snprintf(labels, sizeof labels, "worker=\"%d\"", j % METRICS_SLOTS + 1);
            if (slot != NULL)
                metrics_gauge_text(out, name, labels,
                                   (double)gauge_of(slot, process[i].gauge) / process[i].unit);
        }
    }
}

void metrics_text(struct buf *out)
{
    put_counters(out);
    put_gauges(out);
    histograms_text(out);
    put_processes(out);
}
