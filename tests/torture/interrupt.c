/* SPDX-License-Identifier: BSD-2-Clause */
/* The shared segment when others act between two instructions:
 *
 *     interrupt [steps a scene [seed]]
 *
 * A child is stopped after every n-th instruction of one thing, from the first to the last; then
 * the worst that another process can do at that moment is done, and the child goes on to its end.
 * n is what the number of steps affords. */
#include "trace.h"

#include <sys/mman.h>

static struct memory_lease other;
static uint64_t generation;
static struct memory_snapshot snapshot;

/* --- A reader is stopped while the ring goes round --- */

static char new_key[16];
static unsigned new_keys;

/* Keys that were never seen go into the small ring. */
static void store_new(void)
{
    snprintf(new_key, sizeof new_key, "n%u", new_keys++);
    if (store(new_key, 1 + new_keys % 250, BODY_MAX) != ERR_OK)
        fail("a record is not taken");
}

static void act_get(void)
{
    (void)look(new_key); /* ends the child when it is torn */
}

static void turn_the_ring(void)
{
    char read[sizeof new_key];

    memcpy(read, new_key, sizeof read);
    for (int n = 0; n < 600; n++)
        store_new();
    if (look(read) != 0)
        fail("the ring has not gone round");
}

/* --- A write begins while a reader looks at its tag --- */

static struct memory_snapshot *seen; /* what the child has seen */

static void act_snapshot(void)
{
    snapshot_now(seen);
}

static void judge_snapshot(bool interrupted)
{
    snapshot_now(&snapshot);
    if (interrupted && seen->tags[0].seq == snapshot.tags[0].seq &&
        (seen->flags & MEMORY_FENCED) == 0)
        fail("the write was seen, but not its fence");
}

/* --- A tag moves while an answer is stored --- */

static void prepare_put(void)
{
    memory_release(m, SLOT, TOKEN);
    memory_release(m, SLOT, TOKEN + 1);
    snapshot_now(&snapshot);
    if (store("k", 1, BODY) != ERR_OK)
        fail("a record is not taken");
}

static void act_put(void)
{
    (void)store_under("k", 2, BODY, &snapshot);
}

static void bump(void)
{
    memory_bump(m, SLOT);
}

static void write_whole(void)
{
    memory_fence(m, SLOT, TOKEN, NOW, NOW + 5000 * MS);
    memory_release(m, SLOT, TOKEN);
}

static void void_all(void)
{
    memory_void(m);
}

static void judge_put(bool interrupted)
{
    if (interrupted && look("k") != 0)
        fail("an answer from before the write is served after it");
}

/* --- The slot is marked again while its debt is settled --- */

static void prepare_settle(void)
{
    generation = memory_set_pending(m, SLOT);
}

static void act_settle(void)
{
    (void)memory_settle(m, SLOT, generation);
}

static void owe(void)
{
    (void)memory_set_pending(m, SLOT);
}

static void judge_settle(bool interrupted)
{
    if (interrupted && memory_pending(m, SLOT) == 0)
        fail("a debt was settled that was not the listed one");
    generation = memory_pending(m, SLOT);
    if (generation != 0 && !memory_settle(m, SLOT, generation))
        fail("a debt cannot be settled");
}

/* --- Two fence the same slot --- */

static void prepare_fence(void)
{
    memory_release(m, SLOT, TOKEN);
    memory_release(m, SLOT, TOKEN + 1);
}

static void act_fence(void)
{
    memory_fence(m, SLOT, TOKEN, NOW, NOW + 5000 * MS);
}

static void fence_too(void)
{
    memory_fence(m, SLOT, TOKEN + 1, NOW, NOW + 5000 * MS);
}

static void judge_fence(bool interrupted)
{
    if (!interrupted)
        return;
    memory_release(m, SLOT, TOKEN + 1);
    snapshot_now(&snapshot);
    if ((snapshot.flags & MEMORY_FENCED) == 0)
        fail("one fence has driven the other out");
    memory_release(m, SLOT, TOKEN);
    snapshot_now(&snapshot);
    if (snapshot.flags != 0)
        fail("a released fence stands");
}

/* --- Two take the lease --- */

static bool won;

static void prepare_claim(void)
{
    memory_lease_release(m, &lease);
    memory_lease_release(m, &other);
    won = false;
}

/* The child's success shows as validity further from now. */
static void act_claim(void)
{
    struct memory_lease mine;

    if (memory_lease_acquire(m, NOW, 1000 * MS, &mine))
        (void)memory_lease_renew(m, &mine, NOW + 900 * MS);
}

static void claim_too(void)
{
    won = memory_lease_acquire(m, NOW, 1000 * MS, &other);
}

static void judge_claim(bool interrupted)
{
    bool child_won = memory_lease_valid(m, NOW + 800 * MS);

    if (interrupted && won == child_won)
        fail(won ? "two have the claim" : "nobody got the claim");
    lease = other;
    memory_lease_release(m, &lease);
    if (!memory_lease_acquire(m, NOW + 2000 * MS, 1000 * MS, &lease) ||
        !memory_lease_renew(m, &lease, NOW + 700 * MS))
        fail("the lease cannot be taken");
}

/* --- An owner is stopped while it renews, and wakes when another has taken over --- */

static void act_renew(void)
{
    (void)memory_lease_keep(m, &lease, NOW, 1000 * MS);
    (void)memory_lease_renew(m, &lease, NOW + 900 * MS);
}

static void take_over(void)
{
    if (!memory_lease_acquire(m, NOW + 10000 * MS, 1000 * MS, &other))
        fail("the claim does not expire");
    memory_void(m);
    if (!memory_lease_renew(m, &other, NOW + 700 * MS))
        fail("a new owner cannot renew");
}

static void judge_renew(bool interrupted)
{
    if (!interrupted)
        return;
    if (memory_lease_valid(m, NOW + 800 * MS))
        fail("a stale owner has renewed over its successor");
    if (!memory_lease_keep(m, &other, NOW, 1000 * MS))
        fail("a stale owner has taken the claim back");
    lease = other;
}

static void nothing(void)
{
}

static void judge_nothing(bool interrupted)
{
    (void)interrupted;
}

static const struct scene {
    const char *name;
    void (*prepare)(void);
    void (*act)(void);
    void (*meanwhile)(void);
    void (*judge)(bool interrupted);
} scenes[] = {
    {"get, the ring turns", store_new, act_get, turn_the_ring, judge_nothing},
    {"snapshot, a write begins", prepare_fence, act_snapshot, fence_too, judge_snapshot},
    {"put, a tag moves", prepare_put, act_put, bump, judge_put},
    {"put, a write runs", prepare_put, act_put, write_whole, judge_put},
    {"put, all is voided", prepare_put, act_put, void_all, judge_put},
    {"settle, marked again", prepare_settle, act_settle, owe, judge_settle},
    {"fence, another fence", prepare_fence, act_fence, fence_too, judge_fence},
    {"claim, another claim", prepare_claim, act_claim, claim_too, judge_claim},
    {"renew, another owner", nothing, act_renew, take_over, judge_renew},
};

/* Steps that the act takes when nobody interrupts it. */
static unsigned measure(const struct scene *scene)
{
    unsigned steps = 0;
    pid_t pid;

    scene->prepare();
    pid = start(scene->act);
    while (step(pid))
        steps++;
    scene->judge(false);
    return steps;
}

static void go_on(pid_t pid)
{
    int status;

    if (ptrace(PTRACE_CONT, pid, NULL, NULL) != 0 || waitpid(pid, &status, 0) != pid)
        fail("the child cannot go on");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("the child got into trouble: status %x", (unsigned)status);
}

/* False when the act was over before. */
static bool interrupt(const struct scene *scene, unsigned after)
{
    pid_t pid;

    scene->prepare();
    pid = start(scene->act);
    for (unsigned i = 0; i < after; i++)
        if (!step(pid)) {
            scene->judge(false);
            return false;
        }
    scene->meanwhile();
    go_on(pid);
    scene->judge(true);
    require_sound();
    return true;
}

int main(int argc, char **argv)
{
    uint64_t budget = argc > 1 ? strtoull(argv[1], NULL, 10) : 15000;
    unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : (unsigned)clock_wall_ms();
    char name[64];

    if (is_threads_only())
        return 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("seed %u\n", seed);
    snprintf(name, sizeof name, "larder-interrupt-%d", (int)getpid());
    open_segment(name);
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seen == MAP_FAILED)
        fail("no memory");
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        const struct scene *scene = &scenes[i];
        int64_t start_ms = clock_mono_ms();
        unsigned times = 0, steps, stride;

        scene_name = scene->name;
        steps = measure(scene);
        if (steps < 10)
            fail("too few instructions to be true");
        stride = stride_of(steps, budget);
        for (unsigned at = seed % stride; at < steps; at += stride)
            times += interrupt(scene, at);
        printf("%s: interrupted at %u of %u instructions, %lld ms\n", scene->name, times, steps,
               (long long)(clock_mono_ms() - start_ms));
        if (times < 4)
            fail("too few interruptions for a verdict");
    }
    memory_close(m);
    return 0;
}
