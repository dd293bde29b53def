/* SPDX-License-Identifier: BSD-2-Clause */
/* The shared segment when a process dies between two instructions:
 *
 *     step [stride]
 *
 * A child does one thing, step by step under ptrace.  Once it goes on to the end, and after every
 * instruction another process looks: no reader may see anything but before or after.  Then it is
 * killed after 1, 1 + stride, 1 + 2 × stride, … instructions, over the whole way, and what it
 * leaves must be sound and unlocked. */
#include "trace.h"

static uint64_t generation;
static unsigned round_now;  /* of the key "k" */
static unsigned round_seen; /* the newest one that a reader has met */

/* --- Scenes: what to prepare, what the child does, what must hold after each of its instructions,
 * and what must hold when it was killed --- */

static void prepare_put(void)
{
    round_now++;
    if (store("k", round_now, BODY) != ERR_OK)
        fail("a record is not taken");
    round_seen = round_now;
    /* The rings are full and turning. */
    for (int i = 0; i < 5; i++)
        store_other(others++);
}

static void do_put(void)
{
    (void)store("k", round_now + 1, BODY);
}

static void do_put_large(void)
{
    (void)store("k", round_now + 1, BODY_MAX);
}

/* Old until it is new, and never neither. */
static void watch_put(void)
{
    unsigned round = look("k");

    if (round != round_now && round != round_now + 1)
        fail("round %u instead of %u or the next", round, round_now);
    if (round < round_seen)
        fail("round %u after %u", round, round_seen);
    round_seen = round;
}

static void watch_large(void)
{
    unsigned round = look("k");

    /* A record may be evicted by its own successor, but never be anything else. */
    if (round != 0 && round != round_now && round != round_now + 1)
        fail("round %u instead of %u or the next", round, round_now);
}

static void after_put(void)
{
    watch_large();
    require_sound();
    round_now += 2;
    if (store("k", round_now, BODY) != ERR_OK || look("k") != round_now)
        fail("the stripe takes no record");
}

static void do_remove(void)
{
    struct memory_key key = memory_key(STR("k"));

    (void)memory_remove(m, &key);
}

static void watch_remove(void)
{
    unsigned round = look("k");

    if (round != 0 && round != round_now)
        fail("round %u instead of %u or none", round, round_now);
}

static struct memory_snapshot before;

static void prepare_fence(void)
{
    memory_release(m, SLOT, TOKEN);
    snapshot_now(&before);
    if (before.flags != 0)
        fail("the tag is not free");
}

static void do_fence(void)
{
    memory_fence(m, SLOT, TOKEN, NOW, NOW + 5000 * MS);
}

/* Who sees the write's seq sees its fence. */
static void watch_fence(void)
{
    struct memory_snapshot now;

    snapshot_now(&now);
    if (now.tags[0].seq != before.tags[0].seq && (now.flags & MEMORY_FENCED) == 0)
        fail("moved, but not fenced");
}

static void prepare_release(void)
{
    memory_release(m, SLOT, TOKEN);
    do_fence();
    snapshot_now(&before);
}

static void do_release(void)
{
    memory_release(m, SLOT, TOKEN);
}

/* What was read during the write is void before the fence is gone. */
static void watch_release(void)
{
    struct memory_snapshot now;

    snapshot_now(&now);
    if (now.tags[0].seq == before.tags[0].seq && (now.flags & MEMORY_FENCED) == 0)
        fail("not fenced, but not moved");
}

static void after_tag(void)
{
    memory_release(m, SLOT, TOKEN);
    generation = memory_pending(m, SLOT);
    if (generation != 0 && !memory_settle(m, SLOT, generation))
        fail("a debt cannot be settled");
    snapshot_now(&before);
    if (before.flags != 0)
        fail("the tag is not free");
}

static void prepare_settle(void)
{
    after_tag();
    generation = memory_set_pending(m, SLOT);
    snapshot_now(&before);
}

static void do_settle(void)
{
    (void)memory_settle(m, SLOT, generation);
}

/* What is owed is found by who walks the tags, also while somebody owes or settles. */
static void watch_debts(void)
{
    uint32_t slot = 0;

    if (memory_pending(m, SLOT) != 0 && !(memory_pending_next(m, &slot) && slot == SLOT))
        fail("owed, but not found");
}

static void watch_settle(void)
{
    struct memory_snapshot now;

    watch_debts();
    snapshot_now(&now);
    if (now.tags[0].seq == before.tags[0].seq && (now.flags & MEMORY_PENDING) == 0)
        fail("not owed, but not moved");
}

static void do_owe(void)
{
    (void)memory_set_pending(m, SLOT);
}

static void prepare_lease(void)
{
    memory_lease_release(m, &lease);
}

/* A claim, a void, and only then validity. */
static void do_lease(void)
{
    if (!memory_lease_acquire(m, NOW, 1000 * MS, &lease))
        return;
    memory_void(m);
    (void)memory_lease_renew(m, &lease, NOW + 1000 * MS);
    memory_lease_release(m, &lease);
}

static void watch_lease(void)
{
    struct memory_snapshot now;

    if (!memory_lease_valid(m, NOW))
        return;
    snapshot_now(&now);
    if (now.void_gen == before.void_gen)
        fail("valid, but not void");
}

static void prepare_lease_watched(void)
{
    prepare_lease();
    snapshot_now(&before);
}

static void after_lease(void)
{
    if (!memory_lease_acquire(m, NOW + 1000 * MS, 1000 * MS, &lease) ||
        !memory_lease_renew(m, &lease, NOW + 700 * MS))
        fail("the next listener cannot take the lease");
}

static const struct scene {
    const char *name;
    void (*prepare)(void);
    void (*act)(void);
    void (*watch)(void);
    void (*after)(void);
} scenes[] = {
    {"put", prepare_put, do_put, watch_put, after_put},
    {"large put", prepare_put, do_put_large, watch_large, after_put},
    {"remove", prepare_put, do_remove, watch_remove, after_put},
    {"fence", prepare_fence, do_fence, watch_fence, after_tag},
    {"release", prepare_release, do_release, watch_release, after_tag},
    {"owe", after_tag, do_owe, watch_debts, after_tag},
    {"settle", prepare_settle, do_settle, watch_settle, after_tag},
    {"lease", prepare_lease_watched, do_lease, watch_lease, after_lease},
};

/* --- Stepping --- */

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static unsigned watch_all(const struct scene *scene)
{
    unsigned steps = 0;
    pid_t pid;

    scene->prepare();
    pid = start(scene->act);
    while (step(pid)) {
        scene->watch();
        steps++;
    }
    scene->after();
    return steps;
}

static unsigned kill_all(const struct scene *scene, unsigned steps, uint64_t budget, unsigned seed)
{
    unsigned stride = stride_of(steps, budget), kills = 0;

    for (unsigned until = 1 + seed % stride; until <= steps; until += stride, kills++) {
        pid_t pid;

        scene->prepare();
        pid = start(scene->act);
        for (unsigned i = 0; i < until; i++)
            if (!step(pid)) {
                pid = 0;
                break;
            }
        if (pid != 0)
            end(pid);
        scene->after();
    }
    return kills;
}

int main(int argc, char **argv)
{
    uint64_t budget = argc > 1 ? strtoull(argv[1], NULL, 10) : 30000;
    unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : (unsigned)clock_wall_ms();
    struct memory_stats stats;
    char name[64];

    if (is_threads_only())
        return 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %u\n", seed);
    snprintf(name, sizeof name, "larder-step-%d", (int)getpid());
    open_segment(name);
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        const struct scene *scene = &scenes[i];
        unsigned steps, kills;
        int64_t start_ms = clock_mono_ms();

        scene_name = scene->name;
        steps = watch_all(scene);
        if (steps < 10)
            fail("too few instructions to be true");
        kills = kill_all(scene, steps, budget, seed);
        printf("%s: %u instructions watched, killed at %u of them, %lld ms\n", scene->name, steps,
               kills, (long long)(clock_mono_ms() - start_ms));
    }
    memory_stats(m, &stats);
    printf("%llu writers found dead while storing\n", (unsigned long long)stats.recovered);
    if (stats.recovered == 0)
        fail("no writer was killed with the lock held");
    memory_close(m);
    return 0;
}
