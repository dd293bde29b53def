/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

/* src/cache/lookup.c and fill.c: a look-up that was no hit in memory. */

struct at {
    struct walk *walk;
    const struct config *config;
    const struct state *s;
    const struct reader *reader;
    unsigned i, host;
};

static void end(const struct at *at, struct state n, const char *step)
{
    n.readers[at->i] = (struct reader){0};
    walk_to(at->walk, &n, step, at->reader->worker);
}

void reader_bypass(const struct config *config, struct reader *reader)
{
    bool keep = has_fault(config, MEMORY_WITHOUT_REDIS) || has_fault(config, JOIN_ANY);

    reader->flags |= R_BYPASS;
    reader->flags &= (uint8_t) ~(R_KNOWN | R_MEMORY);
    if (has_fault(config, MEMORY_WITHOUT_REDIS))
        reader->flags |= R_MEMORY;
    reader->pc = R_FILL;
    if (!keep)
        *reader = (struct reader){0};
}

void reader_lost_link(const struct config *config, struct reader *reader)
{
    reader->flags &= (uint8_t)~R_LINKED;
    if (reader->pc >= R_ASKED && reader->pc <= R_BEGUN)
        reader_bypass(config, reader);
}

/* memory_put, by lookup.c lookup_remember: refused when the tag has moved since the snapshot. */
static void remember(const struct at *at, struct state *n, const struct reader *reader)
{
    bool still = (reader->flags & R_STILL) != 0 || has_fault(at->config, MEMORY_NO_SNAPSHOT);

    if ((reader->flags & R_MEMORY) != 0 && still && !is_flagged(n, at->host))
        n->hosts[at->host].memory = reader->value;
}

/* --- Coming --- */

/* lookup.c cache_get: state_new (memory_snapshot), lookup_start (table_bypass, asks_gather) */
static void arrive(struct walk *walk, const struct state *s, unsigned i, unsigned worker)
{
    const struct config *config = walk_config(walk);
    unsigned host = host_of(worker);
    uint8_t own = s->acked[host], other = s->acked[1 - host];
    struct state n = *s;
    struct reader *reader = &n.readers[i];
    bool look = !has_fault(config, OWED_AT_REPLY) && !has_fault(config, TABLE_NOT_OBEYED);

    *reader = (struct reader){.pc = R_ASKED,
                              .worker = (uint8_t)worker,
                              .need_own = own,
                              .need_all = own > other ? own : other,
                              .flags = R_STILL | R_LINKED,
                              .base = s->workers[worker].base};
    if (is_excused(s, worker, false))
        reader->flags |= R_EXCUSED;
    if (s->workers[worker].link != LINK_KNOWN || (look && is_flagged(s, host))) {
        reader_bypass(config, reader);
        if (reader->pc == R_NONE)
            return;
    }
    walk_to(walk, &n, "a read comes to worker #", worker);
}

/* --- MGET --- */

/* ask.c send_mget: entry, tags, born; for a look again fences, too */
static void ask(const struct at *at)
{
    struct state n = *at->s;
    struct reader *reader = &n.readers[at->i];
    const struct names *tag = tag_names(at->config, &n, reader->base);
    const struct names *entry = entry_names(at->config, &n, reader->base);

    bool retry = (reader->flags & R_RETRY) != 0 && !has_fault(at->config, RETRY_NO_FENCES);

    reader->tag = tag->tag;
    reader->reply = (retry || reader->brief) && tag->fences != 0 ? REPLY_FENCED : 0;
    if (entry->brief)
        reader->reply |= REPLY_BRIEF;
    if (tag->born != BORN_OLD && !has_fault(at->config, NO_BORN))
        reader->reply |= REPLY_YOUNG;
    reader->value = entry->value;
    reader->version = entry->version;
    reader->pc = R_REPLY;
    walk_to(at->walk, &n, "worker #: MGET", at->reader->worker);
}

/* fill.c fill_enter: joins, or begins. */
static void enter_fill(const struct at *at, struct state n, const char *step)
{
    struct reader *reader = &n.readers[at->i];
    const struct reader *owner = &n.readers[1 - at->i];
    bool unsealed = owner->pc >= R_BEGIN && owner->pc <= R_FILL && owner->worker == reader->worker;

    if (may_join(at->config, owner, reader->worker, reader->tag, false)) {
        if ((reader->flags & R_BACK) == 0)
            check_answer(at->walk, at->s, reader, owner->value,
                         "a fill that was joined answers with number #");
        end(at, n, step);
        return;
    }
    if (unsealed) {
        end(at, n, step); /* whose answer will be newer than this moment */
        return;
    }
    reader->value = reader->version = 0;
    reader->reply = reader->brief = 0;
    reader->base = n.workers[reader->worker].base;
    reader->flags |= R_LINKED;
    reader->pc = has_fault(at->config, TAGS_AFTER_QUERY) ? R_FILL : R_BEGIN;
    walk_to(at->walk, &n, step, reader->worker);
}

/* lookup.c refresh: a look-up of its own, with a snapshot of now. */
static void refresh(const struct at *at, struct state n)
{
    struct reader *reader = &n.readers[at->i];

    *reader = (struct reader){.pc = R_BEGIN,
                              .worker = at->reader->worker,
                              .need_own = n.acked[at->host],
                              .flags = R_STILL | R_LINKED | R_MEMORY | R_BACK | R_EXCUSED};
    enter_fill(at, n, "worker #: a hit, and a refill in the background");
}

/* lookup.c lookup_take; fill.c on_retry_reply, end_with_hit */
static void take_hit(const struct at *at)
{
    const struct reader *reader = at->reader;
    struct state n = *at->s;

    check_answer(at->walk, at->s, reader, reader->value, "Redis answers with number #");
    if ((reader->flags & R_RETRY) != 0) {
        struct reader waiter = *reader;
        waiter.need_own = at->s->acked[at->host];
        if (has_fault(at->config, WAITERS_TAKE_HIT))
            check_answer(at->walk, at->s, &waiter, reader->value,
                         "another worker's entry answers with number #");
        end(at, n, "worker #: another worker's entry is there");
        return;
    }
    n.readers[at->i].flags |= R_MEMORY;
    if ((reader->reply & REPLY_BRIEF) == 0 || has_fault(at->config, BRIEF_HIT_IN_MEMORY))
        remember(at, &n, &n.readers[at->i]);
    end(at, n, "worker #: a hit");
    if (at->config->refresh)
        refresh(at, n);
}

/* lookup.c lookup_judge, lookup_take; fill.c on_retry_reply */
static void take_miss(const struct at *at, uint8_t older)
{
    struct state n = *at->s;
    struct reader *reader = &n.readers[at->i];
    bool retry = (reader->flags & R_RETRY) != 0;

    reader->flags |= R_MEMORY;
    if (older != 0)
        reader->older = older;
    if (!retry) {
        enter_fill(at, n,
                   older != 0 ? "worker #: a miss, with an entry past its time"
                              : "worker #: a miss");
        return;
    }
    reader->value = reader->version = reader->reply = 0;
    if (reader->tag != 0)
        reader->flags |= R_KNOWN;
    reader->pc = R_BEGIN;
    walk_to(at->walk, &n, "worker #: not there yet, tries the lock", reader->worker);
    reader->pc = R_FILL;
    walk_to(at->walk, &n, "worker #: has waited long enough", reader->worker);
}

/* lookup.c lookup_take: the entry may be one while a fence stands only. */
static void look_at_fences(const struct at *at)
{
    struct state n = *at->s;
    struct reader *reader = &n.readers[at->i];

    reader->flags |= R_LINKED;
    reader->base = n.workers[reader->worker].base;
    reader->tag = reader->value = reader->version = reader->reply = 0;
    reader->brief = true;
    reader->pc = R_ASKED;
    walk_to(at->walk, &n, "worker #: the entry is brief, asks for fences too", reader->worker);
}

static void judge(const struct at *at)
{
    const struct reader *reader = at->reader;
    bool nil = reader->tag == 0 && !has_fault(at->config, NIL_IS_VERSION);
    bool flagged = is_flagged(at->s, at->host) && !has_fault(at->config, TABLE_NOT_OBEYED);
    struct state n = *at->s;

    if ((reader->reply & REPLY_FENCED) != 0 && !flagged &&
        has_fault(at->config, MEMORY_UNDER_FENCE)) {
        n.readers[at->i].flags |= R_BYPASS | R_MEMORY;
        n.readers[at->i].pc = R_FILL;
        walk_to(at->walk, &n, "worker #: a fence, but memory", reader->worker);
        return;
    }
    bool current = reader->value != 0 && reader->version == reader->tag && !nil;
    bool brief = current && (reader->reply & REPLY_BRIEF) != 0;

    if ((reader->reply & REPLY_YOUNG) != 0 || ((reader->reply & REPLY_FENCED) != 0 && !brief) ||
        flagged || n.workers[reader->worker].link != LINK_KNOWN) {
        reader_bypass(at->config, &n.readers[at->i]);
        walk_to(at->walk, &n, "worker #: may believe nothing", reader->worker);
        return;
    }
    if (brief && (reader->flags & R_RETRY) == 0 && !reader->brief) {
        look_at_fences(at);
    } else if (brief && (reader->reply & REPLY_FENCED) != 0) {
        take_hit(at);
    } else if (current && !brief) {
        take_hit(at);
        if (at->config->older)
            take_miss(at, reader->value);
    } else {
        take_miss(at, 0);
    }
}

/* --- Filling --- */

/* script.c script_begin, and what fill.c is_stored makes of its reply */
static void begin(const struct at *at)
{
    struct state n = *at->s;
    struct reader *reader = &n.readers[at->i];
    struct names *tag = tag_names(at->config, &n, reader->base);
    const struct names *entry = entry_names(at->config, &n, reader->base);
    bool looks = !has_fault(at->config, NO_BORN) && !has_fault(at->config, BEGIN_NO_BORN);

    reader->reply = (tag->fences & (uint8_t)~tag->dead) != 0 ? REPLY_FENCED : 0;
    reader->brief = tag->fences != 0 && !has_fault(at->config, REAP_FENCE);
    if (tag->born != BORN_OLD && looks)
        reader->reply |= REPLY_YOUNG;
    if (tag->tag == 0 && !has_fault(at->config, NIL_IS_VERSION))
        give_version(at->config, &n, reader->base);
    reader->tag = tag->tag;
    reader->pc = R_BEGUN;
    walk_to(at->walk, &n, "worker #: script_begin, without the lock", reader->worker);
    if (reader->reply != 0)
        return;
    reader->reply = REPLY_LOCKED;
    if (entry->value != 0 && entry->version == reader->tag)
        reader->reply |= REPLY_STORED;
    walk_to(at->walk, &n, "worker #: script_begin, with the lock", reader->worker);
}

/* fill.c on_begun where nothing may be stored */
static void begun_in_vain(const struct at *at)
{
    struct state n = *at->s;
    struct reader *reader = &n.readers[at->i];

    if (has_fault(at->config, MEMORY_UNDER_FENCE)) {
        reader->flags |= R_BYPASS;
        reader->reply = 0;
        reader->pc = R_FILL;
    } else {
        reader_bypass(at->config, reader);
    }
    walk_to(at->walk, &n, "worker #: nothing may be stored", at->reader->worker);
}

/* ask.c asks_again, for fill.c on_retry_reply */
static void ask_again(const struct at *at, struct state n, const char *step)
{
    struct reader *reader = &n.readers[at->i];

    reader->flags |= R_RETRY | R_LINKED;
    reader->flags &= (uint8_t) ~(R_KNOWN | R_MEMORY);
    reader->base = n.workers[reader->worker].base;
    reader->tag = reader->reply = reader->brief = 0;
    reader->pc = R_ASKED;
    if (!is_ready(at->s, reader->worker))
        reader_bypass(at->config, reader);
    walk_to(at->walk, &n, step, at->reader->worker);
}

/* fill.c on_begun, end_background */
static void begun(const struct at *at)
{
    struct state n = *at->s;
    struct reader *reader = &n.readers[at->i];
    bool locked = (reader->reply & REPLY_LOCKED) != 0;
    bool background = (reader->flags & R_BACK) != 0;

    if ((reader->reply & (REPLY_FENCED | REPLY_YOUNG)) != 0) {
        begun_in_vain(at);
        return;
    }
    if ((reader->reply & REPLY_STORED) != 0 && !background)
        ask_again(at, n, "worker #: it has been stored meanwhile, asks again");
    reader->flags |= R_KNOWN;
    if (reader->brief && !has_fault(at->config, BRIEF_IN_MEMORY))
        reader->flags &= (uint8_t)~R_MEMORY;
    reader->reply = 0;
    reader->pc = locked ? R_FILL : R_WAIT;
    if (!locked && background)
        *reader = (struct reader){0};
    walk_to(at->walk, &n, locked ? "worker #: goes on with the lock" : "worker #: another fills",
            at->reader->worker);
}

/* fill.c on_retry_time */
static void retry(const struct at *at)
{
    ask_again(at, *at->s, "worker #: asks again");
}

/* fill.c ask_database, cache_fill_seal: the question is sent, and MongoDB answers it. */
static void fill(const struct at *at)
{
    struct state n = *at->s;
    struct reader *reader = &n.readers[at->i];

    reader->value = (uint8_t)(n.db + 1);
    reader->pc = has_fault(at->config, TAGS_AFTER_QUERY) ? R_LATE_TAGS : R_ANSWERED;
    if (!n.away)
        walk_to(at->walk, &n, "worker #: MongoDB is read", reader->worker);
    else if (at->reader->older == 0)
        end(at, *at->s, "worker #: MongoDB is away: answers an error");
    if (at->reader->older != 0) { /* fill.c serve_older */
        check_answer(at->walk, at->s, at->reader, at->reader->older,
                     "an entry past its time answers with number #");
        end(at, *at->s, "worker #: MongoDB is away, the entry past its time is the answer");
    }
}

static void take_late_tags(const struct at *at)
{
    struct state n = *at->s;
    struct reader *reader = &n.readers[at->i];
    struct names *tag = tag_names(at->config, &n, reader->base);

    if (tag->tag == 0)
        give_version(at->config, &n, reader->base);
    reader->tag = tag->tag;
    reader->flags |= R_KNOWN;
    reader->pc = R_ANSWERED;
    if (tag->fences != 0 || tag->born != BORN_OLD || !is_ready(at->s, reader->worker))
        reader_bypass(at->config, reader);
    walk_to(at->walk, &n, "worker #: the tags are read, after the question", at->reader->worker);
}

/* fill.c cache_fill_done, keep */
static void done(const struct at *at)
{
    struct state n = *at->s;
    struct reader *reader = &n.readers[at->i];
    bool store = (reader->flags & R_BYPASS) == 0 && (reader->flags & R_KNOWN) != 0 &&
                 (reader->flags & R_LINKED) != 0 && is_ready(at->s, reader->worker);

    if ((reader->flags & R_BACK) == 0)
        check_answer(at->walk, at->s, reader, reader->value, "MongoDB answered with number #");
    remember(at, &n, reader);
    *reader = (struct reader){.pc = store ? R_STORE : R_NONE,
                              .worker = at->reader->worker,
                              .base = at->reader->base,
                              .tag = at->reader->tag,
                              .value = at->reader->value,
                              .brief = at->reader->brief};
    if (!store)
        *reader = (struct reader){0};
    walk_to(at->walk, &n, "worker #: answers, and keeps the answer where it may",
            at->reader->worker);
}

/* fill.c store_entry: also much later, when the connection is lost meanwhile. */
static void store(const struct at *at)
{
    struct state n = *at->s;
    struct names *entry = entry_names(at->config, &n, at->reader->base);

    entry->value = at->reader->value;
    entry->version = at->reader->tag;
    entry->brief = at->reader->brief;
    end(at, n, "worker #: SET of the entry");
}

void reader_steps(struct walk *walk, const struct state *s)
{
    static void (*const steps[])(const struct at *) = {
        [R_ASKED] = ask,
        [R_REPLY] = judge,
        [R_BEGIN] = begin,
        [R_BEGUN] = begun,
        [R_WAIT] = retry,
        [R_FILL] = fill,
        [R_LATE_TAGS] = take_late_tags,
        [R_ANSWERED] = done,
        [R_STORE] = store,
    };
    const struct config *config = walk_config(walk);
    bool came = false;

    for (unsigned i = 0; i < config->readers; i++) {
        const struct reader *reader = &s->readers[i];
        struct at at = {walk, config, s, reader, i, host_of(reader->worker)};
        if (reader->pc != R_NONE) {
            steps[reader->pc](&at);
            continue;
        }
        for (unsigned worker = 0; worker < WORKERS && !came; worker++)
            if ((config->read_on >> worker & 1) != 0)
                arrive(walk, s, i, worker);
        came = true;
    }
}
