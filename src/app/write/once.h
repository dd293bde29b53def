/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_ONCE_H
#define LARDER_APP_WRITE_ONCE_H

#include "app/people/auth.h"

/* Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a POST that carries one is carried
 * out once, and answered as at first from then on (app/write/receipt.h). */

enum { ONCE_KEY_MAX = 255 };

/* Calls next when this request is to be carried out; else answers: 400 for a bad key, 409 while
 * another one is under way, 422 when the key was used for another body, or the first one's answer
 * with "Idempotent-Replayed: true".  A registration that was refused has used no key. */
void once_begin(struct visit *visit, void (*next)(struct visit *visit));
/* Whether the request carries a key, and then in *id what its i-th new document is to be called. */
bool once_id(const struct request *request, size_t i, struct oid *id);

#endif
