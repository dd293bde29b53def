/* SPDX-License-Identifier: BSD-2-Clause */
#include "model.h"

/* The second part of src/cache/debt.c: a round of paying, one payer a host.  It may end between any
 * two steps, since its worker may be killed and its commands may fail. */

static uint8_t view_of(const struct config *config, const struct writer *writer)
{
    if (writer->debt == DEBT_NONE)
        return VIEW_NONE;
    if (writer->debt == DEBT_CLOSED)
        return VIEW_CLOSED;
    if (has_fault(config, PAYER_DELETES_OPEN))
        return VIEW_OLD;
    return is_settled(config, writer) ? VIEW_OLD : VIEW_OPEN;
}

/* on_tick, note_marks */
static void note(struct walk *walk, const struct state *s, unsigned at)
{
    struct state n = *s;
    bool any = s->hosts[at].owed;

    for (unsigned i = 0; i < WRITERS; i++)
        any = any || s->writers[i].debt != DEBT_NONE;
    if (!any || !is_ready(s, payer_worker(at)))
        return; /* nothing to do, so the round is not followed */
    n.payers[at] =
        (struct settler){.pc = P_LIST, .noted = s->hosts[at].owed, .exact = s->hosts[at].owed};
    walk_to(walk, &n, "payer of host #: notes the mark", at);
}

/* list_debts, on_listed (mark_owed), after_listing */
static void list(struct walk *walk, const struct state *s, unsigned at)
{
    struct state n = *s;
    bool any = false;

    if (s->away)
        return;
    for (unsigned i = 0; i < WRITERS; i++) {
        n.payers[at].view[i] = view_of(walk_config(walk), &s->writers[i]);
        any = any || n.payers[at].view[i] != VIEW_NONE;
    }
    mark_owed(&n, at);
    n.payers[at].pc = any ? P_BUMP : P_DELETE;
    if (!is_ready(s, payer_worker(at)))
        n.payers[at] = (struct settler){0};
    walk_to(walk, &n, "payer of host #: lists the debts", at);
}

/* pay_more (script_bump), on_paid */
static void pay(struct walk *walk, const struct state *s, unsigned at)
{
    struct state n = *s;

    give_version(walk_config(walk), &n, s->workers[payer_worker(at)].base);
    n.payers[at].pc = P_DELETE;
    walk_to(walk, &n, "payer of host #: script_bump", at);
}

static bool may_delete(const struct config *config, const struct writer *writer, uint8_t view)
{
    bool inexact = has_fault(config, PAYER_NOT_EXACT);

    if (view == VIEW_CLOSED)
        return writer->debt == DEBT_CLOSED;
    if (view == VIEW_OLD)
        return writer->debt == DEBT_OPEN || inexact;
    return view == VIEW_OPEN && inexact && writer->debt == DEBT_CLOSED;
}

/* delete_settled, on_deleted */
static void settle_debts(struct walk *walk, const struct state *s, unsigned at)
{
    struct state n = *s;
    bool left = false;

    if (s->away)
        return;
    for (unsigned i = 0; i < WRITERS; i++) {
        uint8_t view = s->payers[at].view[i];
        bool gone = may_delete(walk_config(walk), &s->writers[i], view);
        if (gone)
            n.writers[i].debt = n.writers[i].found = 0;
        left = left || (view != VIEW_NONE && !gone);
        n.payers[at].view[i] = 0;
    }
    n.payers[at].pc = P_SETTLE;
    if (left)
        n.payers[at] = (struct settler){0};
    walk_to(walk, &n, "payer of host #: deletes what is settled", at);
}

/* settle_marks; memory/tags.c memory_settle: a new sequence, then the mark by compare-and-swap */
static void settle_mark(struct walk *walk, const struct state *s, unsigned at)
{
    struct state n = *s;

    if (n.payers[at].exact ||
        (n.payers[at].noted && has_fault(walk_config(walk), OWED_NO_GENERATION))) {
        bump(&n, at);
        n.hosts[at].owed = false;
    }
    n.payers[at] = (struct settler){0};
    walk_to(walk, &n, "payer of host #: takes its mark away", at);
}

void payer_steps(struct walk *walk, const struct state *s)
{
    static void (*const steps[])(struct walk *, const struct state *, unsigned) = {
        [P_IDLE] = note,           [P_LIST] = list,          [P_BUMP] = pay,
        [P_DELETE] = settle_debts, [P_SETTLE] = settle_mark,
    };

    for (unsigned i = 0; i < PAYERS; i++) {
        struct state n = *s;
        if ((walk_config(walk)->payers >> i & 1) == 0)
            continue;
        steps[s->payers[i].pc](walk, s, i);
        n.payers[i] = (struct settler){0};
        if (s->payers[i].pc != P_IDLE)
            walk_to(walk, &n, "payer of host #: stops there", i);
    }
}
