/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_PASSWORDS_H
#define LARDER_APP_PEOPLE_PASSWORDS_H

#include <stdbool.h>
#include <uv.h>

#include "base/password.h"

/* Hashes and checks passwords, each some 50 ms of CPU: on threads that no query needs, few at a
 * time, from a bounded queue. A job that waited too long is dropped: its client is probably gone,
 * and others are waiting.
 *
 * The queue is fair. Sign-ins are served before sign-ups, except for every fourth turn, and have
 * reserved places. Within a class, jobs are ordered by how many jobs of the same address and
 * account are ahead of them, so a flood from one address or account delays only itself. A full
 * queue drops a job of the address or account that has most in it, in favour of one that has fewer.
 */

enum { PASSWORDS_WAIT_MS = 5000, PASSWORDS_MAX = 64, PASSWORDS_SIGN_UPS_MAX = 24 };

struct passwords;

enum password_use { PASSWORD_SIGN_IN, PASSWORD_SIGN_UP };

/* The caller keeps it until done. */
struct password_job {
    enum password_use use;
    uint64_t address, account; /* hashes */
    struct str password;
    bool make;        /* true: hash the password into made; false: compare it with hash */
    const char *hash; /* NULL: no such account; takes the same time */
    char made[PASSWORD_HASH_SIZE];
    bool matches;
    enum err err; /* BUSY: it waited too long, or was dropped from a full queue; nothing was done */
    void (*done)(struct password_job *job); /* on the loop */
    void *context;

    uv_work_t work;
    struct passwords *passwords;
    struct trace *trace; /* of the request */
    int64_t since_ms;
    unsigned rank; /* jobs of the same address and account ahead of it */
};

/* wait_ms: how long a job may wait in the queue. */
struct passwords *passwords_new(uv_loop_t *loop, int64_t wait_ms);
/* Call when no job is left. */
void passwords_free(struct passwords *passwords);
/* Sets the job's address and account. */
void passwords_whose(struct password_job *job, struct str address, struct str account);
/* ERR_BUSY: the queue is full, and done will not be called. */
enum err passwords_submit(struct passwords *passwords, struct password_job *job);

#endif
