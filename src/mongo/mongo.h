/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_H
#define LARDER_MONGO_MONGO_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/str.h"
#include "mongo/mongo_common.h"

/* MongoDB's clients, and the threads that wait for them.  The driver blocks, so each job runs on a
 * thread of libuv's pool (UV_THREADPOOL_SIZE must be at least .threads, set before the loop's first
 * job) with a client of its own.  The number of jobs is bounded, and while MongoDB cannot be
 * reached a breaker refuses jobs at once.  Pings decide that, on a thread and a connection of their
 * own (breaker.h): one after a failure, and then until one gets through. */

struct mongo;
struct mongo_db; /* a job's client; see mongo/collection.h */

/* Clients reserved for threads that call mongo_run. */
enum { MONGO_BESIDE = 3 };

struct mongo_config {
    uv_loop_t *loop;
    const char *uri;
    /* 0 means the default in parentheses. */
    unsigned threads;          /* (4) jobs at work, and clients in the pool */
    unsigned queue;            /* (64) jobs waiting for a thread */
    unsigned breaker_failures; /* (3) in a row, the last one a ping's: then the breaker opens */
    unsigned breaker_ms;       /* (250) between two pings until MongoDB is reached again */
    unsigned beat_ms;          /* between two pings while all is well; 0: none then */
    const char *collection;    /* ("larder") that a ping reads from; borrowed */
    void *context;
    /* On the loop, after each change of mongo_up(); may be NULL. */
    void (*on_change)(void *context, bool up);
};

/* Reads the URI, and sets what it leaves open: wtimeoutMS=3000, readConcernLevel=majority,
 * serverSelectionTimeoutMS=2000, connectTimeoutMS=1000, socketTimeoutMS=5000,
 * waitQueueTimeoutMS=2000, appname=larder, database "larder"; and even if it says otherwise,
 * w=majority, readPreference=primary, retryReads=false and retryWrites=false (a retried write could
 * fall outside its fence).  ERR_SYNTAX for a URI that is none, ERR_UNSUPPORTED for options that
 * switch off the verification of certificates; *why is a static text that holds nothing of the URI.
 * Does not fork well: call it in the worker. */
enum err mongo_new(const struct mongo_config *config, struct mongo **out, const char **why);
/* Jobs not begun are canceled, those at work and a ping under way are waited for (on the loop),
 * then done(context) is called (may be NULL) and all is freed. */
void mongo_close(struct mongo *mongo, void (*done)(void *context), void *context);

/* False while the breaker is open. */
bool mongo_up(const struct mongo *mongo);
/* When the first ping since MongoDB's last answer failed, by clock_mono_ns(); 0: none has failed.
 */
int64_t mongo_away_ns(const struct mongo *mongo);

/* Milliseconds since MongoDB's last answer to a job or a ping; INT64_MAX: none yet. */
int64_t mongo_silent_ms(const struct mongo *mongo);

/* Checks whether MongoDB answers reads, without waiting behind jobs. Calls told on the loop, once,
 * within about a second, with OK, DENIED, TIMEOUT, UNAVAILABLE or CANCELED. The caller keeps the
 * struct until then. */
void mongo_ask(struct mongo *mongo, struct mongo_ask *ask);

/* One piece of work.  The caller owns the memory, sets the first part, zeroes the rest, and leaves
 * it alone until release. */
struct mongo_job {
    /* On a thread, with a client that is this job's alone.  What it returns goes to done;
     * ERR_UNAVAILABLE, ERR_UNKNOWN and a deadline that passes meanwhile make a ping find out
     * whether the server is there, unless it has answered: a write that no majority confirms is
     * none of those. */
    enum err (*work)(struct mongo_db *db, void *context);
    /* On the loop, exactly once, never inside mongo_submit.  Usually work's result.  At the
     * deadline without waiting for work: ERR_TIMEOUT, or ERR_UNKNOWN for a write that has begun;
     * then work may still be running, and what it writes to is not to be touched before release. */
    void (*done)(void *context, enum err err);
    /* On the loop, exactly once, after done, usually right after it: nothing here is used any more
     * and the job may be freed.  May be NULL. */
    void (*release)(void *context);
    void *context;
    int64_t deadline_ms; /* by clock_mono_ms(); 0: none.  Reads are given no more time than this */
    bool write;

    struct mongo *mongo;
    struct trace *trace; /* the request's, if it is one's */
    int64_t queued_ns, begun_ns, took_ns;
    struct mongo_job *prev, *next;
    uv_work_t request;
    atomic_int stage;
    enum err err;
    bool told, answered;
    bool left; /* told at its deadline: work may be running until release */
};

/* ERR_OK: done will be called.  Else it will not, and neither will release: ERR_BUSY when threads
 * and queue are full, ERR_UNAVAILABLE while the breaker is open or after mongo_close. */
enum err mongo_submit(struct mongo *mongo, struct mongo_job *job);
/* As mongo_submit, but a refused job's done (with the error) and release are called at once. */
void mongo_submit_or_tell(struct mongo *mongo, struct mongo_job *job);

/* libmongoc's version, such as "1.23.1"; static. */
const char *mongo_driver_version(void);

/* For programs without a loop, and for at most MONGO_BESIDE threads beside one: runs work in this
 * thread, with a client of the pool and no deadline. */
enum err mongo_run(struct mongo *mongo, enum err (*work)(struct mongo_db *db, void *context),
                   void *context);

#endif
