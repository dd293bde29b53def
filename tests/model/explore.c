/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"

enum { STATES_MAX = 6000000, STATES_FIRST = 1 << 16 };

struct node {
    struct state state;
    uint32_t parent;
};

struct walk {
    const struct config *config;
    struct node *nodes;
    size_t count, size;
    uint32_t *table; /* of numbers of nodes + 1 */
    size_t mask;
    uint32_t from; /* the node being expanded */
    enum finding finding;
    uint32_t found_in;
    const char *answer;
    unsigned answered;
    /* While a trace is printed: the step from one node to another. */
    const struct state *wanted;
    const char *step;
    unsigned who;
};

const char *finding_text(enum finding finding)
{
    static const char *const texts[] = {
        [FINDING_NONE] = "clean",
        [FINDING_OWN] = "STALE on the writer's host",
        [FINDING_OTHER] = "STALE on another host",
        [FINDING_QUIET] = "STALE when all is quiet",
    };
    return texts[finding];
}

const struct config *walk_config(const struct walk *walk)
{
    return walk->config;
}

/* --- One state for all that differ in names only --- */

static void rename_version(uint8_t *version, uint8_t map[256], uint8_t *next)
{
    if (*version == 0)
        return;
    if (map[*version] == 0)
        map[*version] = ++*next;
    *version = map[*version];
}

/* Readers are interchangeable; versions have no names yet when they are put in order. */
static int compare_readers(const struct reader *a, const struct reader *b)
{
    struct reader x = *a, y = *b;

    x.tag = x.version = y.tag = y.version = 0;
    return memcmp(&x, &y, sizeof x);
}

static void make_canonical(struct state *s)
{
    uint8_t map[256] = {0}, next = 0;

    if (compare_readers(&s->readers[0], &s->readers[1]) < 0) {
        struct reader other = s->readers[0];
        s->readers[0] = s->readers[1];
        s->readers[1] = other;
    }
    for (unsigned i = 0; i < LIVES; i++) {
        rename_version(&s->names[i].tag, map, &next);
        rename_version(&s->names[i].version, map, &next);
        rename_version(&s->saved[i].tag, map, &next);
        rename_version(&s->saved[i].version, map, &next);
    }
    for (unsigned i = 0; i < READERS; i++) {
        rename_version(&s->readers[i].tag, map, &next);
        rename_version(&s->readers[i].version, map, &next);
    }
    for (unsigned i = 0; i < WRITERS; i++) {
        rename_version(&s->writers[i].version, map, &next);
        rename_version(&s->writers[i].known, map, &next);
    }
}

/* --- The set of states --- */

static size_t hash(const struct state *s)
{
    const uint8_t *bytes = (const uint8_t *)s;
    uint64_t sum = 0xcbf29ce484222325u, word;
    size_t i = 0;

    for (; i + sizeof word <= sizeof *s; i += sizeof word) {
        memcpy(&word, bytes + i, sizeof word);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
        sum ^= sum >> 29;
    }
    for (; i < sizeof *s; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u;
    return (size_t)(sum ^ sum >> 32);
}

static void grow(struct walk *walk)
{
    size_t size = walk->size == 0 ? STATES_FIRST : walk->size * 2;

    walk->nodes = realloc(walk->nodes, size * sizeof *walk->nodes);
    free(walk->table);
    walk->table = calloc(size * 2, sizeof *walk->table);
    if (walk->nodes == NULL || walk->table == NULL)
        abort();
    walk->size = size;
    walk->mask = size * 2 - 1;
    for (size_t i = 0; i < walk->count; i++) {
        size_t at = hash(&walk->nodes[i].state) & walk->mask;
        while (walk->table[at] != 0)
            at = (at + 1) & walk->mask;
        walk->table[at] = (uint32_t)i + 1;
    }
}

static void add(struct walk *walk, const struct state *s)
{
    size_t at;

    if (walk->count == walk->size)
        grow(walk);
    at = hash(s) & walk->mask;
    for (; walk->table[at] != 0; at = (at + 1) & walk->mask)
        if (memcmp(&walk->nodes[walk->table[at] - 1].state, s, sizeof *s) == 0)
            return;
    walk->nodes[walk->count] = (struct node){*s, walk->from};
    walk->table[at] = (uint32_t)++walk->count;
}

void walk_to(struct walk *walk, const struct state *next, const char *step, unsigned who)
{
    struct state s = *next;

    make_canonical(&s);
    if (walk->wanted == NULL) {
        add(walk, &s);
    } else if (walk->step == NULL && memcmp(&s, walk->wanted, sizeof s) == 0) {
        walk->step = step;
        walk->who = who;
    }
}

void walk_found(struct walk *walk, enum finding finding, const char *answer, unsigned who)
{
    if (walk->finding != FINDING_NONE || walk->wanted != NULL)
        return;
    walk->finding = finding;
    walk->found_in = walk->from;
    walk->answer = answer;
    walk->answered = who;
}

/* --- Walking --- */

static void expand(struct walk *walk, const struct state *s)
{
    check_probes(walk, s);
    writer_steps(walk, s);
    reader_steps(walk, s);
    payer_steps(walk, s);
    world_steps(walk, s);
}

static void print_words(const char *words, unsigned number)
{
    printf("      ");
    for (; *words != '\0'; words++)
        *words == '#' ? printf("%u", number) : putchar(*words);
    putchar('\n');
}

static void print_step(struct walk *walk, uint32_t at)
{
    struct state from = walk->nodes[walk->nodes[at].parent].state;

    walk->wanted = &walk->nodes[at].state;
    walk->step = NULL;
    expand(walk, &from);
    print_words(walk->step != NULL ? walk->step : "?", walk->who);
    walk->wanted = NULL;
}

static void print_trace(struct walk *walk)
{
    const struct state *first;
    unsigned steps = 0;
    uint32_t *path, at;

    for (at = walk->found_in; walk->nodes[at].parent != at; at = walk->nodes[at].parent)
        steps++;
    first = &walk->nodes[at].state;
    printf("    %s, %u steps from %s:\n", finding_text(walk->finding), steps,
           first->names[0].value != 0 ? "an entry, a record and a tag"
           : first->names[0].tag != 0 ? "a tag"
                                      : "nothing");
    path = calloc(steps + 1u, sizeof *path);
    if (path == NULL)
        abort();
    at = walk->found_in;
    for (unsigned i = steps; i > 0; i--, at = walk->nodes[at].parent)
        path[i] = at;
    for (unsigned i = 1; i <= steps; i++)
        print_step(walk, path[i]);
    print_words(walk->answer, walk->answered);
    free(path);
}

/* Its write is number 1, and nobody has paid its debt. */
static void leave_debt(struct state *s)
{
    s->writers[0] =
        (struct writer){.pc = W_END, .flags = W_INDEBTED, .mongo = COMMITTED, .debt = DEBT_CLOSED};
    s->db = s->acked[0] = 1;
    s->hosts[0].memory = 0;
}

static void begin(struct walk *walk, enum start start)
{
    const struct config *config = walk->config;
    bool any = config->start == START_ANY && start <= START_EMPTY;
    struct state s = {0};

    if (config->start != start && !any)
        return;
    s.names[0].born = BORN_OLD;
    if (start != START_EMPTY)
        s.names[0].tag = 1;
    if (start != START_EMPTY && start != START_COLD)
        s.names[0].value = s.names[0].version = 1;
    memcpy(s.saved, s.names, sizeof s.saved);
    for (unsigned i = 0; i < HOSTS; i++)
        s.hosts[i] = (struct host){.memory = s.names[0].value, .hearing = HEARING, .lease = true};
    s.hosts[0].owed = start == START_OWED || start == START_DEBT;
    for (unsigned i = 0; i < WORKERS; i++)
        s.workers[i].link = LINK_KNOWN;
    for (unsigned i = config->writers; i < WRITERS; i++)
        s.writers[i].pc = W_END;
    if (start == START_DEBT)
        leave_debt(&s);
    memcpy(s.budget, config->budget, sizeof s.budget);
    make_canonical(&s);
    walk->from = (uint32_t)walk->count;
    add(walk, &s);
}

struct result explore(const struct config *config, bool trace)
{
    struct walk walk = {.config = config};
    struct result result = {0};
    clock_t begun = clock();
    size_t level;
    size_t at = 0;

    for (enum start from = START_WARM; from <= START_DEBT; from++)
        begin(&walk, from);
    level = walk.count;
    for (; at < walk.count && walk.finding == FINDING_NONE && walk.count < STATES_MAX; at++) {
        struct state s = walk.nodes[at].state;
        if (at == level) {
            level = walk.count;
            result.depth++;
        }
        walk.from = (uint32_t)at;
        expand(&walk, &s);
    }
    if (trace && walk.finding != FINDING_NONE)
        print_trace(&walk);
    result.states = walk.count;
    result.finding = walk.finding;
    result.complete = at == walk.count;
    result.seconds = (double)(clock() - begun) / CLOCKS_PER_SEC;
    free(walk.nodes);
    free(walk.table);
    return result;
}
