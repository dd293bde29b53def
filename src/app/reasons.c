/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/app_state.h"
#include "app/health.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "base/json_writer.h"
#include "memory/memory.h"

struct str health_memory(const struct app *app)
{
    struct memory_stats stats;

    memory_stats(app->memory, &stats);
    if (stats.bytes == 0)
        return STR("off");
    return memory_lease_valid(app->memory, clock_mono_ns()) ? STR("valid") : STR("invalid");
}

struct str health_follow(const struct app *app)
{
    return app->follow.way != NULL ? app->follow.way(app->follow.context) : STR("off");
}

void health_reasons(const struct app *app, enum err mongo, struct buf *body)
{
    const struct {
        const char *name;
        struct str why;
    } reasons[] = {
        {"installation", cache_apart(app->cache)},
        {"memory", str_eq(health_memory(app), STR("invalid"))
                       ? STR("the writes of other hosts are not heard of")
                       : STR("")},
        {"mongo", mongo != ERR_OK ? str_from(err_text(mongo)) : STR("")},
        {"redis", cache_reason(app->cache)},
        {"follow", str_eq(health_follow(app), STR("behind"))
                       ? STR("what other programs write is not seen in time")
                       : STR("")},
    };
    bool first = true;

    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (reasons[i].why.len == 0)
            continue;
        buf_str(body, first ? STR(",\"reasons\":{") : STR(","));
        json_put_string(body, str_from(reasons[i].name));
        buf_char(body, ':');
        json_put_string(body, reasons[i].why);
        first = false;
    }
    if (!first)
        buf_char(body, '}');
}
