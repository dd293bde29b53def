/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit/unit.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A model of live answers (live/hub.h) that is walked whole: one watch on one tag of a host, one
 * write of this host and one of another, in every interleaving of their steps.
 *
 * What is looked for: where nothing can happen any more but that time passes, the client knows the
 * answer that MongoDB's documents give.
 *
 * What a look finds is taken from the promises of the cache, which model.h explores: where the tag
 * had no fence and has not moved since its version was taken, what MongoDB holds; else anything
 * from what was acknowledged when it was taken up to what MongoDB holds.  A fence goes by time only
 * when its write is settled. */

enum { LOCAL, REMOTE, WRITES };
enum write_pc { IDLE, FENCED, SENT, SETTLED, RELEASED, ACKNOWLEDGED, KILLED, OVER };
enum watch_pc { ASLEEP, READY, TAKEN, LOOKED };

/* Ingredients that can be left out. */
enum fault {
    NONE,
    TAKES_LATE,    /* the version is taken after the look */
    TRUSTS_FENCED, /* an answer found under a fence is slept by */
    FORGETS_LOST   /* after writes of others went unheard of, nothing is looked at anew */
};

struct write {
    uint8_t pc, pending, fence, commit;
};

struct world {
    uint8_t seq, db, acknowledged;
    uint8_t messages, heard; /* of the other host, under way; whether they are listened to */
    struct write writes[WRITES];
    uint8_t pc, tie, fenced, need, value, told, settled, doubt;
};

enum { STATES_MAX = 1 << 20, TABLE = 1 << 22 };

static struct {
    struct world *worlds;
    uint32_t *table;
    size_t count;
    enum fault fault;
    size_t missed;
    bool stepped;
} walk;

static size_t place_of(const struct world *world)
{
    const uint8_t *bytes = (const uint8_t *)world;
    uint64_t sum = 0xcbf29ce484222325u;

    for (size_t i = 0; i < sizeof *world; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u;
    return (size_t)(sum ^ sum >> 29) % TABLE;
}

static void add(const struct world *world)
{
    size_t at = place_of(world);

    walk.stepped = true;
    for (; walk.table[at] != 0; at = (at + 1) % TABLE)
        if (memcmp(&walk.worlds[walk.table[at] - 1], world, sizeof *world) == 0)
            return;
    assert_true(walk.count < STATES_MAX);
    walk.worlds[walk.count++] = *world;
    walk.table[at] = (uint32_t)walk.count;
}

/* --- Writes --- */

/* Its tag has another version: here at once, on another host when the message comes. */
static void move(struct world *world, size_t i)
{
    if (i == LOCAL)
        world->seq++;
    else if (world->heard)
        world->messages++;
}

static void step_write(struct world world, size_t i)
{
    struct write *write = &world.writes[i];

    switch ((enum write_pc)write->pc) {
    case IDLE: write->fence = 1, move(&world, i); break;
    case FENCED: write->pending = 1; break;
    case SENT: /* its answer comes when it is settled */
        if (write->pending)
            return;
        break;
    case SETTLED: move(&world, i), write->fence = 0; break;
    case RELEASED:
        if (write->commit > world.acknowledged)
            world.acknowledged = write->commit;
        break;
    case ACKNOWLEDGED:
    case KILLED:
    case OVER: return;
    }
    write->pc = (uint8_t)(write->pc == ACKNOWLEDGED ? OVER : write->pc + 1);
    add(&world);
}

static void step_mongo(struct world world, size_t i)
{
    struct write *write = &world.writes[i];

    if (!write->pending)
        return;
    write->pending = 0;
    add(&world); /* it does not happen */
    write->commit = ++world.db;
    add(&world);
}

static void step_kill(struct world world, size_t i)
{
    struct write *write = &world.writes[i];

    if (write->pc == IDLE || write->pc >= RELEASED)
        return;
    write->pc = KILLED;
    add(&world);
}

static void step_expire(struct world world, size_t i)
{
    struct write *write = &world.writes[i];

    if (write->pc != KILLED || !write->fence || write->pending)
        return;
    write->fence = 0;
    add(&world);
}

/* --- What other hosts say --- */

static void step_message(struct world world)
{
    if (world.messages == 0)
        return;
    world.messages--;
    world.seq++;
    add(&world);
}

static void step_lose(struct world world)
{
    if (!world.heard)
        return;
    world.heard = 0;
    world.messages = 0;
    world.doubt = 1;
    add(&world);
}

static void step_hear(struct world world)
{
    if (world.heard || world.pc != ASLEEP)
        return;
    world.heard = 1;
    if (walk.fault != FORGETS_LOST)
        world.pc = READY;
    else
        world.doubt = 0;
    add(&world);
}

/* --- The watch --- */

static bool is_fenced(const struct world *world)
{
    return world->writes[LOCAL].fence || world->writes[REMOTE].fence;
}

static void step_wake(struct world world)
{
    bool unsettled = !world.settled && walk.fault != TRUSTS_FENCED;

    if (world.pc != ASLEEP || !world.heard || (world.tie == world.seq && !unsettled))
        return;
    world.pc = READY;
    add(&world);
}

static void step_take(struct world world)
{
    if (world.pc != READY)
        return;
    world.pc = TAKEN;
    world.tie = world.seq;
    world.fenced = is_fenced(&world);
    world.need = world.acknowledged;
    add(&world);
}

static void step_look(struct world world)
{
    uint8_t from = world.need;

    if (world.pc != TAKEN)
        return;
    world.pc = LOOKED;
    /* Another host's fence stands in Redis, where the look sees it. */
    world.fenced |= world.writes[REMOTE].fence;
    if (!world.fenced && world.tie == world.seq && world.messages == 0 && world.heard)
        from = world.db;
    for (world.value = from; world.value <= world.db; world.value++)
        add(&world);
}

static void step_tell(struct world world)
{
    if (world.pc != LOOKED)
        return;
    world.pc = ASLEEP;
    world.settled = !world.fenced;
    world.told = world.value;
    if (walk.fault == TAKES_LATE)
        world.tie = world.seq;
    if (world.heard)
        world.doubt = 0;
    world.need = world.value = world.fenced = 0;
    add(&world);
}

/* --- The walk --- */

static void expand(const struct world *world)
{
    static void (*const steps[])(struct world) = {step_message, step_lose, step_hear, step_wake,
                                                  step_take,    step_look, step_tell};
    static void (*const writes[])(struct world, size_t) = {step_write, step_mongo, step_kill,
                                                           step_expire};
    struct world copy = *world;

    walk.stepped = false;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i] != step_lose)
            steps[i](copy);
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        for (size_t j = 0; j < WRITES; j++)
            writes[i](copy, j);
    if (!walk.stepped && (copy.told != copy.db || copy.doubt))
        walk.missed++;
    step_lose(copy);
}

/* The number of states in which the client knows another answer, and nothing will tell it. */
static size_t missed(enum fault fault)
{
    struct world first = {.heard = 1, .pc = READY};

    walk.fault = fault;
    walk.count = walk.missed = 0;
    walk.worlds = malloc(STATES_MAX * sizeof *walk.worlds);
    walk.table = calloc(TABLE, sizeof *walk.table);
    assert_non_null(walk.worlds);
    assert_non_null(walk.table);
    add(&first);
    for (size_t i = 0; i < walk.count; i++) {
        struct world world = walk.worlds[i];
        expand(&world);
    }
    printf("%zu states, %zu in which a change is missed\n", walk.count, walk.missed);
    free(walk.worlds);
    free(walk.table);
    return walk.missed;
}

static void no_change_is_missed(void **state)
{
    (void)state;
    assert_int_equal(missed(NONE), 0);
}

static void without_any_ingredient_one_is(void **state)
{
    (void)state;
    assert_true(missed(TAKES_LATE) > 0);
    assert_true(missed(TRUSTS_FENCED) > 0);
    assert_true(missed(FORGETS_LOST) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_change_is_missed),
        cmocka_unit_test(without_any_ingredient_one_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
