/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "model.h"

/* As designed: nothing stale in any interleaving of what each configuration lets happen, all of
 * which are walked to the end. */
static const struct config configs[] = {
    {.name = "a writer that may be killed, two reads on one worker",
     .writers = 1,
     .readers = 2,
     .read_on = 2,
     .refresh = true,
     .older = true,
     .budget = {[CRASHES] = 1}},
    {.name = "the same with reads on both workers, and MongoDB failing",
     .writers = 1,
     .readers = 2,
     .read_on = 3,
     .start = START_WARM,
     .budget = {[CRASHES] = 1, [MONGO] = 1}},
    {.name = "two writers that may be killed",
     .writers = 2,
     .readers = 1,
     .read_on = 2,
     .budget = {[CRASHES] = 2}},
    {.name = "two writers, two reads",
     .writers = 2,
     .readers = 2,
     .read_on = 2,
     .start = START_WARM},
    {.name = "scripts lost, unanswered or late, a payer",
     .writers = 1,
     .readers = 1,
     .read_on = 2,
     .payers = 1,
     .late = true,
     .start = START_WARM,
     .budget = {[FAILS] = 2}},
    {.name = "the same, with a writer killed and MongoDB failing",
     .writers = 1,
     .readers = 1,
     .read_on = 2,
     .payers = 1,
     .start = START_WARM,
     .budget = {[FAILS] = 1, [CRASHES] = 1, [MONGO] = 1}},
    {.name = "a writer right after another one's debt, a payer",
     .writers = 2,
     .readers = 1,
     .read_on = 2,
     .payers = 1,
     .start = START_DEBT,
     .budget = {[FAILS] = 2}},
    {.name = "debts taken for old while they are not, nobody killed",
     .fault = PAYER_DELETES_OPEN,
     .writers = 1,
     .readers = 1,
     .read_on = 2,
     .payers = 1,
     .start = START_WARM,
     .budget = {[FAILS] = 2}},
    {.name = "FLUSHALL and a writer killed",
     .writers = 1,
     .readers = 2,
     .read_on = 2,
     .start = START_COLD,
     .budget = {[FLUSHES] = 1, [CRASHES] = 1}},
    {.name = "tag and fence evicted, nobody killed",
     .writers = 1,
     .readers = 2,
     .read_on = 2,
     .start = START_WARM,
     .budget = {[EVICTIONS] = 1, [FENCES] = 1}},
    {.name = "Redis restarts, empty or with its snapshot, a payer",
     .writers = 1,
     .readers = 1,
     .read_on = 2,
     .payers = 1,
     .start = START_WARM,
     .budget = {[RESTARTS] = 1}},
    {.name = "Redis restarts with any snapshot, a writer killed",
     .writers = 1,
     .readers = 1,
     .read_on = 2,
     .budget = {[RESTARTS] = 1, [CRASHES] = 1, [SAVES] = 1}},
    {.name = "connections lost while they are made ready, Redis restarts",
     .writers = 1,
     .readers = 1,
     .read_on = 2,
     .stepwise = true,
     .budget = {[RESTARTS] = 1, [DROPS] = 1}},
    {.name = "another host, its listener cut off, a writer killed",
     .writers = 1,
     .readers = 1,
     .read_on = 4,
     .listeners = true,
     .start = START_WARM,
     .budget = {[DEAFS] = 1, [CRASHES] = 1}},
    {.name = "another host that pays the writer's debt",
     .writers = 2,
     .readers = 1,
     .read_on = 4,
     .listeners = true,
     .payers = 2,
     .start = START_DEBT},
    {.name = "writers on two hosts",
     .writers = 2,
     .writer_worker = {0, 2},
     .readers = 1,
     .read_on = 4,
     .listeners = true,
     .start = START_WARM},
    {.name = "another host, its listener or a connection lost",
     .writers = 1,
     .readers = 1,
     .read_on = 4,
     .listeners = true,
     .start = START_WARM,
     .budget = {[DEAFS] = 1, [DROPS] = 1}},
    {.name = "the writer's host is switched off and on, a debt, a payer",
     .writers = 1,
     .readers = 1,
     .read_on = 2,
     .payers = 1,
     .start = START_WARM,
     .budget = {[FAILS] = 1, [REBOOTS] = 1}},
    {.name = "the writer's host and Redis go down together",
     .writers = 1,
     .readers = 1,
     .read_on = 2,
     .budget = {[RESTARTS] = 1, [REBOOTS] = 1}},
    /* From here on only where MODEL_ALL is set: half a gigabyte each. */
    {.name = "another host, Redis restarts",
     .writers = 1,
     .readers = 1,
     .read_on = 4,
     .listeners = true,
     .start = START_EMPTY,
     .budget = {[RESTARTS] = 1}},
};
enum { COUNT = sizeof configs / sizeof *configs, BIG = 1 };

static void test_clean(void **state)
{
    const struct config *config = *state;
    struct result result = explore(config, true);

    printf("  %zu states, %u steps deep, %.1f s: %s\n", result.states, result.depth, result.seconds,
           finding_text(result.finding));
    fflush(stdout);
    assert_int_equal(result.finding, FINDING_NONE);
    assert_true(result.complete);
}

int main(void)
{
    size_t count = getenv("MODEL_ALL") != NULL ? COUNT : COUNT - BIG;
    struct CMUnitTest tests[COUNT] = {0};

    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){.name = configs[i].name,
                                       .test_func = test_clean,
                                       .initial_state = (void *)(uintptr_t)&configs[i]};
    return _cmocka_run_group_tests("designed", tests, count, NULL, NULL);
}
