/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_RECEIPT_H
#define LARDER_APP_WRITE_RECEIPT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "http/request.h"
#include "mongo/collection.h"
#include "schema/resource.h"

/* What is kept of a request with an Idempotency-Key, for 24 hours: documents of "larder_receipts",
 * {_id: SHA-256 of who, where and key; print: of the body (but of POST, of method and query
 * too); state, document, leaseUntil, status,
 * head, body, expiresAt}.  The unique _id decides who is first, with Redis or without.  The id of
 * what is to be made is chosen there too, so one who takes over from a worker that died, or did
 * not learn the outcome, cannot make it twice. */

extern const struct bookkeeping receipts;

enum { RECEIPT_LEASE_MS = 15000, RECEIPT_HEX = 2 * SHA256_SIZE };

enum receipt_verdict {
    RECEIPT_FIRST,      /* the request is to be carried out */
    RECEIPT_UNDER_WAY,  /* another one is */
    RECEIPT_OTHER_BODY, /* the key was used for another request */
    RECEIPT_REPLAY,     /* status, head and body are the first one's answer */
    RECEIPT_GONE        /* they would be, but what was made is not there any more */
};

struct receipt {
    char id[RECEIPT_HEX], print[RECEIPT_HEX];
    struct oid document; /* what is made has this id */
    bool of_anybody;     /* anybody may send it, as often as they like: refusals are not kept */
    enum receipt_verdict verdict;
    unsigned status;
    struct str head; /* header lines; the arena's */
    struct buf body;
    struct arena arena;
};

/* Who asks, where (the route), and the client's key make its id; the key and the request's body its
 * print. */
void receipt_init(struct receipt *receipt, struct str who, struct str where, struct str key,
                  const struct request *request);
void receipt_free(struct receipt *receipt);

/* On a thread, all of these.  Sets the verdict, and with FIRST holds the request for
 * RECEIPT_LEASE_MS; CONFLICT when others were quicker all the time, or the database's error. */
enum err receipt_claim(struct mongo_db *db, struct receipt *receipt);
/* Sets the verdict where another request with the key is known to be under way: never FIRST. */
enum err receipt_peek(struct mongo_db *db, struct receipt *receipt);
/* Of REPLAY and a document of the collection that was made by itself: looks whether it is there, as
 * it is not after an older state of the database was restored, and else turns the verdict to GONE.
 */
enum err receipt_look(struct mongo_db *db, struct receipt *receipt, struct str collection,
                      enum id_type type);
/* Keeps status, head and body; an error of the server's, or anybody's, is forgotten instead, so
 * that the request may be sent again. */
enum err receipt_keep(struct mongo_db *db, const struct receipt *receipt);

#endif
