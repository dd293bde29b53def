/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/histogram.h"

#include <sched.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/metrics_slot.h"

enum { PATIENCE = 1000, BUCKETS = HISTOGRAM_BUCKETS };

static const struct {
    int64_t ns;
    const char *text;
} bounds[BUCKETS] = {
    {100000, "0.0001"},  {250000, "0.00025"}, {500000, "0.0005"},  {1000000, "0.001"},
    {2500000, "0.0025"}, {5000000, "0.005"},  {10000000, "0.01"},  {25000000, "0.025"},
    {50000000, "0.05"},  {100000000, "0.1"},  {250000000, "0.25"}, {500000000, "0.5"},
    {1000000000, "1"},   {2500000000, "2.5"}, {5000000000, "5"},   {10000000000, "10"},
};

enum family {
    FAMILY_NONE,
    FAMILY_REQUEST,
    FAMILY_REDIS,
    FAMILY_MONGO,
    FAMILY_QUEUE,
    FAMILY_LOOP,
    FAMILY_HOLD
};
static const struct {
    const char *name, *help;
} families[] = {
    [FAMILY_REQUEST] = {"request_duration", "From a request's first byte to its answer's last"},
    [FAMILY_REDIS] = {"redis_duration", "From a command of Redis to its reply"},
    [FAMILY_MONGO] = {"mongo_duration", "From a command of MongoDB to its reply"},
    [FAMILY_QUEUE] = {"queue_wait", "How long operations of MongoDB waited for a thread"},
    [FAMILY_LOOP] = {"loop_delay", "How much later than due the loop came to a timer"},
    [FAMILY_HOLD] = {"loop_hold", "Turns of the loop that took two milliseconds or more"},
};

static const struct {
    enum family family;
    const char *labels;
} fixed[HISTOGRAM_FIXED] = {
#define HISTOGRAM_ROW(id, family_, labels_)                                                        \
    [HISTOGRAM_##id] = {.family = FAMILY_##family_, .labels = (labels_)},
    HISTOGRAM_LIST(HISTOGRAM_ROW)
#undef HISTOGRAM_ROW
};

unsigned histogram_bucket(int64_t ns)
{
    unsigned bucket = 0;

    while (bucket < BUCKETS && ns > bounds[bucket].ns)
        bucket++;
    return bucket;
}

void histogram_add(unsigned which, int64_t ns)
{
    struct histogram_counts *counts = &metrics_map.own->histograms[which];

    atomic_fetch_add_explicit(&counts->buckets[histogram_bucket(ns)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counts->ns, ns > 0 ? (uint64_t)ns : 0, memory_order_relaxed);
}

void histogram_add_all(unsigned which, const uint64_t buckets[static BUCKETS + 1], uint64_t ns)
{
    struct histogram_counts *counts = &metrics_map.own->histograms[which];

    for (size_t i = 0; i <= BUCKETS; i++)
        atomic_fetch_add_explicit(&counts->buckets[i], buckets[i], memory_order_relaxed);
    atomic_fetch_add_explicit(&counts->ns, ns, memory_order_relaxed);
}

/* --- Places for routes --- */

/* Waits until the place's writer has published it, or takes it away from a writer that does not
 * come to that. */
static void settle(struct histogram_place *place)
{
    uint32_t claimed = PLACE_CLAIMED;

    for (int i = 0; i < PATIENCE; i++) {
        if (atomic_load(&place->state) != PLACE_CLAIMED)
            return;
        sched_yield();
    }
    atomic_compare_exchange_strong(&place->state, &claimed, PLACE_GIVEN_UP);
}

static bool take_place(struct metrics_head *head, struct histogram_place *place, struct str labels,
                       size_t limit)
{
    uint32_t free = PLACE_FREE, claimed = PLACE_CLAIMED;

    if (atomic_load(&head->used) >= limit ||
        !atomic_compare_exchange_strong(&place->state, &free, PLACE_CLAIMED))
        return false;
    atomic_fetch_add(&head->used, 1);
    memcpy(place->labels, labels.ptr, labels.len);
    return atomic_compare_exchange_strong(&place->state, &claimed, PLACE_READY);
}

static bool has_labels(const struct histogram_place *place, struct str labels)
{
    return atomic_load(&place->state) == PLACE_READY &&
           strncmp(place->labels, labels.ptr, HISTOGRAM_LABELS_SIZE) == 0;
}

/* All look from the same place on, so two that come with the same labels meet there. */
static unsigned find_place(struct str labels, size_t limit)
{
    struct metrics_head *head = metrics_map.head;
    size_t at = hash64(labels.ptr, labels.len) % HISTOGRAM_ROUTES;

    for (size_t i = 0; i < HISTOGRAM_ROUTES; i++, at = (at + 1) % HISTOGRAM_ROUTES) {
        struct histogram_place *place = &head->places[at];
        bool free = atomic_load(&place->state) == PLACE_FREE;

        if (free && take_place(head, place, labels, limit))
            return HISTOGRAM_FIXED + (unsigned)at;
        if (free && atomic_load(&place->state) == PLACE_FREE)
            break; /* as many as may be are in use */
        settle(place);
        if (has_labels(place, labels))
            return HISTOGRAM_FIXED + (unsigned)at;
    }
    return HISTOGRAM_NONE;
}

unsigned histogram_route(struct str route, struct str method, unsigned status, size_t limit)
{
    char labels[HISTOGRAM_LABELS_SIZE] = {0};
    int len = snprintf(labels, sizeof labels, "route=\"%.*s\",method=\"%.*s\",status=\"%uxx\"",
                       (int)route.len, route.ptr, (int)method.len, method.ptr, status);
    unsigned other = HISTOGRAM_OTHER_2XX + status - 2, found = HISTOGRAM_NONE;

    if (len > 0 && (size_t)len < sizeof labels && strcmp(labels, fixed[other].labels) != 0)
        found = find_place(str_make(labels, (size_t)len + 1), limit);
    return found != HISTOGRAM_NONE ? found : other;
}

/* --- Text --- */

uint64_t histograms_layout(void)
{
    uint64_t sum = HISTOGRAM_ROUTES;

    for (size_t i = 0; i < HISTOGRAM_FIXED; i++)
        sum = sum * 31 + hash64(fixed[i].labels, strlen(fixed[i].labels));
    for (size_t i = 0; i < BUCKETS; i++)
        sum = sum * 31 + (uint64_t)bounds[i].ns;
    return sum;
}

static bool sum_up(size_t which, uint64_t buckets[static BUCKETS + 1], uint64_t *ns)
{
    uint64_t count = 0;

    memset(buckets, 0, (BUCKETS + 1) * sizeof *buckets);
    *ns = 0;
    for (int i = 0; i <= METRICS_SLOTS; i++) {
        const struct metrics_slot *slot = metrics_slot(i);

        for (int b = 0; slot != NULL && b <= BUCKETS; b++)
            buckets[b] +=
                atomic_load_explicit(&slot->histograms[which].buckets[b], memory_order_relaxed);
        if (slot != NULL)
            *ns += atomic_load_explicit(&slot->histograms[which].ns, memory_order_relaxed);
    }
    for (int b = 0; b <= BUCKETS; b++)
        count += buckets[b];
    return count > 0;
}

static void put_one(struct buf *out, const char *name, const char *labels, size_t which)
{
    const char *comma = labels[0] != '\0' ? "," : "", *open = labels[0] != '\0' ? "{" : "",
               *close = labels[0] != '\0' ? "}" : "";
    uint64_t buckets[BUCKETS + 1], ns, count = 0;

    if (!sum_up(which, buckets, &ns))
        return;
    for (int b = 0; b <= BUCKETS; b++) {
        count += buckets[b];
        buf_printf(out, "larder_%s_seconds_bucket{%s%sle=\"%s\"} %llu\n", name, labels, comma,
                   b < BUCKETS ? bounds[b].text : "+Inf", (unsigned long long)count);
    }
    buf_printf(out, "larder_%s_seconds_sum%s%s%s %llu.%09llu\n", name, open, labels, close,
               (unsigned long long)(ns / 1000000000), (unsigned long long)(ns % 1000000000));
    buf_printf(out, "larder_%s_seconds_count%s%s%s %llu\n", name, open, labels, close,
               (unsigned long long)count);
}

void histograms_text(struct buf *out)
{
    struct metrics_head *head = metrics_map.head;

    for (enum family family = FAMILY_REQUEST; family <= FAMILY_HOLD; family++) {
        const char *name = families[family].name;

        buf_printf(out, "# HELP larder_%s_seconds %s.\n# TYPE larder_%s_seconds histogram\n", name,
                   families[family].help, name);
        for (size_t i = 0; i < HISTOGRAM_FIXED; i++)
            if (fixed[i].family == family)
                put_one(out, name, fixed[i].labels, i);
        for (size_t i = 0; family == FAMILY_REQUEST && i < HISTOGRAM_ROUTES; i++)
            if (atomic_load(&head->places[i].state) == PLACE_READY)
                put_one(out, name, head->places[i].labels, HISTOGRAM_FIXED + i);
    }
}
