/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log_writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/metrics.h"

enum { WAITING_MAX = 256 << 10 };

struct line {
    struct line *next;
    size_t len;
    char bytes[];
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool started, stopping, ended;
    struct line *first, **last;
    size_t waiting; /* bytes, of the line being written, too */
    uint64_t lost;
    void (*on_lost)(uint64_t count);
} writer = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Also where somebody has made standard error non-blocking. */
static void write_whole(const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, len);

        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        } else if (written < 0 && errno == EAGAIN) {
            (void)poll(&(struct pollfd){.fd = STDERR_FILENO, .events = POLLOUT}, 1, -1);
        } else if (written == 0 || errno != EINTR) {
            return;
        }
    }
}

/* The next line, or NULL when there is none any more. */
static struct line *take_line(void)
{
    struct line *line;

    while (writer.first == NULL && !writer.stopping)
        pthread_cond_wait(&writer.changed, &writer.lock);
    line = writer.first;
    if (line == NULL)
        return NULL;
    writer.first = line->next;
    if (writer.first == NULL)
        writer.last = &writer.first;
    return line;
}

/* Once all that waits is written, the number of dropped lines is reported. */
static void end_line(struct line *line)
{
    uint64_t lost;

    writer.waiting -= line->len;
    free(line);
    if (writer.first != NULL || writer.lost == 0 || writer.stopping)
        return;
    lost = writer.lost;
    writer.lost = 0;
    pthread_mutex_unlock(&writer.lock);
    writer.on_lost(lost);
    pthread_mutex_lock(&writer.lock);
}

static void *log_writer_run(void *context)
{
    struct line *line;

    pthread_mutex_lock(&writer.lock);
    while ((line = take_line()) != NULL) {
        pthread_mutex_unlock(&writer.lock);
        write_whole(line->bytes, line->len);
        pthread_mutex_lock(&writer.lock);
        end_line(line);
    }
    writer.ended = true;
    pthread_cond_broadcast(&writer.changed);
    pthread_mutex_unlock(&writer.lock);
    return context;
}

void log_writer_start(void (*lost)(uint64_t count))
{
    pthread_condattr_t attr;
    pthread_t thread;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&writer.changed, &attr);
    pthread_condattr_destroy(&attr);
    writer.last = &writer.first;
    writer.on_lost = lost;
    writer.started = pthread_create(&thread, NULL, log_writer_run, NULL) == 0;
    if (writer.started)
        pthread_detach(thread);
}

void log_writer_stop(int ms)
{
    struct timespec until;

    if (!writer.started)
        return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (until.tv_nsec / 1000000 + ms) / 1000;
    until.tv_nsec = (until.tv_nsec / 1000000 + ms) % 1000 * 1000000;
    pthread_mutex_lock(&writer.lock);
    writer.stopping = true;
    pthread_cond_broadcast(&writer.changed);
    while (!writer.ended &&
           pthread_cond_timedwait(&writer.changed, &writer.lock, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&writer.lock);
}

static void add_line(struct str text)
{
    struct line *line = mem_alloc(sizeof *line + text.len);

    line->next = NULL;
    line->len = text.len;
    memcpy(line->bytes, text.ptr, text.len);
    *writer.last = line;
    writer.last = &line->next;
    writer.waiting += text.len;
    pthread_cond_broadcast(&writer.changed);
}

void log_writer_put(struct str text)
{
    if (!writer.started) {
        write_whole(text.ptr, text.len);
        return;
    }
    pthread_mutex_lock(&writer.lock);
    if (!writer.stopping && writer.waiting + text.len <= WAITING_MAX) {
        add_line(text);
    } else {
        writer.lost++;
        metric_inc(METRIC_LOG_DROPPED);
    }
    pthread_mutex_unlock(&writer.lock);
}
