/* SPDX-License-Identifier: BSD-2-Clause */
#include <bson/bson.h>
#include <stdlib.h>

#include "others.h"
#include "peer.h"

struct slot *slots;

struct state *slot_state(struct slot *slot, unsigned seq)
{
    return &slot->states[seq % HISTORY];
}

static void slot_finish(struct state *state)
{
    if (state->acked > 0)
        atomic_fetch_add(&counters.lags[milliseconds(state->late)], 1);
}

void slot_begin(struct slot *slot, bool exists, unsigned category)
{
    pthread_mutex_lock(&slot->lock);
    slot->newest++;
    slot_finish(slot_state(slot, slot->newest));
    *slot_state(slot, slot->newest) = (struct state){.exists = exists, .category = category};
    pthread_mutex_unlock(&slot->lock);
}

void slot_end(struct slot *slot, bool good, double when)
{
    pthread_mutex_lock(&slot->lock);
    slot->unsure = !good;
    if (good)
        slot_state(slot, slot->newest)->acked = when;
    pthread_mutex_unlock(&slot->lock);
    atomic_fetch_add(good ? &counters.writes : &counters.unknown_writes, 1);
}

static bool is_shown(const struct state *state, unsigned seq, const struct shown *shown)
{
    switch (shown->what) {
    case PRICE: return seq == shown->value;
    case ABSENT: return !state->exists;
    case ELSEWHERE: break;
    }
    return !state->exists || state->category != shown->value;
}

double slot_age(struct slot *slot, double asked, const struct shown *shown)
{
    double age = 0;
    unsigned seq;

    pthread_mutex_lock(&slot->lock);
    if (shown->what == PRICE && shown->value > slot->newest)
        atomic_fetch_add(&counters.ahead, 1);
    for (seq = slot->newest; !is_shown(slot_state(slot, seq), seq, shown); seq--) {
        struct state *state = slot_state(slot, seq);
        if (seq == 0 || slot->newest - seq == HISTORY - 1) {
            atomic_fetch_add(&counters.unknown_ages, 1);
            break;
        }
        if (state->acked <= 0 || state->acked >= asked)
            continue;
        age = asked - state->acked;
        if (age > state->late)
            state->late = age;
    }
    pthread_mutex_unlock(&slot->lock);
    return age;
}

void slots_finish(void)
{
    for (size_t i = 0; i < options.slots; i++)
        for (size_t j = 0; j < HISTORY; j++)
            slot_finish(&slots[i].states[j]);
}

void slots_make(void)
{
    slots = calloc(options.slots, sizeof *slots);
    if (slots == NULL)
        fail("out of memory");
    for (unsigned i = 0; i < options.slots; i++) {
        bson_oid_t id;
        pthread_mutex_init(&slots[i].lock, NULL);
        bson_oid_init(&id, NULL);
        memcpy(slots[i].id, id.bytes, sizeof slots[i].id);
        bson_oid_to_string(&id, slots[i].text);
        slots[i].states[0].category = i % (unsigned)options.categories;
    }
}
