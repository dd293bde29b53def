/* SPDX-License-Identifier: BSD-2-Clause */
/* Writers and readers that together prove that no answer is older than a write acknowledged before
 * the read began.  checker.py builds it, runs it and disturbs the stack meanwhile.
 *
 *   checker [--port P] [--read-port P] [--seed N] [--reads N] [--seconds S] [--readers N]
 *           [--writers N] [--pause MS] [--path /api/RESOURCE] [--list 0|1] [--number 0|1]
 *           [--token T] [--other T]
 *
 * The resource at --path has fields name, price and category as products have them, its ids are of
 * 24 characters; with --list 1 category is an array, with --number 1 a number. --token is what
 * writers and readers are signed in with. --other is the token of somebody who must see none of it:
 * their reads are among the others.
 *
 * Every product here ("slot") has a sequence that only grows: its price.  One writer owns it, so
 * `acked` (the newest acknowledged) and `started` (the newest sent) bound what a reader may see:
 * acked is read before the request is sent, started after the answer has come.  A slot is
 *   steady:   always there, in one category
 *   moving:   always there, in one of two categories by turns
 *   flicker:  there while its sequence is odd
 * When the outcome of a POST stays unknown, the slot goes on under another generation (part of the
 * name), and the total of its category has one more item that may be there or not ("limbo").
 *
 * Ends with one line of JSON on standard output, and status 0 unless something was stale. */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

enum {
    CATEGORIES = 4,
    SLOTS = 32, /* 8 a category: 4 steady, 2 moving, 2 flickers */
    TARGET_MAX = 512,
    ID_LEN = 24,
    BUCKETS = 400, /* of latencies: 8 a doubling, from 1 µs */
    TOLD_MAX = 10  /* stale answers that are described */
};

enum kind { STEADY, MOVING, FLICKER };

/* What is known of a slot at one moment. */
struct view {
    unsigned gen, acked, started;
    char id[ID_LEN + 1];
};

struct slot {
    pthread_mutex_t lock;
    struct view now;
    enum kind kind;
    unsigned home, away; /* categories; the same unless it moves */
};

static struct {
    unsigned port, read_port, readers, writers, pause_ms;
    uint64_t seed, reads;
    double seconds;
    const char *path, *token, *other;
    bool list, number;
} options = {.path = "/api/products",
             .token = "",
             .other = "",
             .readers = 12,
             .writers = 4,
             .pause_ms = 200,
             .reads = 20000,
             .seconds = 1};

static struct slot slots[SLOTS];
static _Atomic unsigned limbo[CATEGORIES];
static _Atomic uint64_t reads, stale, ahead, other_reads, read_errors, writes, unknown_writes,
    answers[600];
static _Atomic uint64_t from_edge, from_memory, from_redis, from_database, not_modified;
static atomic_bool over;

/* --- HTTP --- */

/* The header line of a token, or nothing. */
static void authorize(const char *token, char *to, size_t size)
{
    to[0] = '\0';
    if (token[0] != '\0')
        snprintf(to, size, "Authorization: Bearer %s\r\n", token);
}

__attribute__((format(printf, 4, 5))) static unsigned
request(struct peer *peer, const char *method, const char *target, const char *body_format, ...)
{
    char text[TARGET_MAX + 1024], body[512] = "", authorization[256];
    va_list args;
    int len;

    authorize(options.token, authorization, sizeof authorization);

    va_start(args, body_format);
    vsnprintf(body, sizeof body, body_format, args);
    va_end(args);
    len = snprintf(text, sizeof text,
                   "%s %s HTTP/1.1\r\nHost: larder\r\n%sContent-Type: application/%s\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   method, target, authorization,
                   strcmp(method, "PATCH") == 0 ? "merge-patch+json" : "json", strlen(body), body);
    return peer_ask(peer, text, (size_t)len, false);
}

/* --- Slots --- */

static bool exists(const struct slot *slot, unsigned seq)
{
    return slot->kind == FLICKER ? seq % 2 == 1 : seq > 0;
}

static unsigned category_at(const struct slot *slot, unsigned seq)
{
    return slot->kind == MOVING && seq % 2 == 0 ? slot->away : slot->home;
}

static bool is_in(const struct slot *slot, unsigned seq, unsigned category)
{
    return exists(slot, seq) && category_at(slot, seq) == category;
}

static bool may_be_in(const struct slot *slot, unsigned category)
{
    return slot->home == category || slot->away == category;
}

static struct view look(struct slot *slot)
{
    struct view view;

    pthread_mutex_lock(&slot->lock);
    view = slot->now;
    pthread_mutex_unlock(&slot->lock);
    return view;
}

static void look_all(struct view views[SLOTS])
{
    for (unsigned i = 0; i < SLOTS; i++)
        views[i] = look(&slots[i]);
}

/* Whether nothing was written to the slot between the two looks, so that its state is known. */
static bool unchanged(const struct view *before, const struct view *after)
{
    return before->gen == after->gen && before->acked == after->started;
}

static void category_name(unsigned category, char *to, size_t size)
{
    if (options.number)
        snprintf(to, size, "%llu", (unsigned long long)options.seed % 100000000 * 10 + category);
    else
        snprintf(to, size, "chk-%llx-%u", (unsigned long long)options.seed, category);
}

/* The value that a document is given. */
static void category_json(unsigned category, char *to, size_t size)
{
    char name[64];

    category_name(category, name, sizeof name);
    snprintf(to, size, options.number ? "%s" : options.list ? "[\"%s\"]" : "\"%s\"", name);
}

/* --- Writers --- */

static void set_started(struct slot *slot, unsigned seq)
{
    pthread_mutex_lock(&slot->lock);
    slot->now.started = seq;
    pthread_mutex_unlock(&slot->lock);
}

static void set_acked(struct slot *slot, unsigned seq, const char *id)
{
    pthread_mutex_lock(&slot->lock);
    slot->now.acked = seq;
    if (id != NULL)
        snprintf(slot->now.id, sizeof slot->now.id, "%s", id);
    pthread_mutex_unlock(&slot->lock);
    atomic_fetch_add(&writes, 1);
}

static void abandon(struct slot *slot)
{
    atomic_fetch_add(&limbo[slot->home], 1);
    pthread_mutex_lock(&slot->lock);
    slot->now = (struct view){.gen = slot->now.gen + 1};
    pthread_mutex_unlock(&slot->lock);
}

static bool make(struct peer *peer, struct slot *slot, unsigned seq)
{
    char category[80], id[ID_LEN + 1];
    const char *at;
    unsigned status;

    category_json(category_at(slot, seq), category, sizeof category);
    status = request(
        peer, "POST", options.path, "{\"name\":\"chk-%llx-%u-%u\",\"price\":%u,\"category\":%s}",
        (unsigned long long)options.seed, (unsigned)(slot - slots), slot->now.gen, seq, category);
    at = status == 201 ? strstr(peer->body, "\"_id\":\"") : NULL;
    if (at == NULL)
        return false;
    snprintf(id, sizeof id, "%.24s", at + 7);
    set_acked(slot, seq, id);
    return true;
}

static bool change(struct peer *peer, struct slot *slot, unsigned seq)
{
    char target[TARGET_MAX], category[80];
    const char *method = seq % 3 == 0 ? "PATCH" : "PUT";
    unsigned status;

    snprintf(target, sizeof target, "%s/%s", options.path, slot->now.id);
    if (slot->kind == MOVING) {
        category_json(category_at(slot, seq), category, sizeof category);
        status = request(peer, method, target, "{\"price\":%u,\"category\":%s}", seq, category);
    } else {
        status = request(peer, method, target, "{\"price\":%u}", seq);
    }
    if (status == 200)
        set_acked(slot, seq, NULL);
    return status == 200;
}

static bool destroy(struct peer *peer, struct slot *slot, unsigned seq)
{
    char target[64];
    unsigned status;

    snprintf(target, sizeof target, "%s/%s", options.path, slot->now.id);
    status = request(peer, "DELETE", target, "%s", "");
    if (status == 200 || status == 404)
        set_acked(slot, seq, NULL);
    return status == 200 || status == 404;
}

/* A DELETE whose outcome is unknown is repeated under the same sequence. */
static void write_once(struct peer *peer, struct slot *slot)
{
    unsigned seq = slot->now.started + 1;
    bool done;

    if (slot->kind == FLICKER && slot->now.started % 2 == 0 && slot->now.started != slot->now.acked)
        seq = slot->now.started;
    set_started(slot, seq);
    if (slot->kind != FLICKER)
        done = change(peer, slot, seq);
    else if (seq % 2 == 1)
        done = make(peer, slot, seq);
    else
        done = destroy(peer, slot, seq);
    if (done)
        return;
    atomic_fetch_add(&unknown_writes, 1);
    if (slot->kind == FLICKER && seq % 2 == 1)
        abandon(slot);
    /* What was sent may still be on its way to the database, and must not come after the next. */
    sleep_ms(400);
}

static void *write_on(void *argument)
{
    unsigned me = (unsigned)(uintptr_t)argument;
    uint64_t random = options.seed * 977 + me + 1;
    struct peer *peer = peer_new(options.port);

    while (!atomic_load(&over)) {
        unsigned i = pick(&random, (SLOTS - me + options.writers - 1) / options.writers);
        write_once(peer, &slots[me + i * options.writers]);
        sleep_ms(pick(&random, 2 * options.pause_ms + 1));
    }
    peer_drop(peer);
    free(peer);
    return NULL;
}

/* --- Readers --- */

struct reader {
    struct peer *peer;
    uint64_t random;
    char target[TARGET_MAX];
    char etags[SLOTS][PEER_ETAG_MAX]; /* of an item as last read, and what it said */
    unsigned etag_gens[SLOTS], etag_values[SLOTS];
    char etag_ids[SLOTS][ID_LEN + 1];
    char next[TARGET_MAX]; /* the page that follows the last one read */
    unsigned next_category;
    uint64_t latencies[BUCKETS];
};

__attribute__((format(printf, 2, 3))) static void complain(const struct reader *reader,
                                                           const char *format, ...)
{
    char text[256];
    va_list args;

    if (atomic_fetch_add(&stale, 1) >= TOLD_MAX)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "STALE at %.3f: %s: %s [%s]\n", now(), reader->target, text,
            reader->peer->cache);
}

static void count_latency(struct reader *reader, double seconds)
{
    double us = seconds * 1e6;
    unsigned bucket = 0;

    while (us > 1 && bucket < BUCKETS - 1) {
        us /= 1.0905; /* the eighth root of 2 */
        bucket++;
    }
    reader->latencies[bucket]++;
}

static void count_source(const struct peer *peer, unsigned status)
{
    atomic_fetch_add(&reads, 1);
    atomic_fetch_add(&answers[status], 1);
    if (strstr(peer->cache, "detail=edge"))
        atomic_fetch_add(&from_edge, 1);
    else if (strstr(peer->cache, "detail=memory"))
        atomic_fetch_add(&from_memory, 1);
    else if (strstr(peer->cache, "; hit"))
        atomic_fetch_add(&from_redis, 1);
    else
        atomic_fetch_add(&from_database, 1);
}

static unsigned get_as(struct reader *reader, const char *token, const char *etag)
{
    char text[TARGET_MAX + 512], authorization[256];
    double begun = now();
    unsigned status;
    int len;

    authorize(token, authorization, sizeof authorization);
    len = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: larder\r\n%s%s%s%s\r\n",
                   reader->target, authorization, etag ? "If-None-Match: " : "", etag ? etag : "",
                   etag ? "\r\n" : "");

    reader->peer->cache[0] = '\0';
    status = peer_ask(reader->peer, text, (size_t)len, true);
    count_latency(reader, now() - begun);
    count_source(reader->peer, status);
    if (status != 200 && status != 304 && status != 404) {
        if (atomic_fetch_add(&read_errors, 1) < TOLD_MAX)
            fprintf(stderr, "error at %.3f: %s: status %u\n", now(), reader->target, status);
    }
    return status;
}

static unsigned get(struct reader *reader, const char *etag)
{
    return get_as(reader, options.token, etag);
}

/* The number behind "price": in the object that at points into. */
static bool price_after(const char *at, unsigned *price)
{
    at = strstr(at, "\"price\":");
    if (at == NULL)
        return false;
    *price = (unsigned)strtoul(at + 8, NULL, 10);
    return true;
}

static void check_bounds(const struct reader *reader, unsigned i, unsigned price,
                         const struct view *before, const struct view *after)
{
    if (price < before->acked)
        complain(reader, "slot %u is %u, acknowledged was %u", i, price, before->acked);
    if (before->gen == after->gen && price > after->started)
        atomic_fetch_add(&ahead, 1);
}

static void read_item(struct reader *reader)
{
    unsigned i = pick(&reader->random, SLOTS), status, price = 0;
    struct view before = look(&slots[i]), after;
    bool same = reader->etag_gens[i] == before.gen && strcmp(reader->etag_ids[i], before.id) == 0;
    const char *etag =
        same && reader->etags[i][0] && pick(&reader->random, 2) == 0 ? reader->etags[i] : NULL;
    static const char *const spellings[] = {"", "?utm_source=mail", "?_=17"};

    if (before.id[0] == '\0')
        return;
    snprintf(reader->target, sizeof reader->target, "%s/%s%s", options.path, before.id,
             spellings[pick(&reader->random, 3)]);
    status = get(reader, etag);
    after = look(&slots[i]);
    if (status == 404) {
        if (unchanged(&before, &after) && exists(&slots[i], before.acked))
            complain(reader, "slot %u is absent, it exists since %u", i, before.acked);
        return;
    }
    if (status == 304) {
        atomic_fetch_add(&not_modified, 1);
        price = reader->etag_values[i];
    } else if (status != 200 || !price_after(reader->peer->body, &price)) {
        return;
    }
    check_bounds(reader, i, price, &before, &after);
    snprintf(reader->etags[i], PEER_ETAG_MAX, "%s", reader->peer->etag);
    snprintf(reader->etag_ids[i], sizeof reader->etag_ids[i], "%s", before.id);
    reader->etag_gens[i] = before.gen;
    reader->etag_values[i] = price;
}

/* Checks every product of ours in the answer, and marks those seen.  Returns how many. */
static unsigned check_products(const struct reader *reader, const struct view before[SLOTS],
                               const struct view after[SLOTS], bool seen[SLOTS])
{
    char mark[64];
    int mark_len =
        snprintf(mark, sizeof mark, "\"name\":\"chk-%llx-", (unsigned long long)options.seed);
    const char *at = reader->peer->body;
    unsigned count = 0;

    while ((at = strstr(at, mark)) != NULL) {
        char *end;
        unsigned long i = strtoul(at + mark_len, &end, 10), gen;
        unsigned price;

        gen = *end == '-' ? strtoul(end + 1, NULL, 10) : 0;
        at += mark_len;
        if (i >= SLOTS || !price_after(at, &price))
            continue;
        count++;
        if (gen != before[i].gen)
            continue;
        seen[i] = true;
        check_bounds(reader, (unsigned)i, price, &before[i], &after[i]);
    }
    return count;
}

static void check_membership(const struct reader *reader, unsigned category,
                             const struct view before[SLOTS], const struct view after[SLOTS],
                             const bool seen[SLOTS])
{
    for (unsigned i = 0; i < SLOTS; i++) {
        bool in = is_in(&slots[i], before[i].acked, category);

        if (!may_be_in(&slots[i], category) || !unchanged(&before[i], &after[i]))
            continue;
        if (in && !seen[i])
            complain(reader, "slot %u is missing, it is there since %u", i, before[i].acked);
        if (!in && seen[i])
            complain(reader, "slot %u is still there, it went with %u", i, before[i].acked);
    }
}

static void check_total(const struct reader *reader, unsigned category,
                        const struct view before[SLOTS], const struct view after[SLOTS])
{
    const char *at = strstr(reader->peer->body, "\"total\":");
    unsigned least = 0, most = 0;
    unsigned long total;

    if (at == NULL)
        return;
    total = strtoul(at + 8, NULL, 10);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (!may_be_in(&slots[i], category))
            continue;
        if (!unchanged(&before[i], &after[i])) {
            most++;
        } else if (is_in(&slots[i], before[i].acked, category)) {
            least++;
            most++;
        }
    }
    most += atomic_load(&limbo[category]);
    if (total < least || total > most)
        complain(reader, "the total is %lu, not %u to %u", total, least, most);
}

static void keep_next(struct reader *reader, unsigned category, const char *query)
{
    const char *at = strstr(reader->peer->body, "\"next\":\"");
    size_t len = at ? strcspn(at + 8, "\"") : 0;

    reader->next[0] = '\0';
    if (len == 0 || len > 200)
        return;
    snprintf(reader->next, sizeof reader->next, "%s?%s&after=%.*s", options.path, query, (int)len,
             at + 8);
    reader->next_category = category;
}

/* All of a category at once: values, who is there, and the total. */
static void read_category(struct reader *reader)
{
    static const char *const spellings[] = {"category=%s&limit=100",
                                            "limit=100&category=%s",
                                            "category=%s&limit=100&page=1",
                                            "limit=100&sort=-createdAt&category=%s&utm_source=x",
                                            "category=%s&limit=99",
                                            "_=4&sort=price&category=%s&limit=100",
                                            "category=%s&limit=100&fields=name,price",
                                            "fields=price,name&category=%s&limit=100",
                                            "category=%s&minPrice=0&limit=100"};
    unsigned category = pick(&reader->random, CATEGORIES);
    struct view before[SLOTS], after[SLOTS];
    bool seen[SLOTS] = {false};
    char name[64], query[256];

    category_name(category, name, sizeof name);
    snprintf(query, sizeof query, spellings[pick(&reader->random, 9)], name);
    snprintf(reader->target, sizeof reader->target, "%s?%s", options.path, query);
    look_all(before);
    if (get(reader, NULL) != 200)
        return;
    look_all(after);
    check_products(reader, before, after, seen);
    check_membership(reader, category, before, after, seen);
    check_total(reader, category, before, after);
}

/* A page of a few: values and the total. */
static void read_page(struct reader *reader)
{
    static const char *const sorts[] = {"", "&sort=price", "&sort=-price", "&sort=name"};
    unsigned category = pick(&reader->random, CATEGORIES), status;
    struct view before[SLOTS], after[SLOTS];
    bool seen[SLOTS] = {false};
    char name[64], query[256] = "";

    if (reader->next[0] != '\0') {
        category = reader->next_category;
        snprintf(reader->target, sizeof reader->target, "%s", reader->next);
        reader->next[0] = '\0';
    } else {
        category_name(category, name, sizeof name);
        snprintf(query, sizeof query, "category=%s&limit=3%s", name,
                 sorts[pick(&reader->random, 4)]);
        snprintf(reader->target, sizeof reader->target, "%s?%s&page=%u", options.path, query,
                 1 + pick(&reader->random, 2));
    }
    look_all(before);
    status = get(reader, NULL);
    if (status != 200)
        return;
    look_all(after);
    check_products(reader, before, after, seen);
    check_total(reader, category, before, after);
    if (query[0] != '\0')
        keep_next(reader, category, query);
}

/* Some by their ids, and the newest of all categories. */
static void read_ids(struct reader *reader)
{
    struct view before[SLOTS], after[SLOTS];
    bool seen[SLOTS] = {false}, asked[SLOTS] = {false};
    size_t len = (size_t)snprintf(reader->target, TARGET_MAX, "%s?ids=", options.path);

    look_all(before);
    for (unsigned n = 0; n < 5; n++) {
        unsigned i = pick(&reader->random, SLOTS);
        if (before[i].id[0] == '\0' || asked[i])
            continue;
        asked[i] = true;
        len += (size_t)snprintf(reader->target + len, TARGET_MAX - len, "%s%s",
                                reader->target[len - 1] == '=' ? "" : ",", before[i].id);
    }
    if (reader->target[len - 1] == '=' || get(reader, NULL) != 200)
        return;
    look_all(after);
    check_products(reader, before, after, seen);
    for (unsigned i = 0; i < SLOTS; i++)
        if (asked[i] && unchanged(&before[i], &after[i]) &&
            seen[i] != exists(&slots[i], before[i].acked))
            complain(reader, "slot %u is %s among the ids, and was not at %u", i,
                     seen[i] ? "there" : "absent", before[i].acked);
}

static void read_all(struct reader *reader)
{
    static const char *const spellings[] = {
        "", "?page=1", "?limit=20&utm_medium=y", "?limit=100", "?sort=price&limit=50", "/featured"};
    struct view before[SLOTS], after[SLOTS];
    bool seen[SLOTS] = {false};
    bool has_featured = strcmp(options.path, "/api/products") == 0;

    snprintf(reader->target, sizeof reader->target, "%s%s", options.path,
             spellings[pick(&reader->random, has_featured ? 6 : 5)]);
    look_all(before);
    if (get(reader, NULL) != 200)
        return;
    look_all(after);
    check_products(reader, before, after, seen);
}

/* Somebody else asks for the same: there is nothing, whatever the cache has been asked before. */
static void read_as_other(struct reader *reader)
{
    unsigned i = pick(&reader->random, SLOTS), kind = pick(&reader->random, 3), status;
    struct view view = look(&slots[i]);
    char name[64];

    if (options.other[0] == '\0' || view.id[0] == '\0')
        return;
    category_name(slots[i].home, name, sizeof name);
    if (kind == 0)
        snprintf(reader->target, sizeof reader->target, "%s/%s", options.path, view.id);
    else if (kind == 1)
        snprintf(reader->target, sizeof reader->target, "%s?category=%s&limit=100", options.path,
                 name);
    else
        snprintf(reader->target, sizeof reader->target, "%s?ids=%s", options.path, view.id);
    status = get_as(reader, options.other, NULL);
    atomic_fetch_add(&other_reads, 1);
    if (status == 304 || (status == 200 && (kind == 0 || strstr(reader->peer->body, "chk-") ||
                                            !strstr(reader->peer->body, "\"total\":0"))))
        complain(reader, "slot %u is shown to somebody else", i);
}

static struct reader *reader_new(unsigned me)
{
    struct reader *reader = calloc(1, sizeof *reader);

    if (reader == NULL)
        fail("out of memory");
    reader->random = options.seed * 7919 + me + 1;
    reader->peer = peer_new(options.read_port);
    return reader;
}

static void *read_on(void *argument)
{
    static void (*const kinds[])(struct reader *) = {
        read_item, read_item, read_item, read_item, read_category, read_category,
        read_page, read_page, read_ids,  read_all,  read_as_other};
    struct reader *reader = reader_new((unsigned)(uintptr_t)argument);

    while (!atomic_load(&over))
        kinds[pick(&reader->random, sizeof kinds / sizeof *kinds)](reader);
    peer_drop(reader->peer);
    free(reader->peer);
    return reader;
}

/* --- The run --- */

static void slots_make(void)
{
    struct peer *peer = peer_new(options.port);

    for (unsigned i = 0; i < SLOTS; i++) {
        struct slot *slot = &slots[i];

        pthread_mutex_init(&slot->lock, NULL);
        slot->home = slot->away = i % CATEGORIES;
        slot->kind = i / CATEGORIES < 4 ? STEADY : i / CATEGORIES < 6 ? MOVING : FLICKER;
        if (slot->kind == MOVING)
            slot->away = (slot->home + 1) % CATEGORIES;
        set_started(slot, 1);
        if (!make(peer, slot, 1)) {
            fprintf(stderr, "%s\n", peer->body);
            fail("a product cannot be made");
        }
    }
    peer_drop(peer);
    free(peer);
}

static double quantile(const uint64_t latencies[BUCKETS], double part)
{
    uint64_t all = 0, sum = 0;
    double us = 1;

    for (unsigned i = 0; i < BUCKETS; i++)
        all += latencies[i];
    for (unsigned i = 0; i < BUCKETS; i++, us *= 1.0905) {
        sum += latencies[i];
        if ((double)sum >= part * (double)all)
            break;
    }
    return us / 1000;
}

static void report(const uint64_t latencies[BUCKETS], double took)
{
    printf("{\"seed\":%llu,\"reads\":%llu,\"writes\":%llu,\"stale\":%llu,\"ahead\":%llu,"
           "\"read_errors\":%llu,\"unknown_writes\":%llu,\"seconds\":%.1f,\"reads_per_s\":%.0f,"
           "\"edge\":%llu,\"memory\":%llu,\"redis\":%llu,\"database\":%llu,\"not_modified\":%llu,"
           "\"other_reads\":%llu,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.1f}\n",
           (unsigned long long)options.seed, (unsigned long long)reads, (unsigned long long)writes,
           (unsigned long long)stale, (unsigned long long)ahead, (unsigned long long)read_errors,
           (unsigned long long)unknown_writes, took, (double)reads / took,
           (unsigned long long)from_edge, (unsigned long long)from_memory,
           (unsigned long long)from_redis, (unsigned long long)from_database,
           (unsigned long long)not_modified, (unsigned long long)other_reads,
           quantile(latencies, 0.5), quantile(latencies, 0.99), quantile(latencies, 1));
}

static void options_read(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned long long value = strtoull(argv[i + 1], NULL, 10);

        if (strcmp(argv[i], "--port") == 0)
            options.port = (unsigned)value;
        else if (strcmp(argv[i], "--read-port") == 0)
            options.read_port = (unsigned)value;
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = value;
        else if (strcmp(argv[i], "--reads") == 0)
            options.reads = value;
        else if (strcmp(argv[i], "--seconds") == 0)
            options.seconds = (double)value;
        else if (strcmp(argv[i], "--readers") == 0)
            options.readers = (unsigned)value;
        else if (strcmp(argv[i], "--writers") == 0)
            options.writers = (unsigned)value;
        else if (strcmp(argv[i], "--pause") == 0)
            options.pause_ms = (unsigned)value;
        else if (strcmp(argv[i], "--path") == 0)
            options.path = argv[i + 1];
        else if (strcmp(argv[i], "--list") == 0)
            options.list = value != 0;
        else if (strcmp(argv[i], "--number") == 0)
            options.number = value != 0;
        else if (strcmp(argv[i], "--token") == 0)
            options.token = argv[i + 1];
        else if (strcmp(argv[i], "--other") == 0)
            options.other = argv[i + 1];
        else
            fail("unknown option");
    }
    if (options.read_port == 0)
        options.read_port = options.port;
    if (options.port == 0 || options.readers == 0 || options.readers > 256 ||
        options.writers == 0 || options.writers > SLOTS)
        fail("bad options");
}

int main(int argc, char **argv)
{
    pthread_t readers[256], writers[SLOTS];
    uint64_t latencies[BUCKETS] = {0};
    double begun;

    options_read(argc, argv);
    slots_make();
    fprintf(stderr, "ready\n");
    begun = now();
    for (unsigned i = 0; i < options.writers; i++)
        pthread_create(&writers[i], NULL, write_on, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < options.readers; i++)
        pthread_create(&readers[i], NULL, read_on, (void *)(uintptr_t)i);
    while (atomic_load(&reads) < options.reads || now() - begun < options.seconds)
        sleep_ms(10);
    atomic_store(&over, true);
    for (unsigned i = 0; i < options.readers; i++) {
        void *result;
        pthread_join(readers[i], &result);
        for (unsigned b = 0; b < BUCKETS; b++)
            latencies[b] += ((struct reader *)result)->latencies[b];
        free(result);
    }
    for (unsigned i = 0; i < options.writers; i++)
        pthread_join(writers[i], NULL);
    report(latencies, now() - begun);
    return stale > 0 ? 1 : 0;
}
