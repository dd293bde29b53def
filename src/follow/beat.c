/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"
#include "follow/follower.h"

/* One command to Redis, FOLLOW_BEAT_MS after the last: it tries for the lock, or renews it, and
 * writes how far the follower is. */

enum { BEAT_FIXED = 4, BEAT_ARGS_MAX = 1000, LAG_MS = 1000 };

/* KEYS lock, state; ARGV token, life of the lock, '1' to want it, number of fields to set, then
 * these with their values, then fields to add to with what is added.  Gives 1 to who has the lock,
 * Redis' clock, and the state. */
static struct redis_script script_beat = {
    .text =
        STR_INIT("local t = redis.call('TIME')\n"
                 "local now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))\n"
                 "local holder = redis.call('GET', KEYS[1])\n"
                 "if not holder and ARGV[3] == '1' then\n"
                 "  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
                 "  holder = ARGV[1]\n"
                 "elseif holder == ARGV[1] and ARGV[3] == '0' then\n"
                 "  redis.call('UNLINK', KEYS[1])\n"
                 "  holder = nil\n"
                 "end\n"
                 "if holder == ARGV[1] then\n"
                 "  redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
                 "  local last = 4 + 2 * tonumber(ARGV[4])\n"
                 "  for i = 5, last, 2 do\n"
                 "    redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])\n"
                 "  end\n"
                 "  for i = last + 1, #ARGV, 2 do\n"
                 "    redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1])\n"
                 "  end\n"
                 "  redis.call('PEXPIRE', KEYS[2], 86400000)\n"
                 "end\n"
                 "return {holder == ARGV[1] and 1 or 0, now, redis.call('HGETALL', KEYS[2])}\n")};

struct beat {
    struct arena arena;
    struct str args[BEAT_ARGS_MAX];
    size_t count, sets;
};

static void beat_put(struct beat *beat, struct str field, struct str value)
{
    beat->args[beat->count++] = field;
    beat->args[beat->count++] = value;
}

static void beat_set(struct beat *beat, struct str field, struct str value)
{
    beat_put(beat, field, value);
    beat->sets++;
}

/* Whether nothing waits for its moves any more: then that is the last contact. */
static bool beat_settle(struct follow *follow)
{
    if (follow->contact_ms != 0 && moves_moved(follow->moves) < follow->contact_moves)
        return false;
    if (follow->contact_ms != 0)
        follow->at_ms = follow->contact_ms;
    return true;
}

static void beat_note_contact(struct follow *follow)
{
    if (!beat_settle(follow))
        return;
    follow->contact_ms = atomic_load(&follow->seen_ms);
    follow->contact_moves = atomic_load(&follow->seen_moves);
    (void)beat_settle(follow);
}

static void beat_put_lags(struct follow *follow, struct beat *beat)
{
    int64_t now_ms = clock_mono_ms();

    for (size_t i = 0; i < follow->plan_count && beat->count + 8 < BEAT_ARGS_MAX / 2; i++) {
        struct follow_lane *lane = &follow->lanes[i];
        int64_t lag_ms = moves_lag_ms(follow->moves, i);
        if (lag_ms >= 0 || now_ms > lane->lag_until_ms)
            lane->lag_ms = lag_ms > 0 ? lag_ms : 0;
        if (lag_ms >= 0)
            lane->lag_until_ms = now_ms + LAG_MS;
        beat_set(beat, ARENA_JOIN(&beat->arena, STR("lag:"), follow->plans[i].resource->name),
                 arena_decimal(&beat->arena, (uint64_t)lane->lag_ms));
    }
}

static void beat_put_counts(struct follow *follow, struct beat *beat)
{
    uint64_t resets = atomic_exchange(&follow->resets, 0);

    if (resets > 0)
        beat_put(beat, STR("resets"), arena_decimal(&beat->arena, resets));
    for (size_t i = 0; i < follow->plan_count; i++)
        for (int kind = 0; kind < FOLLOW_KINDS && beat->count + 2 <= BEAT_ARGS_MAX; kind++) {
            uint64_t count = atomic_exchange(&follow->lanes[i].counts[kind], 0);
            if (count > 0)
                beat_put(beat,
                         ARENA_JOIN(&beat->arena, STR("changes:"), follow->plans[i].resource->name,
                                    STR(":"), str_from(follow_kinds[kind])),
                         arena_decimal(&beat->arena, count));
        }
}

static void beat_put_state(struct follow *follow, struct beat *beat)
{
    int way = atomic_load(&follow->way);

    beat_note_contact(follow);
    if (way == WAY_OFF) /* there is no move to wait for */
        beat_set(beat, STR("at"), STR(""));
    else if (follow->at_ms != 0)
        beat_set(beat, STR("at"), arena_decimal(&beat->arena, (uint64_t)follow->at_ms));
    beat_set(beat, STR("refused"), atomic_load(&follow->refused) ? STR("1") : STR("0"));
    if (way >= 0)
        beat_set(beat, STR("way"), str_from(way_names[way]));
    beat_put_lags(follow, beat);
}

void beat_send(struct follow *follow, bool want, redis_callback *told)
{
    struct beat beat = {.count = BEAT_FIXED};
    struct str keys[2];

    arena_init(&beat.arena, NULL, 0);
    keys[0] = ARENA_JOIN(&beat.arena, follow->config.prefix, STR(":follow:lock"));
    keys[1] = ARENA_JOIN(&beat.arena, follow->config.prefix, STR(":" CACHE_FOLLOW_STATE));
    if (follow->leads && follow->running)
        beat_put_state(follow, &beat);
    beat.args[0] = str_make(follow->token, sizeof follow->token);
    beat.args[1] = arena_decimal(&beat.arena, FOLLOW_LOCK_MS);
    beat.args[2] = want ? STR("1") : STR("0");
    beat.args[3] = arena_decimal(&beat.arena, beat.sets);
    if (follow->leads && follow->running)
        beat_put_counts(follow, &beat);
    redis_script(follow->redis, &script_beat, keys, 2, beat.args, beat.count, told, follow);
    arena_reset(&beat.arena);
}
