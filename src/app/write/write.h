/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_WRITE_H
#define LARDER_APP_WRITE_WRITE_H

#include <jansson.h>

#include "app/app_state.h"
#include "app/refused.h"

/* A write, step by step: read the document and check the request against it, fence the tags, write
 * to MongoDB, release the fence, answer the client.  write.c has the steps; each kind of write has
 * its functions for them. */

struct write;

struct write_kind {
    size_t size; /* of the kind's struct, which begins with struct write */
    /* On a thread: reads what is to be judged.  NULL: neither is needed. */
    enum err (*read)(struct mongo_db *db, struct write *write);
    /* On the loop, with read's result: sets tags and totals (true), or answers (false). */
    bool (*judge)(struct write *write, enum err err);
    /* On a thread, and in time; BUSY when it is not in time for a second question. */
    enum err (*work)(struct mongo_db *db, struct write *write);
    void (*answer)(struct write *write);               /* it happened */
    void (*failed)(struct write *write, enum err err); /* or not; NULL: write_fail */
    void (*destroy)(struct write *write);              /* may be NULL */
};

/* Where it is: what has begun and not ended. */
enum write_step { WRITE_READ, WRITE_FENCE, WRITE_WORK, WRITE_RELEASE };

struct write {
    struct cache_write cache; /* first */
    const struct write_kind *kind;
    enum write_step step;
    struct app *app;
    const struct plan *plan;
    struct request *request;
    struct arena arena; /* the work's own: it may outlast the request */
    unsigned users;     /* the request and each job */
    struct mongo_job reading, working;
    enum err outcome;
    struct refusal refusal; /* with EXISTS and REFUSED: the fields */

    struct str *tags;           /* as many as the kind needs, none twice */
    struct cache_total *totals; /* likewise; NULL for kinds that count nothing */
    struct str *own;            /* write_own's */
    size_t partitions;          /* tags of such, or too many of them */
};

/* The kind's struct, zeroed but for its write. */
void *write_new(const struct write_kind *kind, struct app *app, const struct plan *plan,
                struct request *request);
/* Begins with the first step, once more after a write that did not happen. */
void write_start(struct write *write);
/* The request is answered: the memory goes with its last user. */
void write_done(struct write *write);
/* The answer to an error, and write_done. */
void write_fail(struct write *write, enum err err);

/* 200 or 201 with {"success":true,"data":<json>}; without the data where they are larger than an
 * answer can be.  from: the buffer that json is in, which the answer takes, or NULL. */
void write_send(struct write *write, unsigned status, struct str json, struct buf *from);

/* The body as one object or array (when allowed), or the answer is given and NULL is returned. */
json_t *write_body(struct request *request, bool allow_array, struct problem *problem);

#endif
