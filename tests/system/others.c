/* SPDX-License-Identifier: BSD-2-Clause */
/* Writers that go past the API, through the driver, and readers that go through it and tell how
 * much older each answer is than the newest of these writes.  others.py builds it and runs it.
 *
 *   others --mongo URI --collection NAME --path /api/RESOURCE --port P [--other-port P] [--seed N]
 *          [--slots N] [--still N] [--categories N] [--lists %] [--readers N] [--read-rate N/s]
 * [--reads N]
 *          [--seconds N] [--writers N] [--write-rate N/s] [--bulk N] [--deletes 0|1]
 *          [--transactions 0|1] [--drops SECONDS] [--lag MS]
 *
 * Every document ("slot") has a sequence that only grows: its price.  One writer owns it and keeps
 * what each sequence was: whether the document was there, in which category, and when MongoDB had
 * acknowledged it.  An answer's age is the time from the first acknowledgement of what it does not
 * show to the moment that it was asked for; 0 when it shows all that was acknowledged by then.  The
 * lag of a write is the age of the latest answer that did not show it.
 *
 * With --still the first N are never written, and of items only those are read.
 *
 * Ends with one line of JSON on standard output. */
#include <mongoc/mongoc.h>

#include "others.h"
#include "peer.h"

enum { SLOTS_MAX = 20000, THREADS_MAX = 256, BULK_MAX = 1000 };

struct others_options options = {.seed = 1,
                                 .slots = 60,
                                 .categories = 4,
                                 .lists = 10,
                                 .readers = 8,
                                 .reads = 1000,
                                 .seconds = 1,
                                 .writers = 2,
                                 .write_rate = 100,
                                 .bulk = 5,
                                 .lag = 250};

struct counters counters;
atomic_bool over;

size_t milliseconds(double seconds)
{
    double ms = seconds * 1000;

    return ms >= AGES ? AGES : (size_t)ms;
}

void pace(double *due, double times)
{
    double left;

    if (times <= 0)
        return;
    *due = *due + 1 / times < now() - 1 ? now() : *due + 1 / times;
    while (!atomic_load(&over) && (left = *due - now()) > 0)
        sleep_ms(left > 0.1 ? 100 : (unsigned)(left * 1000) + 1);
}

static size_t quantile(const _Atomic uint64_t counts[AGES + 1], double part)
{
    uint64_t all = 0, sum = 0;
    size_t ms = 0;

    for (size_t i = 0; i <= AGES; i++)
        all += counts[i];
    while (ms < AGES && (double)(sum += counts[ms]) < part * (double)all)
        ms++;
    return ms;
}

static void report(double took)
{
    printf("{\"seed\":%llu,\"seconds\":%.1f,\"reads\":%llu,\"reads_per_s\":%.0f,\"writes\":%llu,"
           "\"writes_per_s\":%.0f,\"drops\":%llu,\"unknown_writes\":%llu,\"read_errors\":%llu,"
           "\"ahead\":%llu,\"unknown_ages\":%llu,\"memory\":%llu,\"redis\":%llu,\"database\":%llu,"
           "\"older\":%llu,\"later\":%llu,\"age_p99_ms\":%zu,\"age_max_ms\":%zu,\"lag_p50_ms\":%zu,"
           "\"lag_p99_ms\":%zu,\"lag_max_ms\":%zu}\n",
           (unsigned long long)options.seed, took, (unsigned long long)counters.reads,
           (double)counters.reads / took, (unsigned long long)counters.writes,
           (double)counters.writes / took, (unsigned long long)counters.drops,
           (unsigned long long)counters.unknown_writes, (unsigned long long)counters.read_errors,
           (unsigned long long)counters.ahead, (unsigned long long)counters.unknown_ages,
           (unsigned long long)counters.from_memory, (unsigned long long)counters.from_redis,
           (unsigned long long)counters.from_database, (unsigned long long)counters.older,
           (unsigned long long)counters.later, quantile(counters.ages, 0.99),
           quantile(counters.ages, 1), quantile(counters.lags, 0.5), quantile(counters.lags, 0.99),
           quantile(counters.lags, 1));
}

static void options_read(int argc, char **argv)
{
    const struct {
        const char *name;
        uint64_t *number;
        const char **text;
    } known[] = {
        {"--mongo", NULL, &options.mongo},
        {"--collection", NULL, &options.collection},
        {"--path", NULL, &options.path},
        {"--port", &options.port, NULL},
        {"--other-port", &options.other_port, NULL},
        {"--seed", &options.seed, NULL},
        {"--slots", &options.slots, NULL},
        {"--still", &options.still, NULL},
        {"--categories", &options.categories, NULL},
        {"--lists", &options.lists, NULL},
        {"--readers", &options.readers, NULL},
        {"--read-rate", &options.read_rate, NULL},
        {"--reads", &options.reads, NULL},
        {"--seconds", &options.seconds, NULL},
        {"--writers", &options.writers, NULL},
        {"--write-rate", &options.write_rate, NULL},
        {"--bulk", &options.bulk, NULL},
        {"--deletes", &options.deletes, NULL},
        {"--transactions", &options.transactions, NULL},
        {"--drops", &options.drops, NULL},
        {"--lag", &options.lag, NULL},
    };

    for (int i = 1; i + 1 < argc; i += 2) {
        size_t at = 0;
        while (at < sizeof known / sizeof known[0] && strcmp(known[at].name, argv[i]) != 0)
            at++;
        if (at == sizeof known / sizeof known[0])
            fail("unknown option");
        if (known[at].text != NULL)
            *known[at].text = argv[i + 1];
        else
            *known[at].number = strtoull(argv[i + 1], NULL, 10);
    }
    if (options.mongo == NULL || options.collection == NULL || options.path == NULL ||
        options.port == 0 || options.readers == 0 || options.readers > THREADS_MAX ||
        options.writers == 0 || options.writers > THREADS_MAX || options.slots > SLOTS_MAX ||
        options.slots < options.still + options.writers || options.bulk > BULK_MAX ||
        options.seed == 0 || options.categories == 0 || (options.lists > 0 && options.slots > 100))
        fail("bad options");
}

int main(int argc, char **argv)
{
    pthread_t readers[THREADS_MAX], writers[THREADS_MAX], dropper;
    double begun;

    options_read(argc, argv);
    mongoc_init();
    slots_make();
    writers_make_all();
    fprintf(stderr, "ready\n");
    begun = now();
    for (unsigned i = 0; i < options.writers; i++)
        pthread_create(&writers[i], NULL, write_on, (void *)(uintptr_t)i);
    for (unsigned i = 0; i < options.readers; i++)
        pthread_create(&readers[i], NULL, read_on, (void *)(uintptr_t)i);
    if (options.drops > 0)
        pthread_create(&dropper, NULL, drop_on, NULL);
    while (atomic_load(&counters.reads) < options.reads || now() - begun < (double)options.seconds)
        sleep_ms(10);
    atomic_store(&over, true);
    for (unsigned i = 0; i < options.readers; i++)
        pthread_join(readers[i], NULL);
    for (unsigned i = 0; i < options.writers; i++)
        pthread_join(writers[i], NULL);
    if (options.drops > 0)
        pthread_join(dropper, NULL);
    begun = now() - begun;
    slots_finish();
    report(begun);
    free(slots);
    mongoc_cleanup();
    return 0;
}
