/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_RECEIPT_H
#define LARDER_APP_WRITE_RECEIPT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "http/request.h"
#include "mongo/collection.h"
#include "schema/resource.h"

/* Receipts of requests with an Idempotency-Key, for 24 hours: documents of "larder_receipts", {_id:
 * SHA-256 of user, route and key; print: SHA-256 of the body (and of method and query, except for
 * POST); state, document, leaseUntil, status, head, body, expiresAt}. The unique _id decides which
 * request is first, with or without Redis. The receipt also fixes the new document's id, so a
 * worker that takes over from a dead one cannot create it twice. */

extern const struct bookkeeping receipts;

enum { RECEIPT_LEASE_MS = 15000, RECEIPT_HEX = 2 * SHA256_SIZE };

enum receipt_verdict {
    RECEIPT_FIRST,      /* execute the request */
    RECEIPT_UNDER_WAY,  /* the first request is being executed */
    RECEIPT_OTHER_BODY, /* the key was used for another request */
    RECEIPT_REPLAY,     /* status, head and body are the first answer */
    RECEIPT_GONE        /* the first answer is known, but the created document is gone */
};

struct receipt {
    char id[RECEIPT_HEX], print[RECEIPT_HEX];
    struct oid document; /* id of the new document */
    bool of_anybody;     /* sent without a session: refusals are not stored */
    enum receipt_verdict verdict;
    unsigned status;
    struct str head; /* header lines; the arena's */
    struct buf body;
    struct arena arena;
};

/* who, where (the route) and the client's key make the id; the key and the request's body the
 * print. */
void receipt_init(struct receipt *receipt, struct str who, struct str where, struct str key,
                  const struct request *request);
void receipt_free(struct receipt *receipt);

/* All of these on a thread. Sets the verdict; with FIRST the receipt is leased for
 * RECEIPT_LEASE_MS. ERR_CONFLICT: other requests won every try; or the database's error. */
enum err receipt_claim(struct mongo_db *db, struct receipt *receipt);
/* Sets the verdict while another request with the key is known to run: never FIRST. */
enum err receipt_peek(struct mongo_db *db, struct receipt *receipt);
/* For REPLAY of a single document: turns the verdict to GONE if the document does not exist, as
 * after a restored backup.
 */
enum err receipt_look(struct mongo_db *db, struct receipt *receipt, struct str collection,
                      enum id_type type);
/* Stores status, head and body. Removes the receipt instead for a 5xx, and for a refusal without a
 * session, so that the request can be sent again. */
enum err receipt_keep(struct mongo_db *db, const struct receipt *receipt);

#endif
