/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_PASSWORDS_H
#define LARDER_APP_PEOPLE_PASSWORDS_H

#include <stdbool.h>
#include <uv.h>

#include "base/password.h"

/* Work on passwords, each some 50 ms of a core: on threads that no query waits for, few at a time,
 * and in a bounded queue.  What has waited there for too long is not done: whoever asked for it has
 * most likely gone, and those behind still wait. */

enum { PASSWORDS_WAIT_MS = 5000 };

struct passwords;

/* The caller keeps it until done. */
struct password_job {
    struct str password;
    bool make;        /* a hash of it, into made; else it is compared with hash */
    const char *hash; /* NULL: an account that there is not, in the same time */
    char made[PASSWORD_HASH_SIZE];
    bool matches;
    enum err err; /* BUSY: it has waited for too long, and nothing was done */
    void (*done)(struct password_job *job); /* on the loop */
    void *context;

    uv_work_t work;
    struct passwords *passwords;
    struct trace *trace; /* of the request */
    int64_t since_ms;
    struct password_job *next;
};

/* wait_ms: for how long a job may wait for its turn. */
struct passwords *passwords_new(uv_loop_t *loop, int64_t wait_ms);
/* When no job is left. */
void passwords_free(struct passwords *passwords);
/* ERR_BUSY: the queue is full, and done will not be called. */
enum err passwords_submit(struct passwords *passwords, struct password_job *job);

#endif
