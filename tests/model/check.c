/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

static uint8_t newest(const struct state *s)
{
    return s->acked[0] > s->acked[1] ? s->acked[0] : s->acked[1];
}

bool is_excused(const struct state *s, unsigned worker, bool memory)
{
    const struct host *host = &s->hosts[host_of(worker)];

    for (unsigned i = 0; i < WRITERS; i++)
        if (s->writers[i].debt != DEBT_NONE && (memory || (s->writers[i].found >> worker & 1) == 0))
            return true;
    return host->messages > 0 || (host->hearing != HEARING && host->lease);
}

/* Nothing is under way that could still change or void anything; look-ups that are do not count,
 * since what they store is judged when it is there. */
static bool is_quiet(const struct state *s)
{
    bool busy = s->due != 0;

    for (unsigned i = 0; i < WRITERS; i++) {
        const struct writer *writer = &s->writers[i];
        busy = busy || (writer->pc != W_IDLE && writer->pc != W_END && writer->pc != W_DEAD) ||
               writer->mongo == PENDING || writer->debt != DEBT_NONE || writer->late != 0;
    }
    for (unsigned i = 0; i < HOSTS; i++) {
        const struct host *host = &s->hosts[i];
        busy = busy || host->fences != 0 || host->messages > 0 || s->payers[i].pc != P_IDLE ||
               (host->hearing != HEARING && host->lease);
    }
    for (unsigned i = 0; i < LIVES; i++)
        busy = busy || s->names[i].fences != 0;
    return !busy;
}

static void judge(struct walk *walk, const struct state *s, const struct reader *reader,
                  unsigned number, bool memory, bool fresh, const char *answer)
{
    bool excused = (reader->flags & R_EXCUSED) != 0 || is_excused(s, reader->worker, memory);
    unsigned own = number & (FOREIGN_BIT - 1u);

    if (number > s->db)
        walk_found(walk, FINDING_QUIET, answer, number);
    else if (own < reader->need_own)
        walk_found(walk, FINDING_OWN, answer, number);
    else if (own < reader->need_all && !excused)
        walk_found(walk, FINDING_OTHER, answer, number);
    else if (fresh && number < s->db && is_quiet(s))
        walk_found(walk, FINDING_QUIET, answer, number);
}

void check_answer(struct walk *walk, const struct state *s, const struct reader *reader,
                  unsigned value, const char *answer)
{
    judge(walk, s, reader, value - 1, false, false, answer);
}

/* A request that comes to a worker now. */
static struct reader request(const struct state *s, unsigned worker)
{
    return (struct reader){
        .worker = (uint8_t)worker, .need_own = s->acked[host_of(worker)], .need_all = newest(s)};
}

/* lookup.c from_memory, memory/memory.c memory_get */
static void probe_memory(struct walk *walk, const struct state *s, unsigned worker)
{
    const struct host *host = &s->hosts[host_of(worker)];
    struct reader reader = request(s, worker);

    if (host->memory != 0 && !is_flagged(s, host_of(worker)) &&
        (host->lease || has_fault(walk_config(walk), LEASE_IGNORED)))
        judge(walk, s, &reader, host->memory - 1u, true, true, "memory answers with number #");
}

static bool table_lets(const struct walk *walk, const struct state *s, unsigned worker)
{
    return !is_flagged(s, host_of(worker)) || has_fault(walk_config(walk), TABLE_NOT_OBEYED);
}

/* lookup.c lookup_start and on_reply, in one moment */
static void probe_redis(struct walk *walk, const struct state *s, unsigned worker)
{
    const struct config *config = walk_config(walk);
    struct state n = *s;
    const struct names *entry = entry_names(config, &n, s->workers[worker].base);
    const struct names *tag = tag_names(config, &n, s->workers[worker].base);
    struct reader reader = request(s, worker);

    if (s->workers[worker].link != LINK_KNOWN || !table_lets(walk, s, worker) ||
        (tag->born != BORN_OLD && !has_fault(config, NO_BORN)) ||
        (tag->fences != 0) != (entry->brief != 0))
        return;
    if (entry->value == 0 || entry->version != tag->tag ||
        (tag->tag == 0 && !has_fault(config, NIL_IS_VERSION)))
        return;
    judge(walk, s, &reader, entry->value - 1u, false, true, "Redis answers with number #");
}

/* fill.c may_join, for a fill whose question has been sent */
bool may_join(const struct config *config, const struct reader *owner, unsigned worker,
              unsigned tag, bool bypass)
{
    if (owner->pc != R_ANSWERED || owner->worker != worker)
        return false;
    if (has_fault(config, JOIN_ANY))
        return true;
    if ((owner->flags & R_LINKED) == 0 && !has_fault(config, JOIN_NO_GENERATION))
        return false;
    return !bypass && (owner->flags & R_BYPASS) == 0 && (owner->flags & R_KNOWN) != 0 && tag != 0 &&
           owner->tag == tag;
}

static void probe_joins(struct walk *walk, const struct state *s, unsigned worker)
{
    const struct config *config = walk_config(walk);
    struct state n = *s;
    const struct names *tag = tag_names(config, &n, s->workers[worker].base);
    struct reader reader = request(s, worker);
    bool bypass = s->workers[worker].link != LINK_KNOWN || !table_lets(walk, s, worker) ||
                  tag->fences != 0 || (tag->born != BORN_OLD && !has_fault(config, NO_BORN));

    for (unsigned i = 0; i < READERS; i++)
        if (may_join(config, &s->readers[i], worker, tag->tag, bypass))
            judge(walk, s, &reader, s->readers[i].value - 1u, false, false,
                  "a fill that was joined answers with number #");
}

void check_probes(struct walk *walk, const struct state *s)
{
    for (unsigned worker = 0; worker < WORKERS; worker++) {
        if ((walk_config(walk)->read_on >> worker & 1) == 0)
            continue;
        probe_memory(walk, s, worker);
        probe_redis(walk, s, worker);
        probe_joins(walk, s, worker);
    }
}
