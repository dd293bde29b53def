/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "base/metrics.h"
#include "follow/follower.h"

/* What people see of it, on every worker: as the follower has written it to Redis. */

struct str figures_field(const struct follow *follow, struct str name)
{
    for (size_t i = 0; i < follow->field_count; i++)
        if (str_eq(follow->fields[i].name, name))
            return follow->fields[i].value;
    return STR("");
}

static int64_t figures_number(const struct follow *follow, struct str name)
{
    int64_t number;

    return str_int(figures_field(follow, name), 0, INT64_MAX, &number) == ERR_OK ? number : 0;
}

int64_t figures_age_ms(const struct follow *follow)
{
    int64_t at_ms = figures_number(follow, STR("at"));

    if (follow->told_at_ms == 0 || at_ms == 0)
        return INT64_MAX;
    return follow->told_redis_ms - at_ms + clock_mono_ms() - follow->told_at_ms;
}

static bool figures_goes(const struct follow *follow, const char *way)
{
    return str_eq(figures_field(follow, STR("way")), str_from(way));
}

/* While all is well that of the last changes; else since when nobody has seen any; 0 where no
 * follower has ever run. */
static int64_t figures_lag_ms(const struct follow *follow, size_t lane, struct arena *arena)
{
    struct str name = ARENA_JOIN(arena, STR("lag:"), follow->plans[lane].resource->name);
    int64_t lag_ms = figures_number(follow, name), age_ms = figures_age_ms(follow);

    if (age_ms == INT64_MAX)
        return 0;
    return age_ms > FOLLOW_SLACK_MS && age_ms > lag_ms ? age_ms : lag_ms;
}

/* A worker that has just started gives the follower time to begin. */
static bool figures_is_behind(const struct follow *follow)
{
    bool behind = figures_age_ms(follow) > FOLLOW_BEHIND_MS;
    char room[1024];
    struct arena arena;

    if (clock_mono_ms() - follow->started_ms < FOLLOW_BEHIND_MS)
        return false;
    arena_init(&arena, room, sizeof room);
    for (size_t i = 0; i < follow->plan_count && !behind; i++)
        behind = figures_lag_ms(follow, i, &arena) > FOLLOW_BEHIND_MS;
    arena_reset(&arena);
    return behind;
}

bool figures_follows(const struct follow *follow, size_t lane)
{
    if (!follow->config.on || figures_is_behind(follow))
        return false;
    return figures_goes(follow, "streams") ||
           (figures_goes(follow, "times") && follow->plans[lane].resource->follow.field.len > 0);
}

struct str figures_way(void *context)
{
    const struct follow *follow = context;

    if (!follow->config.on || follow->told_at_ms == 0)
        return STR("off");
    if (str_eq(figures_field(follow, STR("refused")), STR("1")))
        return STR("behind");
    if (!figures_goes(follow, "streams") && !figures_goes(follow, "times"))
        return STR("off");
    if (figures_is_behind(follow))
        return STR("behind");
    return figures_goes(follow, "streams") ? STR("streams") : STR("times");
}

/* --- Metrics --- */

static void figures_put_lags(const struct follow *follow, struct buf *out, struct arena *arena)
{
    static const char name[] = "larder_follow_lag_seconds";

    metrics_gauge_head(out, name,
                       "From a write of another program to its tags' move, or since the last "
                       "contact");
    for (size_t i = 0; i < follow->plan_count; i++)
        metrics_gauge_text(
            out, name,
            ARENA_JOIN(arena, STR("resource=\""), follow->plans[i].resource->name, STR("\"")).ptr,
            (double)figures_lag_ms(follow, i, arena) / 1000);
}

static void figures_put_changes(const struct follow *follow, struct buf *out)
{
    static const struct str prefix = STR_INIT("changes:");
    bool any = false;

    for (size_t i = 0; i < follow->field_count; i++) {
        struct str rest = follow->fields[i].name, value = follow->fields[i].value, name;
        if (!str_starts(rest, prefix))
            continue;
        rest = str_from_offset(rest, prefix.len);
        (void)str_split(&rest, ':', &name);
        if (!any)
            buf_literal(out, "# HELP larder_follow_changes_total Changes that the follower of the "
                             "cluster has seen.\n"
                             "# TYPE larder_follow_changes_total counter\n");
        any = true;
        buf_printf(out, "larder_follow_changes_total{resource=\"%.*s\",kind=\"%.*s\"} %.*s\n",
                   (int)name.len, name.ptr, (int)rest.len, rest.ptr, (int)value.len, value.ptr);
    }
}

void figures_metrics(void *context, struct buf *out)
{
    const struct follow *follow = context;
    char room[4096];
    struct arena arena;

    arena_init(&arena, room, sizeof room);
    figures_put_lags(follow, out, &arena);
    figures_put_changes(follow, out);
    buf_printf(out,
               "# HELP larder_follow_resets_total Times that the position was lost, and all was "
               "made void.\n"
               "# TYPE larder_follow_resets_total counter\nlarder_follow_resets_total %lld\n",
               (long long)figures_number(follow, STR("resets")));
    arena_reset(&arena);
}

/* --- For administrators --- */

void figures_status(void *context, struct buf *out)
{
    const struct follow *follow = context;
    int64_t lag_ms = 0, changes = 0, age_ms = figures_age_ms(follow), one;
    char room[4096];
    struct arena arena;

    arena_init(&arena, room, sizeof room);
    for (size_t i = 0; i < follow->plan_count; i++) {
        one = figures_lag_ms(follow, i, &arena);
        lag_ms = one > lag_ms ? one : lag_ms;
    }
    arena_reset(&arena);
    for (size_t i = 0; i < follow->field_count; i++)
        if (str_starts(follow->fields[i].name, STR("changes:")))
            changes += figures_number(follow, follow->fields[i].name);
    buf_printf(out, ",\"lagSeconds\":%.3f,\"changes\":%lld,\"resets\":%lld,\"seenSecondsAgo\":",
               (double)lag_ms / 1000, (long long)changes,
               (long long)figures_number(follow, STR("resets")));
    if (age_ms == INT64_MAX)
        buf_literal(out, "null");
    else
        buf_printf(out, "%.1f", (double)age_ms / 1000);
}
