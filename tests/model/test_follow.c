/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A model of src/follow/, small enough to be walked whole: one document that other programs change,
 * two followers of which one should lead, two fills under way, and a worker that answers from
 * Redis. Each step is one command, or one callback, of the program.
 *
 * What is promised, and looked for in every state:
 *   MOVED  no hit is older than a change whose tags have been moved, and were before it
 *   GATE   nor, after a new connection, than what was visible when that was made
 *   QUIET  when somebody leads and has moved all that is visible, a hit is what MongoDB holds
 *
 * Changes are numbers, counted as they become visible to a majority; versions are told apart and
 * nothing else.  A lock may go while its holder is stopped, who goes on and does not know it.  A
 * fill may be stored at any later moment. */

enum { FOLLOWERS = 2, FILLS = 2, CHANGES = 2, LOST = 255, WAITING = 254, NEW = 253 };

enum fault {
    NONE,
    TELL_EARLY,  /* a change is told before a majority has it */
    TAGS_LATE,   /* a fill takes its versions after it has asked */
    SAVE_EARLY,  /* a position is kept before what is before it has been moved */
    BEGIN_NOW,   /* who takes over begins with what comes next */
    RESET_EARLY, /* with a lost position all is moved before the stream is open */
    NO_GATE,     /* hits right after a connection */
    MARK_NOW,    /* the mark tells when it was set, not what had been seen */
    MARK_EARLY,  /* what was seen need not have been moved */
    FAULTS
};

struct follower {
    uint8_t leads; /* as it believes */
    uint8_t open;  /* the stream */
    uint8_t reset; /* all is to be moved */
    uint8_t read, moved, clock, seen;
};

struct fill {
    uint8_t stage; /* 0: none; 1: has versions; 2: has the answer */
    uint8_t version, value;
};

struct state {
    uint8_t written, visible, saved, lock, mark;
    uint8_t linked, gated, need; /* the worker: need is what was visible when it connected */
    uint8_t due;                 /* moved by now, under the names of this epoch: others are out of
                                    reach, also of fills that are under way */
    uint8_t tag, value, version; /* value: + 1; 0: no entry */
    struct follower followers[FOLLOWERS];
    struct fill fills[FILLS];
    uint8_t stops, deaths, cuts, restarts, losses; /* how often still */
};

enum { STATES_MAX = 1 << 22 };

/* What may happen, and how often. */
struct config {
    uint8_t fills, stops, deaths, cuts, restarts, losses;
};

struct walk {
    enum fault fault;
    const char *found;
    struct state *states;
    uint32_t *slots;
    size_t count;
};

/* States that differ in the names of versions only are one. */
static void rename_versions(struct state *s)
{
    uint8_t *const all[] = {&s->tag, &s->version, &s->fills[0].version, &s->fills[1].version};
    uint8_t names[256] = {0}, next = 0;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (*all[i] != 0 && names[*all[i]] == 0)
            names[*all[i]] = ++next;
        *all[i] = names[*all[i]];
    }
}

static void walk_to(struct walk *walk, struct state *next)
{
    const unsigned char *bytes = (const unsigned char *)next;
    uint64_t hash = 1469598103934665603u;
    size_t at;

    rename_versions(next);
    for (size_t i = 0; i < sizeof *next; i++)
        hash = (hash ^ bytes[i]) * 1099511628211u;
    for (at = (hash ^ hash >> 29) % (2 * STATES_MAX); walk->slots[at] != 0;
         at = (at + 1) % (2 * STATES_MAX))
        if (memcmp(&walk->states[walk->slots[at] - 1], next, sizeof *next) == 0)
            return;
    assert_true(walk->count < STATES_MAX);
    walk->states[walk->count++] = *next;
    walk->slots[at] = (uint32_t)walk->count;
}

/* --- What a request would be answered now --- */

static void look(struct walk *walk, const struct state *s)
{
    unsigned value = s->value;
    bool quiet = false;

    if (!s->linked || s->gated || value == 0 || s->version != s->tag)
        return;
    for (int i = 0; i < FOLLOWERS; i++) {
        const struct follower *f = &s->followers[i];
        quiet = quiet || (f->leads && s->lock == i + 1 && f->open && !f->reset &&
                          f->moved == s->visible && s->written == s->visible);
    }
    if (value - 1 < s->due)
        walk->found = "MOVED";
    if (value - 1 < s->need)
        walk->found = "GATE";
    if (quiet && value - 1 != s->visible)
        walk->found = "QUIET";
}

/* --- Steps --- */

static void step_world(struct walk *walk, const struct state *s)
{
    struct state n = *s;

    if (s->written < CHANGES) {
        n.written++;
        walk_to(walk, &n);
    }
    n = *s;
    if (s->visible < s->written) {
        n.visible++;
        walk_to(walk, &n);
    }
    n = *s;
    if (s->lock != 0 && !s->followers[s->lock - 1].leads) {
        n.lock = 0;
        walk_to(walk, &n);
    } else if (s->lock != 0 && s->stops > 0) {
        n.stops--;
        n.lock = 0;
        walk_to(walk, &n);
    }
    n = *s;
    if (s->losses > 0) {
        n.losses--;
        n.saved = LOST;
        walk_to(walk, &n);
    }
    n = *s;
    if (s->restarts > 0) { /* empty, and of another epoch */
        n.restarts--;
        n.lock = n.linked = n.due = n.tag = n.value = n.version = 0;
        memset(n.fills, 0, sizeof n.fills);
        n.mark = WAITING;
        walk_to(walk, &n);
    }
}

static void step_worker(struct walk *walk, const struct state *s)
{
    struct state n = *s;

    if (s->linked && s->cuts > 0) {
        n.cuts--;
        n.linked = 0;
        walk_to(walk, &n);
    }
    n = *s;
    if (!s->linked) { /* gate_connected */
        n.linked = 1;
        n.gated = walk->fault != NO_GATE;
        n.need = s->visible;
        walk_to(walk, &n);
    }
    n = *s;
    if (s->linked && s->gated && s->mark != WAITING && s->mark >= s->need) { /* gate_told */
        n.gated = 0;
        walk_to(walk, &n);
    }
}

static void step_fill(struct walk *walk, const struct state *s, int i)
{
    struct state n = *s;
    struct fill *fill = &n.fills[i];
    bool late = walk->fault == TAGS_LATE;

    if (s->fills[i].stage == 0 && s->linked) { /* script_begin */
        fill->stage = 1;
        if (late) {
            fill->value = s->visible;
        } else {
            n.tag = s->tag == 0 ? NEW : s->tag;
            fill->version = n.tag;
        }
    } else if (s->fills[i].stage == 1) { /* the question */
        fill->stage = 2;
        if (late)
            fill->version = s->tag;
        else
            fill->value = s->visible;
    } else if (s->fills[i].stage == 2) { /* SET */
        n.value = (uint8_t)(fill->value + 1);
        n.version = fill->version;
        *fill = (struct fill){0};
    } else {
        return;
    }
    walk_to(walk, &n);
}

/* cache_move: under the epoch of its connection, which is made anew after a restart. */
static void move(struct state *n, struct follower *f)
{
    n->tag = NEW;
    f->moved = f->read;
    f->reset = 0;
    if (f->moved > n->due && f->moved <= n->visible)
        n->due = f->moved;
}

static void step_open(struct walk *walk, const struct state *s, int i)
{
    struct state n = *s;
    struct follower *f = &n.followers[i];

    f->open = 1;
    f->read = f->moved = s->saved == LOST || walk->fault == BEGIN_NOW ? s->visible : s->saved;
    f->clock = f->seen = 0;
    f->reset = s->saved == LOST && walk->fault != RESET_EARLY;
    if (f->reset)
        f->moved = 0;
    walk_to(walk, &n);
}

static void step_follower(struct walk *walk, const struct state *s, int i)
{
    const struct follower *f = &s->followers[i];
    uint8_t told = walk->fault == TELL_EARLY ? s->written : s->visible;
    struct state n = *s;

    if (!f->leads && s->lock == 0) { /* follow_lead */
        n.lock = (uint8_t)(i + 1);
        n.followers[i] = (struct follower){.leads = 1};
        if (s->saved == LOST && walk->fault == RESET_EARLY)
            n.tag = NEW;
        walk_to(walk, &n);
    }
    if (!f->leads)
        return;
    n = *s;
    if (s->deaths > 0) {
        n.deaths--;
        n.followers[i] = (struct follower){0};
        walk_to(walk, &n);
    }
    n = *s;
    if (s->lock != i + 1) { /* the next beat tells it */
        n.followers[i] = (struct follower){0};
        walk_to(walk, &n);
    }
    if (!f->open) {
        step_open(walk, s, i);
        return;
    }
    n = *s;
    if (f->read < told) { /* changes_wait, with the clock of before */
        n.followers[i].clock = s->visible;
        n.followers[i].read = told;
        walk_to(walk, &n);
    }
    n = *s;
    if (f->read == told && f->seen != s->visible) { /* the same, with nothing new */
        n.followers[i].clock = n.followers[i].seen = s->visible;
        walk_to(walk, &n);
    }
    n = *s;
    if (f->moved < f->read || f->reset) {
        move(&n, &n.followers[i]);
        walk_to(walk, &n);
    }
    n = *s;
    if (walk->fault == SAVE_EARLY ? f->read != s->saved : f->moved != s->saved && !f->reset) {
        n.saved = walk->fault == SAVE_EARLY ? f->read : f->moved;
        walk_to(walk, &n);
    }
    n = *s;
    if (s->lock == i + 1 && f->seen == f->clock &&
        (walk->fault == MARK_EARLY || (f->moved >= f->seen && !f->reset))) { /* the beat */
        n.mark = walk->fault == MARK_NOW ? s->visible : f->seen;
        walk_to(walk, &n);
    }
}

static const char *walk_all(enum fault fault, const struct config *config, size_t *count)
{
    struct walk walk = {.fault = fault,
                        .states = malloc((size_t)STATES_MAX * sizeof(struct state)),
                        .slots = calloc(2 * (size_t)STATES_MAX, sizeof(uint32_t))};
    struct state start = {.linked = 1,
                          .mark = WAITING,
                          .stops = config->stops,
                          .deaths = config->deaths,
                          .cuts = config->cuts,
                          .restarts = config->restarts,
                          .losses = config->losses,
                          .tag = 1,
                          .value = 1,
                          .version = 1};

    walk_to(&walk, &start);
    for (size_t at = 0; at < walk.count && walk.found == NULL; at++) {
        struct state s = walk.states[at];
        look(&walk, &s);
        step_world(&walk, &s);
        step_worker(&walk, &s);
        for (int i = 0; i < config->fills; i++)
            step_fill(&walk, &s, i);
        for (int i = 0; i < FOLLOWERS; i++)
            step_follower(&walk, &s, i);
    }
    *count = walk.count;
    free(walk.states);
    free(walk.slots);
    return walk.found;
}

static void nothing_stale_as_designed(void **state)
{
    static const struct config configs[] = {
        {.fills = 2},
        {.fills = 2, .stops = 1},
        {.fills = 1, .stops = 1, .deaths = 1},
        {.fills = 1, .deaths = 1, .losses = 1},
        {.fills = 1, .stops = 1, .cuts = 1},
        {.fills = 1, .deaths = 1, .cuts = 1},
        {.fills = 1, .cuts = 1, .restarts = 1},
        {.fills = 1, .losses = 1, .restarts = 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        size_t count;
        const char *found = walk_all(NONE, &configs[i], &count);
        print_message("configuration %zu: %zu states\n", i, count);
        assert_null(found);
    }
}

static void each_ingredient_is_needed(void **state)
{
    static const struct config all = {
        .fills = 1, .stops = 1, .deaths = 1, .cuts = 1, .restarts = 1, .losses = 1};
    size_t count;

    (void)state;
    for (int fault = NONE + 1; fault < FAULTS; fault++) {
        const char *found = walk_all((enum fault)fault, &all, &count);
        print_message("without %d: %s after %zu states\n", fault, found != NULL ? found : "nothing",
                      count);
        assert_non_null(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_stale_as_designed),
        cmocka_unit_test(each_ingredient_is_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
