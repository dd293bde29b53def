/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_PROOF_H
#define LARDER_APP_PEOPLE_PROOF_H

#include "app/people/passwords.h"
#include "app/people/throttle.h"
#include "app/people/users.h"
#include "mongo/mongo.h"

/* Checks the password of an account, with a limit on failures. Takes the same time whether the
 * account exists or not. */

struct proof {
    struct app *app;
    struct request *request;
    struct arena arena;
    struct str email, password;
    /* Once, on the loop.  The proof is the caller's to proof_end. */
    void (*done)(struct proof *proof);
    void *context;

    /* OK: profile is set. DENIED: no such account, or a wrong password. RANGE: too many failures;
     * retry after retry_s. Others: the database's, or BUSY. */
    enum err err;
    int64_t retry_s;
    struct profile profile;

    struct throttle throttle;
    bool admitted;
    struct str hash;
    struct mongo_job find;
    enum err found;
    struct password_job compare;
    unsigned users;
};

/* Copies email (as normalised) and password. */
struct proof *proof_new(struct app *app, struct request *request, struct str email,
                        struct str password);
void proof_begin(struct proof *proof);
void proof_end(struct proof *proof);
/* Answers a failed proof. */
void proof_refuse(const struct proof *proof, struct str denied);

#endif
