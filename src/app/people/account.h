/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_ACCOUNT_H
#define LARDER_APP_PEOPLE_ACCOUNT_H

#include "app/people/passwords.h"
#include "app/people/proof.h"
#include "app/people/users.h"
#include "app/write/validate.h"
#include "app/write/write.h"
#include "base/email.h"

/* Shared by the handlers that create and change accounts. */

/* Normalises the draft's email, if it has one. Returns false if it is invalid; see problem. */
bool account_email(struct assignments *draft, char room[static EMAIL_MAX], struct problem *problem,
                   struct str *email);
/* Checks the draft's new password, if it has one. Returns false if it is invalid; see problem. */
bool account_password(const struct assignments *draft, struct problem *problem);
/* Returns the job that hashes it for this account; the caller sets done and context. */
struct password_job account_hashing(const struct app *app, const struct request *request,
                                    const struct assignments *draft, struct str email);
/* Answers with the account and calls write_done. */
void account_send(struct write *write, unsigned status, const struct profile *profile);
/* write_kind.failed: 409 if another account has the email. */
void account_failed(struct write *write, enum err err);
/* Reads the id of an account that the request's visitor may see and change: their own, or as an
 * admin anybody's.  Else answers: "Invalid id", or that there is none. */
bool account_take(struct request *request, struct str text, struct oid *id);
/* Whether this is the visitor's own account. */
bool account_is_own(const struct request *request, const struct oid *id);
/* Returns whether the visitor is an administrator; answers 403 otherwise. */
bool account_admin(struct request *request);
/* Removes currentPassword from the object (NULL: no body), since it is no field; *current is empty
 * if it was not given. Returns false if it is invalid; see problem. */
bool account_password_now(json_t *root, struct arena *arena, struct problem *problem,
                          struct str *current);
/* Returns a proof that the visitor knows their own password. Start it with proof_begin, free it
 * with proof_end. */
struct proof *account_proof(const struct write *write, struct str password,
                            void (*done)(struct proof *proof), void *context);
/* Answers a proof that failed, or was of another account than the visitor's. */
void account_refuse_proof(const struct proof *proof);

#endif
