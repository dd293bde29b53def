/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "others.h"
#include "peer.h"

struct reader {
    struct peer *peers[2];
    unsigned peer_count;
    uint64_t random;
    char target[256];
};

static unsigned get(struct reader *reader, struct peer **peer)
{
    char text[512];
    int len =
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: larder\r\n\r\n", reader->target);
    unsigned status;

    *peer = reader->peers[pick(&reader->random, reader->peer_count)];
    (*peer)->cache[0] = '\0';
    status = peer_ask(*peer, text, (size_t)len, true);
    if (status != 200 && status != 404) {
        if (atomic_fetch_add(&counters.read_errors, 1) < TOLD_MAX)
            fprintf(stderr, "error at %.3f: %s: status %u\n", now(), reader->target, status);
        return status;
    }
    atomic_fetch_add(strstr((*peer)->cache, "detail=memory") ? &counters.from_memory
                     : strstr((*peer)->cache, "; hit")       ? &counters.from_redis
                                                             : &counters.from_database,
                     1);
    return status;
}

static void count_age(const struct reader *reader, const struct peer *peer, double age)
{
    atomic_fetch_add(&counters.reads, 1);
    atomic_fetch_add(&counters.ages[milliseconds(age)], 1);
    atomic_fetch_add(&counters.older, age > 0);
    if (age * 1000 <= (double)options.lag || atomic_fetch_add(&counters.later, 1) >= TOLD_MAX)
        return;
    fprintf(stderr, "LATE at %.3f: %s: %.0f ms [port %u, %s]\n", now(), reader->target, age * 1000,
            peer->port, peer->cache);
}

static void read_item(struct reader *reader)
{
    uint64_t count = options.still > 0 ? options.still : options.slots;
    struct slot *slot = &slots[pick(&reader->random, (unsigned)count)];
    struct shown shown = {ABSENT, 0};
    double asked = now();
    struct peer *peer;
    const char *price;
    unsigned status;

    snprintf(reader->target, sizeof reader->target, "%s/%s", options.path, slot->text);
    status = get(reader, &peer);
    if (status != 200 && status != 404)
        return;
    price = status == 200 ? strstr(peer->body, "\"price\":") : NULL;
    if (price != NULL)
        shown = (struct shown){PRICE, (unsigned)strtoul(price + 8, NULL, 10)};
    count_age(reader, peer, slot_age(slot, asked, &shown));
}

static void read_list(struct reader *reader)
{
    char mark[64];
    int mark_len =
        snprintf(mark, sizeof mark, "\"name\":\"" OTHERS_NAME, (unsigned long long)options.seed);
    unsigned category = pick(&reader->random, (unsigned)options.categories), prices[100] = {0};
    double asked = now(), age = 0;
    const char *at;
    struct peer *peer;

    snprintf(reader->target, sizeof reader->target, "%s?category=" OTHERS_NAME "%u&limit=100",
             options.path, (unsigned long long)options.seed, category);
    if (get(reader, &peer) != 200)
        return;
    for (at = peer->body; (at = strstr(at, mark)) != NULL;) {
        unsigned long i = strtoul(at += mark_len, NULL, 10);
        const char *price = strstr(at, "\"price\":");
        if (i < options.slots && price != NULL)
            prices[i] = (unsigned)strtoul(price + 8, NULL, 10);
    }
    for (unsigned i = 0; i < options.slots; i++) {
        struct shown shown = {prices[i] > 0 ? PRICE : ELSEWHERE,
                              prices[i] > 0 ? prices[i] : category};
        double slots_age = slot_age(&slots[i], asked, &shown);
        age = slots_age > age ? slots_age : age;
    }
    count_age(reader, peer, age);
}

void *read_on(void *number)
{
    unsigned me = (unsigned)(uintptr_t)number;
    struct reader *reader = calloc(1, sizeof *reader);
    double due = now();

    if (reader == NULL)
        fail("out of memory");
    reader->random = options.seed * 7919 + me + 1;
    reader->peers[reader->peer_count++] = peer_new((unsigned)options.port);
    if (options.other_port != 0)
        reader->peers[reader->peer_count++] = peer_new((unsigned)options.other_port);
    while (!atomic_load(&over)) {
        pace(&due, (double)options.read_rate / (double)options.readers);
        if (pick(&reader->random, 100) < options.lists)
            read_list(reader);
        else
            read_item(reader);
    }
    for (unsigned i = 0; i < reader->peer_count; i++) {
        peer_drop(reader->peers[i]);
        free(reader->peers[i]);
    }
    free(reader);
    return NULL;
}
