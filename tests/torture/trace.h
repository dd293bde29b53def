/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TORTURE_TRACE_H
#define LARDER_TORTURE_TRACE_H

/* A full segment whose rings turn, records that check themselves, and children that do one thing
 * under ptrace, instruction by instruction. */
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "memory/memory.h"

#define NOW INT64_C(1000000000000)
#define MS  INT64_C(1000000)
enum { SLOT = 5, TOKEN = 77, KEYS = 12000, BODY = 200, BODY_MAX = 1000 };

static struct memory *m;
static struct memory_lease lease; /* valid, but where a scene takes it away */
static const char *scene_name = "start";
static unsigned others; /* records stored besides the scene's own */

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *format, ...)
{
    va_list args;

    printf("FAILED: %s: ", scene_name);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    exit(1);
}

static void snapshot_now(struct memory_snapshot *snapshot)
{
    memory_snapshot(m, &(uint32_t){SLOT}, 1, NOW, snapshot);
}

static enum err store_under(const char *key, unsigned round, size_t len,
                            const struct memory_snapshot *under)
{
    static char body[BODY_MAX];
    struct memory_item item = {
        .key = memory_key(str_from(key)),
        .expires_ms = INT64_MAX,
        .parts = {
            [MEMORY_HEAD] = {(const char *)&round, sizeof round}, [MEMORY_BODY] = {body, len}}};

    memset(body, (int)(round % 251), len);
    return memory_put(m, &item, under, NOW);
}

static enum err store(const char *key, unsigned round, size_t len)
{
    struct memory_snapshot now;

    snapshot_now(&now);
    return store_under(key, round, len, &now);
}

/* The round of a key's record, 0 when there is none. */
static unsigned look(const char *key)
{
    static char out[BODY_MAX + sizeof(unsigned)], expected[BODY_MAX];
    struct memory_key k = memory_key(str_from(key));
    struct memory_hit hit;
    unsigned round;

    if (memory_get(m, &k, (struct memory_now){NOW, 0}, MEMORY_BODY, out, sizeof out, &hit) !=
        ERR_OK)
        return 0;
    memcpy(&round, out, sizeof round);
    memset(expected, (int)(round % 251), hit.lens[MEMORY_BODY]);
    if (memcmp(out + sizeof round, expected, hit.lens[MEMORY_BODY]) != 0)
        fail("a torn record");
    return round;
}

static void store_other(unsigned i)
{
    char key[16];

    snprintf(key, sizeof key, "o%u", i % KEYS);
    if (store(key, 1 + i % 200, BODY) != ERR_OK)
        fail("a record is not taken");
    if (i % 3 != 0) { /* so that many are moved when their turn comes */
        (void)look(key);
        (void)look(key);
    }
}

static void require_sound(void)
{
    char why[MEMORY_WHY_SIZE];

    if (memory_verify(m, why) != ERR_OK)
        fail("%s", why);
}

/* --- Children --- */

/* A child that is stopped right before its act. */
static pid_t start(void (*act)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(3);
        raise(SIGSTOP);
        act();
        syscall(SYS_exit_group, 0); /* few instructions */
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
        fail("the child cannot be traced");
    return pid;
}

/* One instruction further; false when the child has ended. */
static bool step(pid_t pid)
{
    int status;

    if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0 || waitpid(pid, &status, 0) != pid)
        fail("the child cannot be stepped");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return false;
    if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
        fail("the child got into trouble: status %x", (unsigned)status);
    return true;
}

/* ThreadSanitizer has nothing to see in processes of one thread each, and takes its time. */
static bool is_threads_only(void)
{
#ifdef __SANITIZE_THREAD__
    printf("no threads: not for ThreadSanitizer\n");
    return true;
#else
    return false;
#endif
}

/* How many instructions lie between two runs, so that all runs of a scene take about budget steps;
 * at least five runs are made. */
static unsigned stride_of(unsigned steps, uint64_t budget)
{
    const uint64_t run = steps / 2 + 300; /* with what the fork costs */
    uint64_t stride = budget > 0 ? steps * run / budget + 1 : steps;

    return stride < steps / 5 ? (unsigned)stride : steps / 5;
}

/* Parent and child take turns, so on one processor a step costs no wake-up of another. */
static void stay_on_one_processor(void)
{
    cpu_set_t set;
    int cpu = sched_getcpu();

    CPU_ZERO(&set);
    CPU_SET(cpu >= 0 ? (unsigned)cpu : 0, &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

static void open_segment(const char *name)
{
    struct memory_config config = {.name = name, .bytes = MEMORY_BYTES_MIN};
    struct memory_opened opened;

    (void)memory_unlink(name);
    if (memory_open(&config, &m, &opened) != ERR_OK)
        fail("%s", opened.why);
    (void)memory_unlink(name); /* the children inherit it */
    if (!memory_lease_acquire(m, NOW, 1000 * MS, &lease) ||
        !memory_lease_renew(m, &lease, NOW + 700 * MS))
        fail("no lease");
    /* What a child calls must have been called before, or its linking is stepped through too. */
    (void)raise(0);
    (void)syscall(SYS_getpid);
    stay_on_one_processor();
    for (others = 0; others < 3 * KEYS; others++)
        store_other(others);
    require_sound();
}

#endif
