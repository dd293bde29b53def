/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { OPEN_TIMEOUT_MS = 30000, OPEN_RETRY_NS = 2000000 };

static const size_t table_end = SEGMENT_HEADER + (size_t)MEMORY_TAG_SLOTS * sizeof(struct tag_line);

/* What follows from the number of bytes for records. */
struct geometry {
    uint32_t stripes, buckets, ghosts, small_units, main_units;
    uint64_t size; /* of the whole segment */
};

static struct geometry geometry(uint64_t bytes)
{
    const uint64_t stripe_bytes_least = UINT64_C(8) << 20, bytes_per_bucket = 1536;
    struct geometry g = {.size = table_end};
    uint64_t each, units;

    if (bytes == 0)
        return g;
    g.stripes = 1;
    while (g.stripes < MEMORY_STRIPES_MAX && bytes / (g.stripes * 2) >= stripe_bytes_least)
        g.stripes *= 2;
    each = bytes / g.stripes;
    g.buckets = (uint32_t)(each / bytes_per_bucket);
    g.ghosts = g.buckets / 4;
    units = (each - sizeof(struct stripe_line) - g.buckets * sizeof(struct bucket) -
             g.ghosts * sizeof(struct ghost)) /
            MEMORY_UNIT;
    g.small_units = (uint32_t)(units / 10);
    g.main_units = (uint32_t)(units - g.small_units);
    g.size += bytes;
    return g;
}

__attribute__((format(printf, 3, 4))) static enum err explain(struct memory_opened *opened,
                                                              enum err err, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(opened->why, sizeof opened->why, format, args);
    va_end(args);
    return err;
}

static enum err explain_errno(struct memory_opened *opened, const char *path, const char *what)
{
    return explain(opened, ERR_IO, "/dev/shm%s: %s: %s", path, what, strerror(errno));
}

bool segment_path(const char *name, char path[static MEMORY_NAME_MAX + 2])
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = name != NULL ? strspn(name, allowed) : 0;

    if (len == 0 || len > MEMORY_NAME_MAX || name[len] != '\0' || name[0] == '.')
        return false;
    path[0] = '/';
    memcpy(path + 1, name, len + 1);
    return true;
}

bool segment_is_named(int fd, const char *path, off_t size)
{
    char whole[sizeof "/dev/shm/-edge" + MEMORY_NAME_MAX];
    struct stat own, named;

    snprintf(whole, sizeof whole, "/dev/shm%s", path);
    return fstat(fd, &own) == 0 && stat(whole, &named) == 0 && own.st_dev == named.st_dev &&
           own.st_ino == named.st_ino && own.st_size == size;
}

bool memory_is_name(const char *name)
{
    char path[MEMORY_NAME_MAX + 2];

    return segment_path(name, path);
}

/* --- Making --- */

static void view_stripes(struct memory *m, const struct geometry *g)
{
    uint8_t *at = (uint8_t *)m->base + table_end;
    uint8_t *buckets = at + g->stripes * sizeof(struct stripe_line);
    uint8_t *ghosts = buckets + (size_t)g->stripes * g->buckets * sizeof(struct bucket);
    uint8_t *rings = ghosts + (size_t)g->stripes * g->ghosts * sizeof(struct ghost);
    size_t small = (size_t)g->small_units * MEMORY_UNIT;
    size_t both = small + (size_t)g->main_units * MEMORY_UNIT;

    for (uint32_t i = 0; i < g->stripes; i++) {
        struct stripe_line *line = (struct stripe_line *)at + i;
        uint8_t *ring = rings + i * both;

        m->stripes[i] = (struct stripe){
            .line = line,
            .buckets = (struct bucket *)buckets + (size_t)i * g->buckets,
            .ghosts = (struct ghost *)ghosts + (size_t)i * g->ghosts,
            .bucket_count = g->buckets,
            .ghost_count = g->ghosts,
            .rings = {[RING_SMALL] = {(_Atomic uint64_t *)ring, &line->ends[RING_SMALL],
                                      g->small_units},
                      [RING_MAIN] = {(_Atomic uint64_t *)(ring + small), &line->ends[RING_MAIN],
                                     g->main_units}},
        };
    }
}

enum err segment_map(struct memory *m, uint64_t bytes, int protection)
{
    struct geometry g = geometry(bytes);

    m->base = mmap(NULL, g.size, protection, MAP_SHARED, m->fd, 0);
    if (m->base == MAP_FAILED) {
        m->base = NULL;
        return ERR_IO;
    }
    m->size = g.size;
    m->segment = m->base;
    m->tags = (struct tag_line *)((uint8_t *)m->base + SEGMENT_HEADER);
    m->bytes = bytes;
    m->stripe_count = g.stripes;
    m->units_max = g.small_units / 2;
    view_stripes(m, &g);
    return ERR_OK;
}

void segment_unmap(struct memory *m)
{
    if (m->base != NULL)
        (void)munmap(m->base, m->size);
    m->base = NULL;
}

static enum err map(struct memory *m, uint64_t bytes)
{
    return segment_map(m, bytes, PROT_READ | PROT_WRITE);
}

/* The locks of a segment that nobody else has mapped. */
static void init_locks(struct memory *m)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    for (uint32_t i = 0; i < m->stripe_count; i++)
        pthread_mutex_init(&m->stripes[i].line->lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

static void init_rings(struct memory *m)
{
    for (uint32_t i = 0; i < m->stripe_count; i++)
        for (int ring = 0; ring < RINGS; ring++)
            ring_init(&m->stripes[i].rings[ring]);
}

/* Cuts the object to keep bytes and gives it its whole size, all zeros; memory that is promised now
 * cannot be missing later, when it would be a SIGBUS. */
static enum err allocate(const struct memory *m, size_t keep, uint64_t size, const char *path,
                         struct memory_opened *opened)
{
    int failed;

    if (ftruncate(m->fd, (off_t)keep) != 0)
        return explain_errno(opened, path, "cannot be cut");
    do
        failed = posix_fallocate(m->fd, 0, (off_t)size);
    while (failed == EINTR);
    if (failed == 0)
        return ERR_OK;
    (void)!ftruncate(m->fd, (off_t)keep);
    return explain(opened, ERR_TOO_LARGE,
                   "/dev/shm%s: no room for %llu MiB of shared memory (%s): make /dev/shm larger "
                   "or LARDER_MEMORY smaller",
                   path, (unsigned long long)(size >> 20), strerror(failed));
}

static enum err make(struct memory *m, uint64_t bytes, const char *path,
                     struct memory_opened *opened)
{
    enum err err = allocate(m, 0, geometry(bytes).size, path, opened);

    if (err != ERR_OK)
        return err;
    err = map(m, bytes);
    if (err != ERR_OK)
        return explain_errno(opened, path, "cannot be mapped");
    m->segment->layout = MEMORY_LAYOUT;
    m->segment->lock_bytes = sizeof(pthread_mutex_t);
    atomic_store(&m->segment->bytes, bytes);
    atomic_store(&m->segment->void_gen, 1);
    init_locks(m);
    init_rings(m);
    atomic_store(&m->segment->magic, MEMORY_MAGIC);
    opened->created = true;
    return ERR_OK;
}

/* Another size, the same tags: a fence or a pending invalidation of a killed worker may still be
 * there. */
static enum err resize(struct memory *m, uint64_t bytes, const char *path,
                       struct memory_opened *opened)
{
    enum err err;

    atomic_store(&m->segment->bytes, SEGMENT_RESIZING);
    segment_unmap(m);
    err = allocate(m, table_end, geometry(bytes).size, path, opened);
    if (err != ERR_OK)
        return err;
    err = map(m, bytes);
    if (err != ERR_OK)
        return explain_errno(opened, path, "cannot be mapped");
    init_locks(m);
    init_rings(m);
    memory_void(m);
    atomic_store(&m->segment->bytes, bytes);
    opened->resized = true;
    return ERR_OK;
}

/* --- Opening --- */

/* Read, not mapped: who holds no lock may find the object cut meanwhile. */
enum segment_state segment_inspect(int fd, uint64_t *bytes)
{
    struct stat st;
    struct segment segment;

    if (fstat(fd, &st) != 0 || st.st_size < (off_t)table_end ||
        pread(fd, &segment, sizeof segment, 0) != (ssize_t)sizeof segment ||
        segment.magic != MEMORY_MAGIC)
        return SEGMENT_NONE;
    *bytes = segment.bytes;
    if (segment.layout != MEMORY_LAYOUT || segment.lock_bytes != sizeof(pthread_mutex_t))
        return SEGMENT_OTHER_VERSION;
    if (*bytes > MEMORY_BYTES_MAX || (uint64_t)st.st_size != geometry(*bytes).size)
        return SEGMENT_UNFINISHED;
    return SEGMENT_READY;
}

/* Alone with the object: makes of it what was configured. */
static enum err prepare(struct memory *m, const struct memory_config *config, const char *path,
                        struct memory_opened *opened)
{
    uint64_t bytes = 0;
    enum segment_state state = segment_inspect(m->fd, &bytes);
    enum err err = ERR_OK;

    if (state == SEGMENT_NONE || state == SEGMENT_OTHER_VERSION) {
        err = make(m, config->bytes, path, opened);
    } else if (map(m, state == SEGMENT_READY ? bytes : 0) != ERR_OK) {
        err = explain_errno(opened, path, "cannot be mapped");
    } else if (state == SEGMENT_UNFINISHED || bytes != config->bytes) {
        err = resize(m, config->bytes, path, opened);
    } else {
        init_locks(m);
    }
    segment_unmap(m);
    return err;
}

/* What others than its user may do with it: nothing, or read it, those of one group. */
static mode_t mode_for(const struct memory_config *config)
{
    return config->shown ? 0640 : 0600;
}

/* Whether nobody may do more.  A segment that is there takes the group of who opens it; where that
 * is not allowed it stays hidden from it. */
static bool is_for_us(int fd, const struct stat *st, const struct memory_config *config)
{
    bool own = st->st_uid == geteuid() || geteuid() == 0;

    if (config->shown && own && fchown(fd, (uid_t)-1, config->group) == 0 &&
        fchmod(fd, mode_for(config)) == 0)
        return true;
    return own && (st->st_mode & 037) == 0 && (config->attach || fchmod(fd, 0600) == 0);
}

/* Opens the object, or makes an empty one.  ERR_BUSY: another has just made it, try again. */
static enum err open_object(struct memory *m, const char *path, const struct memory_config *config,
                            struct memory_opened *opened)
{
    struct stat st;

    m->fd = shm_open(path, O_RDWR | O_CLOEXEC, 0);
    if (m->fd < 0 && errno == ENOENT && config->attach)
        return explain(opened, ERR_NOT_FOUND, "/dev/shm%s: there is no such segment", path);
    if (m->fd < 0 && errno == ENOENT)
        m->fd = shm_open(path, O_RDWR | O_CLOEXEC | O_CREAT | O_EXCL, 0600);
    if (m->fd < 0 && errno == EEXIST)
        return explain(opened, ERR_BUSY, "/dev/shm%s: made by another process meanwhile", path);
    if (m->fd < 0 && errno == EACCES)
        return explain(opened, ERR_DENIED, "/dev/shm%s: no permission to open it", path);
    if (m->fd < 0)
        return explain_errno(opened, path, "cannot be opened");
    if (fstat(m->fd, &st) != 0)
        return explain_errno(opened, path, "cannot be examined");
    if (!is_for_us(m->fd, &st, config))
        return explain(opened, ERR_DENIED,
                       "/dev/shm%s: belongs to another user or is open to others: remove it", path);
    return ERR_OK;
}

static bool is_unlinked(int fd)
{
    struct stat st;

    return fstat(fd, &st) != 0 || st.st_nlink == 0;
}

static enum err try_open(struct memory *m, const struct memory_config *config, const char *path,
                         struct memory_opened *opened)
{
    enum err err = open_object(m, path, config, opened);
    uint64_t bytes = 0;

    if (err != ERR_OK)
        return err;
    if (!config->attach && flock(m->fd, LOCK_EX | LOCK_NB) == 0 && !is_unlinked(m->fd)) {
        err = prepare(m, config, path, opened);
        if (err != ERR_OK)
            return err;
    }
    /* flock gives one lock up before it takes the other, so all is looked at again. */
    if (flock(m->fd, LOCK_SH | LOCK_NB) != 0 || is_unlinked(m->fd))
        return explain(opened, ERR_BUSY, "/dev/shm%s: another process is still making it", path);
    switch (segment_inspect(m->fd, &bytes)) {
    case SEGMENT_NONE:
    case SEGMENT_UNFINISHED:
        return explain(opened, ERR_BUSY, "/dev/shm%s: has not been made to the end", path);
    case SEGMENT_OTHER_VERSION:
        return explain(opened, ERR_UNSUPPORTED,
                       "/dev/shm%s: in use by processes of another version: stop them first", path);
    case SEGMENT_READY: break;
    }
    if (map(m, bytes) != ERR_OK)
        return explain_errno(opened, path, "cannot be mapped");
    opened->bytes = bytes;
    opened->other_size = !config->attach && bytes != config->bytes;
    return ERR_OK;
}

static struct memory *handle_new(void)
{
    struct memory *m = mem_zalloc(sizeof *m);

    m->fd = -1;
    return m;
}

enum err memory_open(const struct memory_config *config, struct memory **out,
                     struct memory_opened *opened)
{
    int64_t deadline_ms = clock_mono_ms() + (config->attach ? 0 : OPEN_TIMEOUT_MS);
    char path[MEMORY_NAME_MAX + 2];
    struct memory *m;
    enum err err;

    *opened = (struct memory_opened){0};
    *out = NULL;
    if (!segment_path(config->name, path))
        return explain(opened, ERR_INVALID,
                       "a segment's name is 1 to %d letters, digits, '.', '_' or '-'",
                       MEMORY_NAME_MAX);
    if (!config->attach && config->bytes != 0 &&
        (config->bytes < MEMORY_BYTES_MIN || config->bytes > MEMORY_BYTES_MAX))
        return explain(opened, ERR_RANGE, "LARDER_MEMORY must be 0 or from 4 MiB to 64 GiB");
    for (;;) {
        m = handle_new();
        err = try_open(m, config, path, opened);
        if (err == ERR_OK)
            break;
        memory_close(m);
        if (err != ERR_BUSY || clock_mono_ms() >= deadline_ms)
            return err;
        (void)nanosleep(&(struct timespec){.tv_nsec = OPEN_RETRY_NS}, NULL);
    }
    opened->why[0] = '\0';
    *out = m;
    return ERR_OK;
}

void memory_close(struct memory *m)
{
    if (m == NULL)
        return;
    if (m->place != 0) /* its fences are not taken away any more */
        atomic_store(&m->segment->writers[m->place], 0);
    segment_unmap(m);
    if (m->fd >= 0)
        (void)close(m->fd);
    free(m);
}

bool memory_is_linked(const struct memory *m)
{
    return !is_unlinked(m->fd);
}

bool segment_has_head(const struct memory *m)
{
    const struct segment *segment = m->segment;

    return atomic_load_explicit(&segment->magic, memory_order_acquire) == MEMORY_MAGIC &&
           segment->layout == MEMORY_LAYOUT && segment->lock_bytes == sizeof(pthread_mutex_t) &&
           atomic_load_explicit(&segment->bytes, memory_order_acquire) == m->bytes;
}

bool memory_is_sound(const struct memory *m)
{
    struct stat st;

    return fstat(m->fd, &st) == 0 && (uint64_t)st.st_size == m->size && segment_has_head(m);
}

void memory_put_aside(struct memory *m, const char *name)
{
    if (memory_is_linked(m))
        (void)memory_unlink(name);
    memory_void(m);
}

enum err memory_unlink(const char *name)
{
    char path[MEMORY_NAME_MAX + 2];

    if (!segment_path(name, path))
        return ERR_INVALID;
    if (shm_unlink(path) == 0)
        return ERR_OK;
    switch (errno) {
    case ENOENT: return ERR_NOT_FOUND;
    case EACCES:
    case EPERM: return ERR_DENIED;
    default: return ERR_IO;
    }
}
