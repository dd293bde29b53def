/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_PASSWORDS_H
#define LARDER_APP_PEOPLE_PASSWORDS_H

#include <stdbool.h>
#include <uv.h>

#include "base/password.h"

/* Work on passwords, each some 50 ms of a core: on threads that no query waits for, few at a time,
 * and in a bounded queue.  What has waited there for too long is not done: its client has most
 * likely gone, and those behind still wait.
 *
 * The queue is fair.  Who signs in is served before who signs up, but for every fourth turn, and
 * has places of the queue that others cannot take.  Among equals, a job waits for as many others as
 * its own address and its own account have in the queue: what one of them floods the queue with
 * waits for its turn and not in others' way.  When the queue is full, one of those who have most in
 * it makes room for one who has less. */

enum { PASSWORDS_WAIT_MS = 5000, PASSWORDS_MAX = 64, PASSWORDS_SIGN_UPS_MAX = 24 };

struct passwords;

enum password_use { PASSWORD_SIGN_IN, PASSWORD_SIGN_UP };

/* The caller keeps it until done. */
struct password_job {
    enum password_use use;
    uint64_t address, account; /* hashes of them */
    struct str password;
    bool make;        /* a hash of it, into made; else it is compared with hash */
    const char *hash; /* NULL: an account that there is not, in the same time */
    char made[PASSWORD_HASH_SIZE];
    bool matches;
    enum err err; /* BUSY: it has waited for too long, or made room; nothing was done */
    void (*done)(struct password_job *job); /* on the loop */
    void *context;

    uv_work_t work;
    struct passwords *passwords;
    struct trace *trace; /* of the request */
    int64_t since_ms;
    unsigned rank; /* how many of the same address and account were there before it */
};

/* wait_ms: for how long a job may wait for its turn. */
struct passwords *passwords_new(uv_loop_t *loop, int64_t wait_ms);
/* When no job is left. */
void passwords_free(struct passwords *passwords);
/* Sets whose it is. */
void passwords_whose(struct password_job *job, struct str address, struct str account);
/* ERR_BUSY: there is no room for it in the queue, and done will not be called. */
enum err passwords_submit(struct passwords *passwords, struct password_job *job);

#endif
