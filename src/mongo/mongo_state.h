/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_STATE_H
#define LARDER_MONGO_MONGO_STATE_H

#include "mongo/breaker.h"
#include "mongo/driver.h"
#include "mongo/mongo.h"
#include "mongo/mongo_ping.h"

/* Inside of mongo/: the clients, their jobs, and the server's state. */

struct mongo {
    struct mongo_config config;
    char *database;
    mongoc_client_pool_t *pool;
    unsigned pending, working;
    bool closing, greeted;
    struct breaker breaker;
    struct mongo_ping *ping;
    struct mongo_job *first, *last; /* jobs not yet ended, the oldest first */
    uv_timer_t deadlines, beat;
    int64_t armed_ms; /* when the timer of the deadlines is due; 0: not running */
    void (*done)(void *context);
    void *done_context;
    unsigned handles;
};

/* mongo_health.c */

/* Tells the breaker how a job ended. */
void mongo_note(struct mongo *mongo, const struct mongo_job *job);
/* The same for a job that is past its deadline and still running. */
void mongo_note_failure(struct mongo *mongo, const struct mongo_job *job);
/* For mongo_ping. */
void mongo_on_ping(void *context, enum err err, int64_t begun_ns);
void mongo_on_beat(uv_timer_t *timer);

/* mongo_jobs.c: cancels a job, which soon ends with ERR_CANCELED. False: it is running already. */
bool mongo_call_off(struct mongo_job *job);

/* mongo_life.c: when it is closed and no job is left. */
void mongo_finish_closing(struct mongo *mongo);

#endif
