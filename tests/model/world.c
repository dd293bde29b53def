/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "model.h"

/* What happens to Redis, to connections, to fences as time goes by, and to the listeners. */

struct names *tag_names(const struct config *config, struct state *s, unsigned base)
{
    bool plain = has_fault(config, NO_EPOCH) || has_fault(config, NO_EPOCH_IN_TAGS);

    return &s->names[plain ? 0 : base];
}

struct names *entry_names(const struct config *config, struct state *s, unsigned base)
{
    return &s->names[has_fault(config, NO_EPOCH) ? 0 : base];
}

static void publish(const struct config *config, struct state *s)
{
    for (unsigned host = 0; host < HOSTS; host++)
        if (config->listeners && s->hosts[host].hearing >= SUBSCRIBED &&
            s->hosts[host].messages < MESSAGES_MAX)
            s->hosts[host].messages++;
}

void give_version(const struct config *config, struct state *s, unsigned base)
{
    tag_names(config, s, base)->tag = VERSION_NEW;
    publish(config, s);
}

void bump(struct state *s, unsigned host)
{
    s->hosts[host].memory = 0;
    for (unsigned i = 0; i < READERS; i++)
        if (host_of(s->readers[i].worker) == host)
            s->readers[i].flags &= (uint8_t)~R_STILL;
}

void owe(struct state *s, unsigned host)
{
    s->hosts[host].owed = true;
    s->payers[host].exact = false;
}

/* That the worker, which reads, has a debt of the writer to find before it believes Redis. */
static void let_find(const struct config *config, struct state *s, unsigned writer, unsigned worker)
{
    if ((config->read_on >> worker & 1) != 0 &&
        host_of(worker) != host_of(config->writer_worker[writer]))
        s->writers[writer].found |= (uint8_t)(1u << worker);
}

void put_debt(const struct config *config, struct state *s, unsigned writer, enum debt_state debt)
{
    for (unsigned i = 0; i < WORKERS && s->writers[writer].debt == DEBT_NONE; i++)
        if (s->workers[i].link != LINK_KNOWN)
            let_find(config, s, writer, i);
    s->writers[writer].debt = (uint8_t)debt;
}

void mark_owed(struct state *s, unsigned host)
{
    bool any = false;

    for (unsigned i = 0; i < WRITERS; i++)
        any = any || s->writers[i].debt != DEBT_NONE;
    if (any && !s->hosts[host].owed)
        owe(s, host);
}

bool is_flagged(const struct state *s, unsigned host)
{
    return s->hosts[host].fences != 0 || s->hosts[host].owed;
}

bool is_ready(const struct state *s, unsigned worker)
{
    return s->workers[worker].link >= LINK_READY;
}

bool is_settled(const struct config *config, const struct writer *writer)
{
    if (writer->mongo == PENDING)
        return false;
    if (writer->pc == W_GO && has_fault(config, SEND_BY_REPLY))
        return (writer->flags & W_INDEBTED) == 0;
    return writer->pc < W_FENCE || writer->pc > W_GO;
}

/* A fence need not stand before anything is sent: a debt that is being opened, and the mark
 * then, stand for it. */
static bool fence_may_go(const struct config *config, const struct writer *writer)
{
    return writer->pc == W_DEBT_OPEN || writer->pc == W_DEBT_OPENED ||
           (writer->flags & W_INDEBTED) != 0 || is_settled(config, writer);
}

/* --- Connections --- */

bool is_used(const struct config *config, unsigned worker)
{
    bool used = (config->read_on >> worker & 1) != 0;

    for (unsigned i = 0; i < config->writers; i++)
        used = used || config->writer_worker[i] == worker;
    for (unsigned i = 0; i < HOSTS; i++)
        used = used || ((config->payers >> i & 1) != 0 && payer_worker(i) == worker);
    return used;
}

void lose_link(const struct config *config, struct state *s, unsigned worker)
{
    struct worker *self = &s->workers[worker];

    if (!is_used(config, worker))
        return;
    if (self->link == LINK_LOOKING && has_fault(config, LOOK_OF_ANOTHER))
        self->stale_look = true;
    if (self->link == LINK_KNOWN) /* cache.c cache_redis_state */
        self->trust = self->away || has_fault(config, TRUST_LATE);
    self->link = LINK_DOWN;
    for (unsigned i = 0; i < WRITERS; i++)
        if (config->writer_worker[i] == worker)
            writer_lost_link(config, &s->writers[i]);
    for (unsigned i = 0; i < READERS; i++)
        if (s->readers[i].pc != R_NONE && s->readers[i].worker == worker)
            reader_lost_link(config, &s->readers[i]);
    for (unsigned i = 0; i < PAYERS; i++)
        if (payer_worker(i) == worker && s->payers[i].pc == P_BUMP)
            s->payers[i] = (struct settler){0};
}

/* cache.c on_info (take_epoch) and on_born (script_born) */
static void greet(const struct config *config, struct state *n, unsigned worker)
{
    struct names *names;

    if (n->workers[worker].base != n->life)
        n->workers[worker].trust = false;
    n->workers[worker].base = n->life;
    for (unsigned i = 0; i < WRITERS && !n->away; i++)
        if (n->writers[i].debt != DEBT_NONE)
            let_find(config, n, i, worker);
    names = tag_names(config, n, n->life);
    if (names->born == BORN_NIL)
        names->born = BORN_YOUNG;
    n->workers[worker].link = has_fault(config, NO_LOOK) ? LINK_KNOWN : LINK_LOOKING;
}

/* cache.c on_looked where MongoDB is away: has_missed_nothing. */
static enum link look_in_vain(const struct worker *self)
{
    return self->trust && self->away ? LINK_KNOWN : LINK_READY;
}

static void connect(struct walk *walk, const struct state *s, unsigned worker)
{
    const struct config *config = walk_config(walk);
    struct state n = *s;
    struct worker *self = &n.workers[worker];

    if (self->link == LINK_DOWN && !config->stepwise) {
        greet(config, &n, worker);
        if (self->link == LINK_LOOKING && !s->away)
            mark_owed(&n, host_of(worker));
        self->link = (uint8_t)(s->away ? look_in_vain(self) : LINK_KNOWN);
        walk_to(walk, &n,
                s->away ? "worker # connects, takes the epoch, looks at the debts in vain"
                        : "worker # connects, takes the epoch, looks at the debts",
                worker);
    } else if (self->link == LINK_DOWN) {
        self->link = LINK_NEW; /* cache.c cache_redis_connect */
        walk_to(walk, &n, "worker # connects", worker);
    } else if (self->link == LINK_NEW) {
        greet(config, &n, worker);
        walk_to(walk, &n, "worker # takes the epoch and the mark of birth", worker);
    } else if (self->link == LINK_LOOKING || self->link == LINK_READY) {
        /* debt.c on_looked, cache.c on_looked; or later debt.c on_listed */
        mark_owed(&n, host_of(worker));
        self->link = LINK_KNOWN;
        if (!s->away)
            walk_to(walk, &n, "worker # has looked at the debts", worker);
        n = *s;
        if (s->away && self->link == LINK_LOOKING) {
            self->link = (uint8_t)look_in_vain(self);
            walk_to(walk, &n, "worker # looks at the debts in vain", worker);
        }
        if (s->away)
            return;
        self->link = LINK_READY;
        if (s->workers[worker].link == LINK_LOOKING && n.budget[MONGO]-- > 0)
            walk_to(walk, &n, "worker # cannot look at the debts", worker);
    }
}

/* What a look that began on an earlier connection does to this one: nothing, unless that is
 * the fault (cache.c on_looked compares the generation). */
static void stale_look(struct walk *walk, const struct state *s, unsigned worker)
{
    struct state n = *s;

    if (!s->workers[worker].stale_look)
        return;
    n.workers[worker].stale_look = false;
    if (s->workers[worker].link == LINK_NEW || s->workers[worker].link == LINK_LOOKING)
        n.workers[worker].link = LINK_KNOWN;
    walk_to(walk, &n, "worker #: the look of an earlier connection ends", worker);
}

static void drop(struct walk *walk, const struct state *s, unsigned worker)
{
    struct state n = *s;

    if (!is_used(walk_config(walk), worker) || s->workers[worker].link == LINK_DOWN ||
        n.budget[DROPS]-- == 0)
        return;
    lose_link(walk_config(walk), &n, worker);
    walk_to(walk, &n, "worker # loses its connection", worker);
}

/* --- MongoDB: mongo/mongo_ping.c, breaker.c --- */

static void outage(struct walk *walk, const struct state *s)
{
    const struct config *config = walk_config(walk);
    struct state n = *s;

    if (!s->away && n.budget[OUTAGES] > 0) {
        n.budget[OUTAGES]--;
        n.away = true;
        walk_to(walk, &n, "MongoDB is away", 0);
        return;
    }
    if (!s->away)
        return;
    for (unsigned i = 0; i < WORKERS; i++) {
        n = *s;
        n.workers[i].away = true;
        if (is_used(config, i) && !s->workers[i].away)
            walk_to(walk, &n, "a ping of worker # fails", i);
    }
    n = *s;
    n.away = false;
    for (unsigned i = 0; i < WORKERS && !has_fault(config, TRUST_NO_END); i++)
        n.workers[i].away = n.workers[i].trust = false;
    walk_to(walk, &n, "MongoDB is back, and all pings say so", 0);
}

/* --- Redis --- */

static void forget_fences(struct state *n)
{
    for (unsigned i = 0; i < LIVES; i++)
        n->lost |= n->names[i].fences;
}

static void restart(struct walk *walk, const struct state *s)
{
    struct state n = *s;

    if (n.budget[RESTARTS]-- == 0)
        return;
    forget_fences(&n);
    memset(n.names, 0, sizeof n.names);
    n.life++;
    for (unsigned i = 0; i < WORKERS; i++)
        lose_link(walk_config(walk), &n, i);
    for (unsigned i = 0; i < READERS; i++)
        if (n.readers[i].pc == R_STORE)
            n.readers[i] = (struct reader){0};
    for (unsigned i = 0; i < WRITERS; i++)
        n.writers[i].late = 0;
    for (unsigned i = 0; i < HOSTS && walk_config(walk)->listeners; i++) {
        n.hosts[i].hearing = DEAF;
        n.hosts[i].messages = 0;
    }
    walk_to(walk, &n, "Redis dies and comes back empty", 0);
    memcpy(n.names, s->saved, sizeof n.names);
    walk_to(walk, &n, "Redis dies and comes back with its snapshot", 0);
}

static void flush(struct walk *walk, const struct state *s)
{
    struct state n = *s;

    if (n.budget[FLUSHES]-- > 0) {
        forget_fences(&n);
        memset(n.names, 0, sizeof n.names);
        publish(walk_config(walk), &n);
        walk_to(walk, &n, "FLUSHALL", 0);
    }
    n = *s;
    if (n.budget[EVICTIONS]-- > 0) {
        n.names[n.life].tag = 0;
        publish(walk_config(walk), &n);
        walk_to(walk, &n, "Redis evicts the tag", 0);
    }
    n = *s;
    if (n.names[n.life].fences != 0 && n.budget[FENCES]-- > 0) {
        n.names[n.life].fences = 0;
        walk_to(walk, &n, "Redis evicts the fence", 0);
    }
    n = *s;
    if (n.budget[SAVES]-- > 0) {
        memcpy(n.saved, n.names, sizeof n.saved);
        walk_to(walk, &n, "Redis saves a snapshot", 0);
    }
}

/* --- Another program, and the follower: src/follow/, cache/move.c --- */

static void change(struct walk *walk, const struct state *s)
{
    struct state n = *s;

    if (n.budget[FOREIGN] > 0 && !s->away) {
        n.budget[FOREIGN]--;
        n.db |= FOREIGN_BIT;
        n.due = true;
        walk_to(walk, &n, "another program changes the document", 0);
    }
    n = *s;
    if (s->due == 0)
        return;
    n.due = false;
    give_version(walk_config(walk), &n, n.life);
    bump(&n, 0); /* cache/move.c move_done: it is one of host A's workers */
    walk_to(walk, &n, "the follower moves the tag", 0);
}

/* --- Time --- */

static void expire(struct walk *walk, const struct state *s, unsigned writer)
{
    uint8_t bit = (uint8_t)(1u << writer);
    struct state n = *s;
    bool redis = fence_may_go(walk_config(walk), &s->writers[writer]);
    bool table = redis || has_fault(walk_config(walk), TABLE_FENCE_SHORT);

    for (unsigned i = 0; i < LIVES; i++) {
        n = *s;
        n.names[i].fences &= (uint8_t)~bit;
        n.names[i].dead &= (uint8_t)~bit;
        if (redis && (s->names[i].fences & bit) != 0)
            walk_to(walk, &n, "the fence of W# in Redis expires", writer + 1);
    }
    for (unsigned i = 0; i < HOSTS; i++) {
        n = *s;
        n.hosts[i].fences &= (uint8_t)~bit;
        if (table && (s->hosts[i].fences & bit) != 0)
            walk_to(walk, &n, "the fence of W# in the table expires", writer + 1);
    }
}

static void grow_old(struct walk *walk, const struct state *s)
{
    struct state n = *s;

    for (unsigned i = 0; i < WRITERS; i++)
        if ((s->lost >> i & 1) != 0 && !fence_may_go(walk_config(walk), &s->writers[i]))
            return;
    n.lost = 0;
    for (unsigned i = 0; i < LIVES; i++) {
        if (s->names[i].born != BORN_YOUNG)
            continue;
        n.names[i].born = BORN_OLD;
        walk_to(walk, &n, "Redis is no longer young", 0);
    }
}

/* A mark that is gone is made again: lookup.c reply_bypass, cache.c cache_ask_born. */
static void bear(struct walk *walk, const struct state *s)
{
    struct state n = *s;
    unsigned worker = 0;

    while (worker < WORKERS && (!is_ready(s, worker) || !is_used(walk_config(walk), worker)))
        worker++;
    if (worker == WORKERS)
        return;
    struct names *names = tag_names(walk_config(walk), &n, n.workers[worker].base);
    if (names->born != BORN_NIL)
        return;
    names->born = BORN_YOUNG;
    walk_to(walk, &n, "script_born: Redis is young", 0);
}

/* --- Listeners: src/cache/subscriber.c, memory/lease.c --- */

static void take_over(struct walk *walk, const struct state *s, unsigned at)
{
    const struct config *config = walk_config(walk);
    bool first = has_fault(config, VOID_FIRST);
    struct state n = *s;
    struct host *host = &n.hosts[at];

    if (host->hearing == DEAF && first) {
        bump(&n, at);
        host->hearing = VOIDED;
        walk_to(walk, &n, "the new listener of host # voids", at);
    } else if (host->hearing == DEAF) {
        host->hearing = SUBSCRIBED; /* redis_listener.c on_tracking */
        walk_to(walk, &n, "the new listener of host # is subscribed", at);
    } else if (host->hearing == VOIDED || host->hearing == SUBSCRIBED) {
        host->hearing = HEARING; /* subscriber.c on_subscribed, then on_beat */
        host->lease = true;
        if (!first && !has_fault(config, NO_VOID))
            bump(&n, at);
        walk_to(walk, &n, "the new listener of host # voids and renews the lease", at);
    }
}

static void hear(struct walk *walk, const struct state *s, unsigned at)
{
    struct state n = *s;
    struct host *host = &n.hosts[at];

    if (host->hearing >= SUBSCRIBED && host->messages > 0) {
        host->messages--; /* subscriber.c on_key, on_flush */
        bump(&n, at);
        walk_to(walk, &n, "host # hears of the tag", at);
    }
    n = *s;
    if (host->hearing == HEARING && n.budget[DEAFS]-- > 0) {
        host->hearing = DEAF;
        host->messages = 0;
        walk_to(walk, &n, "the listener of host # is cut off", at);
    }
    n = *s;
    host->lease = false;
    if (s->hosts[at].hearing != HEARING && s->hosts[at].lease)
        walk_to(walk, &n, "the lease of host # runs out", at);
    take_over(walk, s, at);
}

/* --- Host A is switched off and on: its segment is new, its workers are others --- */

static void reboot(struct walk *walk, const struct state *s)
{
    const struct config *config = walk_config(walk);
    struct state n = *s;

    if (n.budget[REBOOTS]-- == 0)
        return;
    for (unsigned i = 0; i < WRITERS; i++)
        if (host_of(config->writer_worker[i]) == 0 && n.writers[i].pc != W_IDLE &&
            n.writers[i].pc != W_END) {
            n.writers[i].pc = W_DEAD;
            n.writers[i].commit = 0;
        }
    for (unsigned i = 0; i < WORKERS; i++)
        if (host_of(i) == 0)
            lose_link(config, &n, i);
    for (unsigned i = 0; i < READERS; i++)
        if (host_of(n.readers[i].worker) == 0 && n.readers[i].pc != R_STORE)
            n.readers[i] = (struct reader){0};
    for (unsigned i = 0; i < WORKERS; i++)
        if (host_of(i) == 0)
            n.workers[i].away = n.workers[i].trust = false;
    n.payers[0] = (struct settler){0};
    n.hosts[0] = (struct host){0};
    if (!config->listeners) {
        n.hosts[0].hearing = HEARING;
        n.hosts[0].lease = true;
    }
    walk_to(walk, &n, "host A is switched off and on", 0);
}

void world_steps(struct walk *walk, const struct state *s)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        connect(walk, s, i);
        stale_look(walk, s, i);
        drop(walk, s, i);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        expire(walk, s, i);
    for (unsigned i = 0; i < HOSTS && walk_config(walk)->listeners; i++)
        hear(walk, s, i);
    restart(walk, s);
    flush(walk, s);
    grow_old(walk, s);
    bear(walk, s);
    reboot(walk, s);
    outage(walk, s);
    change(walk, s);
}
