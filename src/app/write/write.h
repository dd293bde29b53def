/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_WRITE_H
#define LARDER_APP_WRITE_WRITE_H

#include "app/refused.h"
#include <jansson.h>

#include "app/state.h"

/* A write's life: the cache is told, MongoDB does it, the cache is told again, the client is
 * answered.  What all kinds of writes have in common. */

struct write {
    struct cache_write cache; /* first */
    struct app *app;
    const struct plan *plan;
    struct request *request;
    struct arena arena; /* the work's own: it may outlast the request */
    unsigned users;     /* the request and each job */
    struct mongo_job job;
    enum err outcome;
    struct refusal refusal; /* with EXISTS and REFUSED: the fields */

    struct str *tags;           /* as many as the kind needs, none twice */
    struct cache_total *totals; /* likewise; NULL for kinds that count nothing */
    struct str *own;            /* write_own's */
    size_t partitions;          /* tags of such, or too many of them */
    /* On a thread, and in time; BUSY when it is not in time for a second question. */
    enum err (*work)(struct mongo_db *db, struct write *write);
    void (*answer)(struct write *write);               /* it happened */
    void (*failed)(struct write *write, enum err err); /* or not; NULL: write_fail */
    void (*destroy)(struct write *write);              /* may be NULL */
};

/* size: of the kind's struct, which begins with struct write; zeroed. */
void *write_new(size_t size, struct app *app, const struct plan *plan, struct request *request);
/* Room for all tags and totals that a write of documents may have. */
void write_room(struct write *write);
/* Adds a tag unless it is empty or there. */
void write_tag(struct write *write, struct str tag);
/* The tag of an item; those of its collection, and of the partitions that a document (its BSON) is
 * in, whose totals outlive the write. */
void write_tag_item(struct write *write, struct str id);
void write_tag_collection(struct write *write);
void write_tag_partitions(struct write *write, struct str document);
/* Those of all partitions: where they are not known. */
void write_tag_all_partitions(struct write *write);
/* The visitor's, or that of whom a document belongs to; none for what is no ObjectId. */
void write_tag_owner(struct write *write, const struct value *owner);
/* In work, when it has happened: by so many more (or fewer) documents like this one. */
void write_count(struct write *write, struct str document, int by);
/* In work, when it has happened: that this item was made or changed to this document, or removed
 * (empty).  Who follows the database then knows the change as ours.  At most
 * CACHE_WRITE_OWN_MAX; what is not told is taken for another program's, which costs a miss. */
void write_own(struct write *write, struct str id, struct str document);
/* Fences the tags, works, and ends with answer or failed. */
void write_start(struct write *write);
/* Counts a job that uses the write's memory; write_release is its release. */
void write_use(struct write *write);
void write_release(void *write);
/* The request is answered: the memory goes with its last user. */
void write_done(struct write *write);
/* The answer to an error, and write_done. */
void write_fail(struct write *write, enum err err);

/* 200 or 201 with {"success":true,"data":<json>}; without the data where they are larger than an
 * answer can be. */
void write_send(struct write *write, unsigned status, struct str json);

/* The body as one object or array (when allowed), or the answer is given and NULL is returned. */
json_t *write_body(struct request *request, bool allow_array, struct problem *problem);

#endif
