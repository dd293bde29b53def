/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_WRITE_H
#define LARDER_APP_WRITE_WRITE_H

#include <jansson.h>

#include "app/app_state.h"
#include "app/refused.h"

/* A write, step by step: read the document and check the request against it, fence the tags, write
 * to MongoDB, release the fence, answer the client.  write.c has the steps; each kind of write
 * provides functions for them. */

struct write;

struct write_kind {
    size_t size; /* of the kind's struct, whose first member is struct write */
    /* On a thread: reads what judge needs. NULL: no read and no judge. */
    enum err (*read)(struct mongo_db *db, struct write *write);
    /* On the loop, with the result of read: sets tags and totals and returns true, or answers and
     * returns false. */
    bool (*judge)(struct write *write, enum err err);
    /* On a thread: writes to MongoDB. Called in time; BUSY if it is too late for a second
     * operation. */
    enum err (*work)(struct mongo_db *db, struct write *write);
    void (*answer)(struct write *write); /* the write happened */
    void (*failed)(struct write *write,
                   enum err err); /* the write did not happen, or may have; NULL: write_fail */
    void (*destroy)(struct write *write); /* may be NULL */
};

/* The current step. */
enum write_step { WRITE_READ, WRITE_FENCE, WRITE_WORK, WRITE_RELEASE };

struct write {
    struct cache_write cache; /* first */
    const struct write_kind *kind;
    enum write_step step;
    struct app *app;
    const struct plan *plan;
    struct request *request;
    struct arena arena; /* owned by the write, which may outlast the request */
    unsigned users;     /* references: by the request and by each job */
    struct mongo_job reading, working;
    enum err outcome;
    struct refusal refusal; /* with EXISTS and REFUSED */

    struct str *tags;           /* unique */
    struct cache_total *totals; /* NULL for kinds without totals */
    struct str *own;            /* set by write_own */
    size_t partitions;          /* number of partition tags, or a number beyond the bound */
};

/* Returns the kind's struct, zeroed except for its struct write. */
void *write_new(const struct write_kind *kind, struct app *app, const struct plan *plan,
                struct request *request);
/* Starts with the first step; again after a write that did not happen. */
void write_start(struct write *write);
/* Call when the request is answered; the last reference frees the write. */
void write_done(struct write *write);
/* Answers an error and calls write_done. */
void write_fail(struct write *write, enum err err);

/* Answers {"success":true,"data":<json>}, without data too large for an answer. from: the buffer
 * that owns json, which the answer takes over, or NULL. */
void write_send(struct write *write, unsigned status, struct str json, struct buf *from);

/* Returns the body, an object or (if allowed) an array; or answers and returns NULL. */
json_t *write_body(struct request *request, bool allow_array, struct problem *problem);

#endif
