/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

/* src/cache/fence.c and the first part of debt.c: one write, from its fences to its
 * acknowledgement. */

struct at {
    struct walk *walk;
    const struct config *config;
    const struct state *s;
    unsigned i, worker, host;
};

static uint8_t bit(unsigned i)
{
    return (uint8_t)(1u << i);
}

static struct state go_to(const struct at *at, enum writer_pc pc)
{
    struct state n = *at->s;

    n.writers[at->i].pc = (uint8_t)pc;
    return n;
}

static bool spend(struct state *n, enum budget budget)
{
    if (n->budget[budget] == 0)
        return false;
    n->budget[budget]--;
    return true;
}

/* --- The scripts, as Redis carries them out --- */

/* Nobody else writes under the tag. */
static bool is_alone(const struct config *config, const struct names *tag, unsigned i)
{
    return (tag->fences & (uint8_t)~bit(i)) == 0 || has_fault(config, CARRY_BESIDE);
}

/* What script_fence tells of the entry, if it is an answer and nobody else writes; total.c. */
static uint8_t carried(const struct config *config, struct state *n, unsigned i, unsigned base)
{
    const struct names *tag = tag_names(config, n, base), *entry = entry_names(config, n, base);
    bool brief = entry->brief && !has_fault(config, CARRY_BRIEF);
    bool valid = tag->tag != 0 && entry->version == tag->tag && !brief;

    return config->totals && is_alone(config, tag, i) && (valid || has_fault(config, CARRY_ANY))
               ? entry->value
               : 0;
}

/* What is to be kept of the document, while its tag has the version from before it was read, and
 * nobody else writes; cache/written.c. */
static uint8_t kept(const struct config *config, struct state *n, unsigned i, unsigned base)
{
    const struct names *tag = tag_names(config, n, base);
    const struct writer *writer = &n->writers[i];
    bool same = writer->known == tag->tag || has_fault(config, KEEP_ANY);

    return config->keeps && is_alone(config, tag, i) && same ? writer->carried : 0;
}

/* What nobody has made yet, as long as it is not committed. */
static uint8_t made(const struct config *config, struct state *n, unsigned i, unsigned base)
{
    const struct names *tag = tag_names(config, n, base);

    return config->makes && is_alone(config, tag, i) ? (uint8_t)(n->db + 2) : 0;
}

/* script.c script_fence */
static void run_fence(const struct config *config, struct state *n, unsigned i, unsigned base)
{
    struct names *names = tag_names(config, n, base);

    if (has_fault(config, FENCE_OF_ONE))
        names->fences = bit(i);
    else if (!has_fault(config, NO_FENCE))
        names->fences |= bit(i);
    give_version(config, n, base);
}

/* script.c script_release */
static void run_release(const struct config *config, struct state *n, unsigned i, unsigned base)
{
    struct names *names = tag_names(config, n, base), *entry = entry_names(config, n, base);
    const struct writer *writer = &n->writers[i];
    bool mine = names->tag == writer->version || has_fault(config, CARRY_AFTER);

    if (!has_fault(config, NO_SECOND_VERSIONS))
        give_version(config, n, base);
    names->fences &= (uint8_t)~bit(i);
    if (writer->carried != 0 && mine) {
        entry->value = (uint8_t)(writer->carried + (config->totals && writer->mongo == COMMITTED));
        entry->version = names->tag;
        entry->brief = false;
    }
}

static void forget_carried(struct writer *writer)
{
    writer->carried = writer->version = writer->known = 0;
}

static void run_script(const struct config *config, struct state *n, unsigned i, unsigned base,
                       uint8_t which)
{
    (which == W_LATE_FENCE ? run_fence : run_release)(config, n, i, base);
}

/* Every way in which a script can fail; next has the writer where it then is. */
static void fail_script(const struct at *at, struct state next, uint8_t which)
{
    unsigned base = at->s->workers[at->worker].base;
    struct state n = next;

    if (!spend(&next, FAILS))
        return;
    n = next;
    walk_to(at->walk, &n, "W#: Redis refuses the script", at->i + 1);
    n = next;
    lose_link(at->config, &n, at->worker);
    walk_to(at->walk, &n, "W#: the script is lost, and the connection", at->i + 1);
    n = next;
    run_script(at->config, &n, at->i, base, which);
    lose_link(at->config, &n, at->worker);
    walk_to(at->walk, &n, "W#: the script is run; its reply and the connection are lost",
            at->i + 1);
    if (at->config->late) {
        n = next;
        n.writers[at->i].late |= which;
        lose_link(at->config, &n, at->worker);
        walk_to(at->walk, &n, "W#: the script takes too long and is still under way", at->i + 1);
    }
}

/* --- Before --- */

static enum writer_pc without_fence(const struct config *config)
{
    if (has_fault(config, NO_DEBT) || has_fault(config, DEBT_AFTER_WRITE))
        return W_GO;
    return has_fault(config, DEBT_AFTER_OWED) ? W_DEBT_OPENED : W_DEBT_OPEN;
}

static void begin(const struct at *at);

/* What an entry of the document in memory says of its tag: it may have said so for a while. */
static void know(const struct at *at)
{
    struct state n = go_to(at, W_KNOWS);
    const struct names *tag = tag_names(at->config, &n, at->s->workers[at->worker].base);
    bool old = tag->born == BORN_OLD || has_fault(at->config, KEEP_YOUNG);

    n.writers[at->i].known = tag->tag;
    if (tag->tag != 0 && tag->fences == 0 && old)
        walk_to(at->walk, &n, "W# knows a version of the tag", at->i + 1);
}

/* app/write/target.c target_read */
static void read_document(const struct at *at)
{
    struct state n = go_to(at, W_HAS_READ);

    n.writers[at->i].carried = (uint8_t)(n.db + 2);
    if (!at->s->away)
        walk_to(at->walk, &n, "W# reads the document", at->i + 1);
}

/* Also without a version that is known. */
static void come(const struct at *at)
{
    begin(at);
    if (!at->config->keeps)
        return;
    if (has_fault(at->config, KEEP_LATE))
        read_document(at);
    else
        know(at);
}

static void has_read(const struct at *at)
{
    if (has_fault(at->config, KEEP_LATE) && at->s->writers[at->i].known == 0) {
        know(at);
        return;
    }
    begin(at);
}

static void knows(const struct at *at)
{
    (has_fault(at->config, KEEP_LATE) ? begin : read_document)(at);
}

/* fence.c cache_write_begin: table_fence, and who is asked next. */
static void begin(const struct at *at)
{
    struct state n = go_to(at, is_ready(at->s, at->worker) ? W_FENCE : without_fence(at->config));

    n.hosts[at->host].fences |= bit(at->i);
    bump(&n, at->host);
    walk_to(at->walk, &n, "W# begins: the table's fence, a new sequence", at->i + 1);
}

/* fence.c run(script_fence), on_fenced */
static void fence(const struct at *at)
{
    unsigned base = at->s->workers[at->worker].base;
    struct state n = go_to(at, W_GO);
    uint8_t value = carried(at->config, &n, at->i, base) | kept(at->config, &n, at->i, base) |
                    made(at->config, &n, at->i, base);

    run_fence(at->config, &n, at->i, base);
    n.writers[at->i].flags |= W_FENCED;
    n.writers[at->i].carried = value;
    n.writers[at->i].version = value != 0 ? tag_names(at->config, &n, base)->tag : 0;
    n.writers[at->i].known = 0;
    walk_to(at->walk, &n, "W#: script_fence", at->i + 1);
    fail_script(at, go_to(at, without_fence(at->config)), W_LATE_FENCE);
}

/* fence.c on_opened with an error: table_release, and nothing was begun. */
static void give_up(const struct at *at, struct state n)
{
    n.hosts[at->host].fences &= (uint8_t)~bit(at->i);
    bump(&n, at->host);
    n.writers[at->i].pc = W_END;
    walk_to(at->walk, &n, "W#: the debt cannot be opened: answers an error", at->i + 1);
}

/* debt.c pending_open, pending_write */
static void open_pending(const struct at *at)
{
    struct state n = go_to(at, has_fault(at->config, DEBT_AFTER_OWED) ? W_GO : W_DEBT_OPENED);

    put_debt(at->config, &n, at->i, DEBT_OPEN);
    n.writers[at->i].flags |= W_INDEBTED;
    if (!at->s->away)
        walk_to(at->walk, &n, "W#: MongoDB has the open debt", at->i + 1);
    n = *at->s;
    if (at->s->away)
        give_up(at, n);
    if (at->s->away || !spend(&n, MONGO))
        return;
    give_up(at, n);
    put_debt(at->config, &n, at->i, DEBT_OPEN);
    give_up(at, n);
}

/* debt.c on_written, fence.c on_opened */
static void opened(const struct at *at)
{
    bool before = has_fault(at->config, DEBT_AFTER_OWED);
    struct state n = go_to(at, before ? W_DEBT_OPEN : W_GO);

    owe(&n, at->host);
    n.writers[at->i].flags |= W_INDEBTED;
    walk_to(at->walk, &n, "W#: the table owes", at->i + 1);
}

/* The caller, between ready and cache_write_end. */
static void send(const struct at *at)
{
    struct state n = go_to(at, W_SENT);

    n.writers[at->i].mongo = n.away ? ABORTED : PENDING;
    walk_to(at->walk, &n, n.away ? "W# cannot send its write" : "W# sends its write to MongoDB",
            at->i + 1);
}

/* --- After --- */

static enum writer_pc after_outcome(const struct at *at)
{
    if (has_fault(at->config, TABLE_FIRST))
        return W_TABLE;
    return is_ready(at->s, at->worker) ? W_RELEASE : W_DEBT_CLOSE;
}

/* fence.c cache_write_end */
static void hear(const struct at *at)
{
    const struct writer *writer = &at->s->writers[at->i];
    struct state n = go_to(at, after_outcome(at));

    if ((at->config->keeps || at->config->makes) && writer->mongo == ABORTED &&
        !has_fault(at->config, KEEP_ABORTED))
        forget_carried(&n.writers[at->i]);
    if (writer->mongo == ABORTED || (writer->mongo == COMMITTED && !at->s->away))
        walk_to(at->walk, &n, "W# hears what became of its write", at->i + 1);
    if (!at->s->away && !spend(&n, MONGO))
        return;
    if (!has_fault(at->config, UNKNOWN_RELEASED))
        n.writers[at->i].pc = W_END;
    n.writers[at->i].commit = 0;
    walk_to(at->walk, &n, "W# is not told what became of its write: answers an error", at->i + 1);
}

static enum writer_pc last_step(const struct config *config)
{
    return has_fault(config, TABLE_FIRST) ? W_ACK : W_TABLE;
}

static enum writer_pc after_release(const struct config *config, uint8_t flags, bool failed)
{
    if (has_fault(config, NO_DEBT))
        return last_step(config);
    if (failed || (flags & W_INDEBTED) != 0)
        return W_DEBT_CLOSE;
    /* Only where the debt is opened after the write: it was never fenced, so it owes now. */
    return (flags & W_FENCED) == 0 ? W_DEBT_CLOSE : last_step(config);
}

void writer_lost_link(const struct config *config, struct writer *writer)
{
    if (writer->pc == W_FENCE)
        writer->pc = (uint8_t)without_fence(config);
    else if (writer->pc == W_RELEASE)
        writer->pc = (uint8_t)after_release(config, writer->flags, true);
}

/* fence.c run(script_release), on_released */
static void release(const struct at *at)
{
    struct state n = go_to(at, after_release(at->config, at->s->writers[at->i].flags, false));

    run_release(at->config, &n, at->i, at->s->workers[at->worker].base);
    forget_carried(&n.writers[at->i]);
    walk_to(at->walk, &n, "W#: script_release", at->i + 1);
    fail_script(at, go_to(at, after_release(at->config, at->s->writers[at->i].flags, true)),
                W_LATE_RELEASE);
}

/* fence.c close_pending; debt.c pending_close, pending_write */
static void close_pending(const struct at *at)
{
    struct state n = go_to(at, W_DEBT_CLOSED);
    struct writer *writer = &n.writers[at->i];
    bool opened_before = (writer->flags & W_INDEBTED) != 0;

    if (has_fault(at->config, NO_DEBT)) {
        writer->pc = (uint8_t)last_step(at->config);
        walk_to(at->walk, &n, "W# goes on without a debt", at->i + 1);
        return;
    }
    if (!has_fault(at->config, CLOSE_NO_UPSERT) || !opened_before || writer->debt != DEBT_NONE)
        put_debt(at->config, &n, at->i, DEBT_CLOSED);
    if (!at->s->away)
        walk_to(at->walk, &n, "W#: MongoDB has the closed debt", at->i + 1);
    n = *at->s;
    if (!at->s->away && !spend(&n, MONGO))
        return;
    n.writers[at->i].pc = W_END; /* fence.c on_closed with an error */
    n.writers[at->i].commit = 0;
    walk_to(at->walk, &n, "W#: the debt cannot be closed: answers an error", at->i + 1);
    if (at->s->away)
        return;
    put_debt(at->config, &n, at->i, DEBT_CLOSED);
    walk_to(at->walk, &n, "W#: the debt is closed, which is not told: answers an error", at->i + 1);
}

/* debt.c on_written, fence.c on_closed */
static void closed(const struct at *at)
{
    struct state n = go_to(at, last_step(at->config));
    bool before = (at->s->writers[at->i].flags & W_INDEBTED) != 0;

    n.writers[at->i].flags |= W_INDEBTED;
    if (!before || !has_fault(at->config, OWED_ONCE))
        owe(&n, at->host);
    walk_to(at->walk, &n, "W#: the table owes (again)", at->i + 1);
}

/* fence.c table_release */
static void release_table(const struct at *at)
{
    bool early = has_fault(at->config, TABLE_FIRST);
    struct state n = go_to(at, !early                        ? W_ACK
                               : is_ready(at->s, at->worker) ? W_RELEASE
                                                             : W_DEBT_CLOSE);

    n.hosts[at->host].fences &= (uint8_t)~bit(at->i);
    bump(&n, at->host);
    walk_to(at->walk, &n, "W#: a new sequence, the table's fence goes", at->i + 1);
}

/* fence.c finish */
static void acknowledge(const struct at *at)
{
    struct state n = go_to(at, W_END);
    uint8_t commit = n.writers[at->i].commit;

    if (commit > n.acked[at->host])
        n.acked[at->host] = commit;
    n.writers[at->i].commit = 0;
    if (n.writers[at->i].late == 0)
        forget_carried(&n.writers[at->i]);
    walk_to(at->walk, &n, "W# answers its client", at->i + 1);
}

/* --- MongoDB, and what can happen to a writer at any step --- */

/* A change compares the document with what was read (target.c add_conditions), and nothing is made
 * that is there. */
static void overtake(const struct config *config, struct writer *other)
{
    bool has_begun = config->makes ? other->pc != W_IDLE : config->keeps && other->carried != 0;

    if (has_begun && other->mongo < COMMITTED)
        other->flags |= W_OVERTAKEN;
}

static void commit(const struct at *at)
{
    struct state n = *at->s;
    struct writer *writer = &n.writers[at->i];

    writer->mongo = ABORTED;
    walk_to(at->walk, &n, "MongoDB aborts the write of W#", at->i + 1);
    if ((writer->flags & W_OVERTAKEN) != 0)
        return;
    writer->mongo = COMMITTED;
    n.db++;
    writer->commit = writer->pc == W_SENT ? n.db & (FOREIGN_BIT - 1) : 0; /* else nobody hears */
    if (at->config->makes && writer->carried != 0)
        writer->carried = (uint8_t)(n.db + 1);
    for (unsigned j = 0; j < WRITERS; j++)
        overtake(at->config, &n.writers[j]);
    walk_to(at->walk, &n, "MongoDB commits the write of W#", at->i + 1);
}

static void kill(const struct at *at)
{
    struct state n = go_to(at, W_DEAD);

    n.writers[at->i].commit = 0;
    if (at->s->writers[at->i].late == 0)
        forget_carried(&n.writers[at->i]);
    if (spend(&n, CRASHES))
        walk_to(at->walk, &n, "W# is killed", at->i + 1);
}

/* src/cache/reaper.c, on the writer's host; memory/writers.c memory_reap */
static void reap(const struct at *at)
{
    uint8_t mine = bit(at->i);
    struct state n = *at->s;

    n.hosts[at->host].fences &= (uint8_t)~mine;
    bump(&n, at->host);
    if ((at->s->hosts[at->host].fences & mine) != 0)
        walk_to(at->walk, &n, "W# is seen to be dead: the table's fence goes", at->i + 1);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct names *names;
        n = *at->s;
        names = tag_names(at->config, &n, n.workers[i].base);
        if (host_of(i) != at->host || !is_ready(at->s, i) || (names->dead & mine) != 0)
            continue;
        names->dead |= mine;
        walk_to(at->walk, &n, "W# is seen to be dead: Redis is told", at->i + 1);
    }
}

static void arrive_late(const struct at *at, uint8_t which)
{
    struct state n = *at->s;

    if ((n.writers[at->i].late & which) == 0)
        return;
    n.writers[at->i].late &= (uint8_t)~which;
    run_script(at->config, &n, at->i, n.life, which);
    if (which == W_LATE_RELEASE)
        forget_carried(&n.writers[at->i]);
    walk_to(at->walk, &n,
            which == W_LATE_FENCE ? "the late script_fence of W# is run"
                                  : "the late script_release of W# is run",
            at->i + 1);
}

void writer_steps(struct walk *walk, const struct state *s)
{
    static void (*const steps[])(const struct at *) = {
        [W_IDLE] = come,
        [W_KNOWS] = knows,
        [W_HAS_READ] = has_read,
        [W_FENCE] = fence,
        [W_DEBT_OPEN] = open_pending,
        [W_DEBT_OPENED] = opened,
        [W_GO] = send,
        [W_SENT] = hear,
        [W_RELEASE] = release,
        [W_DEBT_CLOSE] = close_pending,
        [W_DEBT_CLOSED] = closed,
        [W_TABLE] = release_table,
        [W_ACK] = acknowledge,
        [W_END] = NULL,
        [W_DEAD] = NULL,
    };

    for (unsigned i = 0; i < WRITERS; i++) {
        unsigned worker = walk_config(walk)->writer_worker[i];
        struct at at = {walk, walk_config(walk), s, i, worker, host_of(worker)};

        arrive_late(&at, W_LATE_FENCE);
        arrive_late(&at, W_LATE_RELEASE);
        if (s->writers[i].mongo == PENDING)
            commit(&at);
        if (s->writers[i].pc == W_DEAD)
            reap(&at);
        if (steps[s->writers[i].pc] == NULL)
            continue;
        steps[s->writers[i].pc](&at);
        if (s->writers[i].pc != W_IDLE)
            kill(&at);
    }
}
