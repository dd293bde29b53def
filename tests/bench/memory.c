/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hit, a miss and a store cost: memory [seconds a line].  Prints nanoseconds; nothing is
 * asserted. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "memory/memory.h"

enum { KEYS = 4096, TAGS = 3, BODY_MAX = 65536 };

static struct memory *m;
static struct memory_snapshot snapshot;
static struct memory_lease lease;
static char keys[KEYS][64];
static char body[BODY_MAX], out[BODY_MAX + 1024];
static double seconds = 0.3;

static struct memory_now now(void)
{
    return (struct memory_now){clock_mono_ns(), 1};
}

static struct memory_key key_of(unsigned i)
{
    return memory_key(str_from(keys[i % KEYS]));
}

static bool put(unsigned i, size_t len)
{
    struct memory_item item = {.key = key_of(i),
                               .parts = {[MEMORY_HEAD] = {body, 96}, [MEMORY_BODY] = {body, len}},
                               .expires_ms = INT64_MAX};

    return memory_put(m, &item, &snapshot, clock_mono_ns()) == ERR_OK;
}

static bool get(unsigned i, size_t len)
{
    struct memory_key key = key_of(i);
    struct memory_hit hit;

    return memory_get(m, &key, now(), MEMORY_BODY, out, sizeof out, &hit) == ERR_OK &&
           hit.lens[MEMORY_BODY] == len;
}

static bool peek(unsigned i, size_t len)
{
    struct memory_key key = key_of(i);
    struct memory_hit hit;

    return memory_get(m, &key, now(), MEMORY_HEAD, out, sizeof out, &hit) == ERR_OK &&
           hit.lens[MEMORY_BODY] == len;
}

static void run(const char *name, bool (*step)(unsigned, size_t), unsigned keys_used, size_t len)
{
    int64_t start = clock_mono_ns(), end = start + (int64_t)(seconds * 1e9), at;
    uint64_t count = 0, good = 0;

    do {
        (void)memory_lease_renew(m, &lease, clock_mono_ns() + INT64_C(1000000000));
        for (int i = 0; i < 256; i++)
            good += step((unsigned)(count++ * 2654435761u >> 8) % keys_used, len);
        at = clock_mono_ns();
    } while (at < end);
    printf("%-6s %6zu B, %4u keys: %7.0f ns  (%.1f %% succeeded)\n", name, len, keys_used,
           (double)(at - start) / (double)count, 100.0 * (double)good / (double)count);
}

/* Two processes at once, as two workers do: each prints its own line. */
static void run_two(bool (*step)(unsigned, size_t), unsigned keys_used, size_t len)
{
    pid_t other;

    fflush(stdout);
    other = fork();
    run("hit ×2", step, keys_used, len);
    fflush(stdout);
    if (other == 0)
        _exit(0);
    (void)waitpid(other, NULL, 0);
}

int main(int argc, char **argv)
{
    static const size_t lengths[] = {300, 1024, 5120, 16384, 65536};
    struct memory_config config = {.name = "larder-bench-memory", .bytes = UINT64_C(64) << 20};
    struct memory_opened opened;
    uint32_t slots[TAGS] = {1, 2, 3};

    if (argc > 1)
        seconds = strtod(argv[1], NULL);
    (void)memory_unlink(config.name);
    if (memory_open(&config, &m, &opened) != ERR_OK) {
        fprintf(stderr, "%s\n", opened.why);
        return 1;
    }
    memset(body, 'x', sizeof body);
    for (int i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof keys[i], "products:category=tools&limit=20&page=%d&sort=name", i);
    memory_snapshot(m, slots, TAGS, clock_mono_ns(), &snapshot);
    memory_lease_acquire(m, clock_mono_ns(), INT64_C(1000000000), &lease);
    run("miss", get, KEYS, 0);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        unsigned used = lengths[i] > 16384 ? 256 : KEYS;

        memory_void(m);
        memory_snapshot(m, slots, TAGS, clock_mono_ns(), &snapshot);
        for (unsigned k = 0; k < used; k++)
            put(k, lengths[i]);
        run("hit", get, used, lengths[i]);
        run("hit", get, 8, lengths[i]);
        run_two(get, used, lengths[i]);
        run("peek", peek, used, lengths[i]);
        run("put", put, used, lengths[i]);
    }
    memory_close(m);
    (void)memory_unlink(config.name);
    return 0;
}
