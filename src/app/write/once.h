/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_ONCE_H
#define LARDER_APP_WRITE_ONCE_H

#include "app/people/auth.h"

/* Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a POST with a key is executed once;
 * repeats get the first answer (app/write/receipt.h). */

enum { ONCE_KEY_MAX = 255 };

/* Calls next if this request is to be executed; else answers: 400 for a bad key, 409 while the
 * first request runs, 422 if the key was used with another body, or the first answer with
 * "Idempotent-Replayed: true". A refused registration uses no key up. */
void once_begin(struct visit *visit, void (*next)(struct visit *visit));
/* Whether the request has a key; then *id is the _id of its i-th new document. */
bool once_id(const struct request *request, size_t i, struct oid *id);

#endif
