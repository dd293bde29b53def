/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "follow/follower.h"

/* While no follower runs, the resource's limit for others' writes is the promise:
 * what is stored from then on is kept no longer, and what was stored before is made void when that
 * time is over. */

struct voiding {
    struct cache_move move;
    struct str tags[3];
    struct arena arena;
};

static void limits_voided(struct cache_move *move, enum err err)
{
    struct voiding *voiding = move->context;

    (void)err;
    arena_reset(&voiding->arena);
    free(voiding);
}

static void limits_void(struct follow *follow, size_t lane)
{
    const struct plan *plan = &follow->plans[lane];
    struct voiding *voiding = mem_zalloc(sizeof *voiding);

    arena_init(&voiding->arena, NULL, 0);
    voiding->tags[0] = plan->resource->name;
    voiding->tags[1] = plan_all_partitions(plan, &voiding->arena);
    voiding->tags[2] = plan->all_items;
    voiding->move = (struct cache_move){.tags = voiding->tags,
                                        .always = "111",
                                        .tag_count = 3,
                                        .done = limits_voided,
                                        .context = voiding};
    cache_move(follow->cache, &voiding->move);
}

static void limits_apply_one(struct follow *follow, size_t i)
{
    const struct resource *resource = follow->plans[i].resource;
    struct follow_lane *lane = &follow->lanes[i];
    bool limited = !figures_follows(follow, i);
    int64_t now_ms = clock_mono_ms();

    if (limited != lane->limited) {
        lane->voided = !limited;
        lane->limited = limited;
        lane->limited_ms = now_ms;
        app_limit(follow->app, resource, limited);
    }
    if (!limited || lane->voided || now_ms - lane->limited_ms < resource->others_ms ||
        !cache_can_move(follow->cache))
        return;
    lane->voided = true;
    log_warn("follow", "no follower runs for other programs' writes: what was stored is void",
             LOG_STR("resource", resource->name));
    limits_void(follow, i);
}

void limits_apply(struct follow *follow)
{
    cache_followed(follow->cache,
                   follow->config.on && (str_eq(figures_way(follow), STR("streams")) ||
                                         str_eq(figures_way(follow), STR("times"))));
    for (size_t i = 0; i < follow->plan_count; i++)
        if (follow->plans[i].resource->others_ms > 0)
            limits_apply_one(follow, i);
}
