/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_OTHERS_H
#define LARDER_TESTS_OTHERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Inside of the program: what its files share. */

enum { HISTORY = 64, TOLD_MAX = 10, AGES = 60000 };

/* What names of documents and of categories begin with: the seed. */
#define OTHERS_NAME "others-%llu-"

struct others_options {
    const char *mongo, *collection, *path;
    uint64_t port, other_port, seed, slots, categories, lists, readers, read_rate, reads, seconds,
        still, writers, write_rate, bulk, deletes, transactions, drops, lag;
};
extern struct others_options options;

struct counters {
    _Atomic uint64_t reads, older, later, ahead, unknown_ages, read_errors, writes, unknown_writes,
        drops, from_memory, from_redis, from_database;
    _Atomic uint64_t ages[AGES + 1], lags[AGES + 1]; /* by milliseconds; the last: and more */
};
extern struct counters counters;
extern atomic_bool over;

size_t milliseconds(double seconds);
/* Sleeps until it is this thread's turn again: so many times a second, 0: at once. */
void pace(double *due, double times);

/* --- others_slots.c --- */

struct state {
    bool exists;
    unsigned category;
    double acked; /* 0: not yet, or never known */
    double late;  /* age of the latest answer that did not show it */
};

struct slot {
    pthread_mutex_t lock;
    unsigned char id[12];
    char text[25];
    unsigned newest; /* sent */
    bool unsure;     /* the newest may have come about or not */
    struct state states[HISTORY];
};
extern struct slot *slots;

/* What an answer shows of a slot. */
struct shown {
    enum { PRICE, ABSENT, ELSEWHERE } what;
    unsigned value; /* the price; the category that it is not in */
};

void slots_make(void);
/* Counts the lags of the writes that are known. */
void slots_finish(void);
struct state *slot_state(struct slot *slot, unsigned seq);
void slot_begin(struct slot *slot, bool exists, unsigned category);
void slot_end(struct slot *slot, bool good, double when);
/* Of what was asked for then; 0: it shows all that was acknowledged by then. */
double slot_age(struct slot *slot, double asked, const struct shown *shown);

/* --- others_write.c, others_read.c: threads, until it is over --- */

void writers_make_all(void);
void *write_on(void *number);
void *drop_on(void *nothing);
void *read_on(void *number);

#endif
