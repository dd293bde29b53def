/* SPDX-License-Identifier: BSD-2-Clause */
/* The shared segment under many workers that are killed and stopped at random:
 *
 *     memory [both|processes|threads] [seconds] [seed]
 *
 * The workers play the cache's protocol against a made-up database, an array of versions: a reader
 * notes the newest acknowledged version, asks memory, and on a miss asks the database and stores; a
 * writer fences, writes, releases, acknowledges.  Every payload says whose it is and checks itself.
 * Wrong are: a hit older than what was acknowledged before it was asked for; bytes that are not one
 * payload, whole; a lock that nobody gives back; at the end, when all is quiet, a hit that is not
 * the database's version, or a structure that does not verify.  Threads share one mapping, so that
 * ThreadSanitizer can look. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "memory/memory.h"

#define MS INT64_C(1000000)
enum {
    WORKERS = 6,
    ITEMS = 96,
    GROUPS = 8,
    VALUES = ITEMS + GROUPS, /* each item, and each group's list */
    FILLERS = 3000,
    BODY_MAX = 6000,
    FENCE_MS = 1000,
    CLAIM_MS = 30,
    LEASE_MS = 50,
};

/* What the workers share besides the segment. */
struct world {
    _Atomic uint64_t written[VALUES], acknowledged[VALUES]; /* the database, and its users */
    _Atomic uint64_t gets, hits, puts, stored, writes, leases;
    _Atomic uint8_t claimed[1 << 16]; /* claims of the lease by number: each is given out once */
    _Atomic int failed;
    _Atomic int stop;
    char why[256];
};
static struct world *world;
static char name[64];

struct worker {
    struct memory *m;
    uint64_t random;
    bool leads;
    struct memory_lease lease;
    uint8_t *bytes; /* of a payload: what is stored or was found */
};

/* --- Helpers --- */

static uint64_t next(struct worker *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return w->random * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static uint32_t below(struct worker *w, uint32_t limit)
{
    return (uint32_t)(next(w) % limit);
}

__attribute__((format(printf, 1, 2))) static void fail(const char *format, ...)
{
    va_list args;

    if (atomic_exchange(&world->failed, 1) != 0)
        return;
    va_start(args, format);
    vsnprintf(world->why, sizeof world->why, format, args);
    va_end(args);
}

static struct memory *open_segment(void)
{
    struct memory_config config = {.name = name, .bytes = MEMORY_BYTES_MIN};
    struct memory_opened opened;
    struct memory *m;

    if (memory_open(&config, &m, &opened) == ERR_OK)
        return m;
    fail("%s", opened.why);
    return NULL;
}

static uint32_t slot_of(uint32_t value)
{
    char tag[32];

    snprintf(tag, sizeof tag, value < ITEMS ? "item:%u" : "group:%u", (unsigned)value);
    return memory_slot(str_from(tag));
}

/* Sometimes lets the others run in the middle of things. */
static void dawdle(struct worker *w)
{
    uint32_t what = below(w, 64);

    if (what < 4)
        sched_yield();
    else if (what == 4)
        nanosleep(&(struct timespec){.tv_nsec = below(w, 300000)}, NULL);
}

/* --- Payloads --- */

struct head {
    uint64_t value, version, body_len;
};

static void make_body(uint8_t *body, const struct head *head)
{
    uint64_t word = head->value * 1000003 + head->version * 7919 + head->body_len;

    for (uint64_t i = 0; i < head->body_len; i++) {
        if (i % 8 == 0)
            word = word * UINT64_C(6364136223846793005) + 1442695040888963407u;
        body[i] = (uint8_t)(word >> 8 * (i % 8));
    }
}

static bool body_is_right(const uint8_t *body, const struct head *head)
{
    static _Thread_local uint8_t expected[BODY_MAX];

    make_body(expected, head);
    return memcmp(body, expected, head->body_len) == 0;
}

static struct memory_key key_of(uint32_t value, char text[static 32])
{
    snprintf(text, 32, "value:%u", (unsigned)value);
    return memory_key(str_from(text));
}

/* The version of a hit, 0 for a miss. */
static uint64_t look(struct worker *w, uint32_t value, bool head_only)
{
    char text[32];
    struct memory_key key = key_of(value, text);
    struct memory_now now = {clock_mono_ns(), 1};
    struct memory_hit hit;
    struct head head;

    if (memory_get(w->m, &key, now, head_only ? MEMORY_HEAD : MEMORY_BODY, w->bytes,
                   sizeof head + BODY_MAX, &hit) != ERR_OK)
        return 0;
    memcpy(&head, w->bytes, sizeof head);
    if (hit.lens[MEMORY_HEAD] != sizeof head || hit.lens[MEMORY_BODY] != head.body_len ||
        head.value != value || head.body_len > BODY_MAX)
        fail("value %u: a torn head", (unsigned)value);
    else if (!head_only && !body_is_right(w->bytes + sizeof head, &head))
        fail("value %u, version %llu: a torn body", (unsigned)value,
             (unsigned long long)head.version);
    return head.version;
}

static enum err store(struct worker *w, uint32_t value, uint64_t version,
                      const struct memory_snapshot *snapshot)
{
    char text[32];
    uint32_t most = below(w, 16) == 0 ? BODY_MAX : 700;
    struct head head = {value, version, below(w, most)};
    struct memory_item item = {
        .key = key_of(value, text),
        .parts = {[MEMORY_HEAD] = {(const char *)&head, sizeof head},
                  [MEMORY_BODY] = {(const char *)w->bytes, head.body_len}},
        .expires_ms = INT64_MAX,
    };

    make_body(w->bytes, &head);
    return memory_put(w->m, &item, snapshot, clock_mono_ns());
}

/* --- What workers do --- */

static void read_value(struct worker *w)
{
    uint32_t value = below(w, VALUES), slot = slot_of(value);
    uint64_t need = atomic_load(&world->acknowledged[value]), version;
    struct memory_snapshot snapshot;

    atomic_fetch_add(&world->gets, 1);
    version = look(w, value, below(w, 4) == 0);
    if (version > 0)
        atomic_fetch_add(&world->hits, 1);
    if (version > 0 && version < need)
        fail("value %u: a hit of version %llu, but %llu was acknowledged before", (unsigned)value,
             (unsigned long long)version, (unsigned long long)need);
    if (version > 0 || memory_snapshot(w->m, &slot, 1, clock_mono_ns(), &snapshot) != 0)
        return;
    dawdle(w);
    version = atomic_load(&world->written[value]);
    dawdle(w);
    atomic_fetch_add(&world->puts, 1);
    if (store(w, value, version, &snapshot) == ERR_OK)
        atomic_fetch_add(&world->stored, 1);
}

static void acknowledge(uint32_t value, uint64_t version)
{
    uint64_t old = atomic_load(&world->acknowledged[value]);

    while (old < version &&
           !atomic_compare_exchange_weak(&world->acknowledged[value], &old, version))
        ;
}

static void write_item(struct worker *w)
{
    uint32_t values[2] = {below(w, ITEMS), 0}, token = memory_token(w->m);
    uint64_t versions[2];
    int64_t expires_ns = clock_mono_ns() + FENCE_MS * MS;

    values[1] = ITEMS + values[0] % GROUPS;
    for (int i = 0; i < 2; i++)
        memory_fence(w->m, slot_of(values[i]), token, clock_mono_ns(), expires_ns);
    dawdle(w);
    if (clock_mono_ns() < expires_ns - FENCE_MS * MS / 2)
        for (int i = 0; i < 2; i++)
            versions[i] = atomic_fetch_add(&world->written[values[i]], 1) + 1;
    else
        versions[0] = versions[1] = 0; /* too late, as the database's own deadline would say */
    dawdle(w);
    for (int i = 0; i < 2; i++)
        memory_release(w->m, slot_of(values[i]), token);
    for (int i = 0; i < 2; i++)
        acknowledge(values[i], versions[i]);
    atomic_fetch_add(&world->writes, 1);
}

/* Records without tags, to keep the rings turning. */
static void store_filler(struct worker *w)
{
    struct memory_snapshot snapshot;

    memory_snapshot(w->m, NULL, 0, clock_mono_ns(), &snapshot);
    (void)store(w, VALUES + below(w, FILLERS), 1 + below(w, 1000), &snapshot);
    (void)look(w, VALUES + below(w, FILLERS), false);
}

static void owe(struct worker *w)
{
    (void)memory_set_pending(w->m, slot_of(below(w, VALUES)));
}

static void pay(struct worker *w)
{
    for (uint32_t slot = 0; memory_pending_next(w->m, &slot); slot++) {
        uint64_t generation = memory_pending(w->m, slot);

        dawdle(w);
        if (generation != 0)
            (void)memory_settle(w->m, slot, generation);
    }
}

static void bump(struct worker *w)
{
    memory_bump(w->m, slot_of(below(w, VALUES)));
}

static void void_all(struct worker *w)
{
    if (below(w, 20) == 0)
        memory_void(w->m);
}

static void take_lease(struct worker *w)
{
    int64_t now = clock_mono_ns();

    if (!w->leads) {
        w->leads = memory_lease_acquire(w->m, now, CLAIM_MS * MS, &w->lease);
        if (w->leads && w->lease.number < sizeof world->claimed &&
            atomic_exchange(&world->claimed[w->lease.number], 1) != 0)
            fail("claim %u was given to two", (unsigned)w->lease.number);
    } else if (below(w, 50) == 0) {
        w->leads = false;
        memory_lease_release(w->m, &w->lease);
    } else {
        w->leads = memory_lease_keep(w->m, &w->lease, now, CLAIM_MS * MS);
    }
    if (!w->leads)
        return;
    if (!memory_lease_valid(w->m, now))
        memory_void(w->m);
    w->leads = memory_lease_renew(w->m, &w->lease, now + LEASE_MS * MS);
    atomic_fetch_add(&world->leases, 1);
}

static void inspect(struct worker *w)
{
    char why[MEMORY_WHY_SIZE];
    struct memory_stats stats;

    if (below(w, 40) != 0)
        return;
    memory_stats(w->m, &stats);
    if (memory_verify(w->m, why) != ERR_OK)
        fail("%s", why);
}

static const struct {
    void (*act)(struct worker *w);
    uint32_t share;
} acts[] = {{read_value, 400}, {write_item, 40}, {store_filler, 160}, {owe, 4},    {pay, 6},
            {bump, 10},        {void_all, 2},    {take_lease, 30},    {inspect, 2}};

static void act(struct worker *w)
{
    uint32_t total = 0, at;

    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        total += acts[i].share;
    at = below(w, total);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        if (at < acts[i].share) {
            acts[i].act(w);
            return;
        }
        at -= acts[i].share;
    }
}

static void worker_init(struct worker *w, struct memory *m, uint64_t seed)
{
    *w = (struct worker){.m = m, .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    w->bytes = malloc(sizeof(struct head) + BODY_MAX);
    if (w->bytes == NULL)
        abort();
    for (int i = 0; i < 10; i++)
        (void)next(w);
}

static void work(struct worker *w)
{
    while (atomic_load(&world->stop) == 0 && atomic_load(&world->failed) == 0)
        act(w);
}

/* --- Processes --- */

static pid_t spawn(uint64_t seed)
{
    pid_t pid = fork();
    struct worker w;

    if (pid != 0)
        return pid;
    worker_init(&w, open_segment(), seed);
    if (w.m != NULL)
        work(&w);
    _exit(0);
}

static void reap(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        fail("a worker died of signal %d", WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        fail("a worker ended with %d", WEXITSTATUS(status));
}

static void run_processes(int64_t until_ns, uint64_t seed, unsigned *kills)
{
    struct worker dice;
    pid_t pids[WORKERS];

    worker_init(&dice, NULL, seed);
    for (int i = 0; i < WORKERS; i++)
        pids[i] = spawn(next(&dice));
    while (clock_mono_ns() < until_ns && atomic_load(&world->failed) == 0) {
        uint32_t which = below(&dice, WORKERS);
        bool stops = below(&dice, 8) == 0;

        if (stops)
            kill(pids[which], SIGSTOP);
        nanosleep(&(struct timespec){.tv_nsec = below(&dice, 12000000)}, NULL);
        kill(pids[which], stops ? SIGCONT : SIGKILL);
        if (stops)
            continue;
        reap(pids[which]);
        pids[which] = spawn(next(&dice));
        ++*kills;
    }
    for (int i = 0; i < WORKERS; i++) {
        kill(pids[i], SIGKILL);
        reap(pids[i]);
    }
    free(dice.bytes);
}

/* --- Threads --- */

static void *run_thread(void *arg)
{
    work(arg);
    return NULL;
}

static void run_threads(int64_t until_ns, uint64_t seed)
{
    struct memory *m = open_segment();
    struct worker workers[WORKERS];
    pthread_t threads[WORKERS];

    if (m == NULL)
        return;
    for (int i = 0; i < WORKERS; i++) {
        worker_init(&workers[i], m, seed + (uint64_t)i);
        if (pthread_create(&threads[i], NULL, run_thread, &workers[i]) != 0)
            abort();
    }
    while (clock_mono_ns() < until_ns && atomic_load(&world->failed) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    atomic_store(&world->stop, 1);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
        free(workers[i].bytes);
    }
    atomic_store(&world->stop, 0);
    memory_close(m);
}

/* --- The end --- */

static bool fences_stand(struct memory *m)
{
    for (uint32_t value = 0; value < VALUES; value++) {
        struct memory_snapshot snapshot;
        uint32_t slot = slot_of(value);

        if ((memory_snapshot(m, &slot, 1, clock_mono_ns(), &snapshot) & MEMORY_FENCED) != 0)
            return true;
    }
    return false;
}

/* All workers are gone: what is left must be sound, unlocked, and right. */
static void check_quiet(uint64_t seed)
{
    struct worker w;
    char why[MEMORY_WHY_SIZE];
    int64_t deadline_ns = clock_mono_ns() + 2 * FENCE_MS * MS;

    worker_init(&w, open_segment(), seed);
    if (w.m == NULL)
        return;
    if (memory_verify(w.m, why) != ERR_OK)
        fail("at the end: %s", why);
    while (fences_stand(w.m))
        if (clock_mono_ns() > deadline_ns) {
            fail("at the end: a fence does not expire");
            break;
        }
    pay(&w);
    while (!w.leads)
        take_lease(&w);
    for (uint32_t value = 0; value < VALUES; value++) {
        uint64_t version = look(&w, value, false);

        if (version > 0 && version != atomic_load(&world->written[value]))
            fail("at the end: value %u: a hit of version %llu, the database has %llu",
                 (unsigned)value, (unsigned long long)version,
                 (unsigned long long)atomic_load(&world->written[value]));
    }
    for (uint32_t i = 0; i < FILLERS; i++) {
        struct memory_snapshot snapshot;

        memory_snapshot(w.m, NULL, 0, clock_mono_ns(), &snapshot);
        if (store(&w, VALUES + i, 1, &snapshot) != ERR_OK)
            fail("at the end: a stripe takes no record");
    }
    memory_close(w.m);
    free(w.bytes);
}

static void run(const char *mode, int64_t seconds, uint64_t seed)
{
    struct memory_stats stats = {0};
    struct memory *m;
    unsigned kills = 0;
    bool processes = strcmp(mode, "processes") == 0;
    int64_t until_ns = clock_mono_ns() + seconds * 1000 * MS;

    memset(world, 0, sizeof *world);
    for (int i = 0; i < VALUES; i++)
        atomic_store(&world->written[i], 1);
    (void)memory_unlink(name);
    if (processes)
        run_processes(until_ns, seed, &kills);
    else
        run_threads(until_ns, seed);
    if (atomic_load(&world->failed) == 0)
        check_quiet(seed);
    m = open_segment();
    if (m != NULL)
        memory_stats(m, &stats);
    memory_close(m);
    (void)memory_unlink(name);
    printf("%s, seed %llu: %llu gets, %llu hits, %llu of %llu puts, %llu writes, %llu renewals, "
           "%llu evictions, %u kills, %llu of them while storing\n",
           mode, (unsigned long long)seed, (unsigned long long)world->gets,
           (unsigned long long)world->hits, (unsigned long long)world->stored,
           (unsigned long long)world->puts, (unsigned long long)world->writes,
           (unsigned long long)world->leases, (unsigned long long)stats.evictions, kills,
           (unsigned long long)stats.recovered);
    if (world->hits == 0 || world->writes == 0 || world->stored == 0 || stats.evictions == 0 ||
        (processes && kills == 0))
        fail("too little has happened for a verdict");
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "both";
    int64_t seconds = argc > 2 ? strtoll(argv[2], NULL, 10) : 3;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : (uint64_t)clock_wall_ms();

    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(name, sizeof name, "larder-torture-%d", (int)getpid());
    world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (world == MAP_FAILED || seconds < 1)
        return 2;
    printf("seed %llu\n", (unsigned long long)seed);
    if (strcmp(mode, "threads") != 0)
        run("processes", seconds, seed);
    if (strcmp(mode, "processes") != 0 && atomic_load(&world->failed) == 0)
        run("threads", seconds, seed);
    if (atomic_load(&world->failed) == 0)
        return 0;
    printf("FAILED: %s\n", world->why);
    return 1;
}
