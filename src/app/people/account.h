/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_ACCOUNT_H
#define LARDER_APP_PEOPLE_ACCOUNT_H

#include "app/people/passwords.h"
#include "app/people/proof.h"
#include "app/people/users.h"
#include "app/write/validate.h"
#include "app/write/write.h"
#include "base/email.h"

/* What making and changing an account have in common. */

/* The draft's email as it is stored, if it has one; false: problem says what is wrong. */
bool account_email(struct assignments *draft, char room[static EMAIL_MAX], struct problem *problem,
                   struct str *email);
/* The same for a new password. */
bool account_password(const struct assignments *draft, struct problem *problem);
/* The work of making its hash, for this account; the rest is the caller's. */
struct password_job account_hashing(const struct app *app, const struct request *request,
                                    const struct assignments *draft, struct str email);
/* Answers with the account as it is now, and write_done. */
void account_send(struct write *write, unsigned status, const struct profile *profile);
/* A write's failed: 409 when another account has the email. */
void account_failed(struct write *write, enum err err);
/* Reads the id of an account that the request's visitor may see and change: their own, or as an
 * admin anybody's.  Else answers: "Invalid id", or that there is none. */
bool account_take(struct request *request, struct str text, struct oid *id);
/* Whether it is the visitor's own. */
bool account_is_own(const struct request *request, const struct oid *id);
/* Whether the visitor is an administrator; 403 is answered otherwise. */
bool account_admin(struct request *request);
/* Takes currentPassword out of the object (NULL: there is none), which is no field; empty: it was
 * not given.  false: problem says what is wrong. */
bool account_password_now(json_t *root, struct arena *arena, struct problem *problem,
                          struct str *current);
/* That the visitor knows their own password, to be begun; the caller's to proof_end. */
struct proof *account_proof(const struct write *write, struct str password,
                            void (*done)(struct proof *proof), void *context);
/* Answers a proof that failed, or was of another account than the visitor's. */
void account_refuse_proof(const struct proof *proof);

#endif
