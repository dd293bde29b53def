/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_PASSWORDS_H
#define LARDER_APP_PEOPLE_PASSWORDS_H

#include <stdbool.h>
#include <uv.h>

#include "base/password.h"

/* Work on passwords, each some 50 ms of a core: on threads that no query waits for, few at a time,
 * and in a bounded queue. */

struct passwords;

/* The caller keeps it until done. */
struct password_job {
    struct str password;
    bool make;        /* a hash of it, into made; else it is compared with hash */
    const char *hash; /* NULL: an account that there is not, in the same time */
    char made[PASSWORD_HASH_SIZE];
    bool matches;
    enum err err;
    void (*done)(struct password_job *job); /* on the loop */
    void *context;

    uv_work_t work;
    struct passwords *passwords;
    struct password_job *next;
};

struct passwords *passwords_new(uv_loop_t *loop);
/* When no job is left. */
void passwords_free(struct passwords *passwords);
/* ERR_BUSY: the queue is full, and done will not be called. */
enum err passwords_submit(struct passwords *passwords, struct password_job *job);

#endif
