/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_REFUSAL_H
#define LARDER_MONGO_REFUSAL_H

#include <stdbool.h>
#include <stddef.h>

/* The fields because of which MongoDB refused to write a document: those of a unique index, or
 * those that a validator names. */

enum { REFUSAL_FIELDS_MAX = 8, REFUSAL_FIELD_SIZE = 101 };

struct refusal {
    size_t count; /* 0: the server named none */
    struct refused_field {
        char name[REFUSAL_FIELD_SIZE]; /* a path: "address.city" */
        const char *what;              /* for people, static: "must be at most" */
        bool has_limit;                /* a number follows */
        double limit;
    } fields[REFUSAL_FIELDS_MAX];
};

/* Takes the refusal of this thread's last write that ended with ERR_EXISTS or ERR_REFUSED. Call
 * once, in the same job. */
void refusal_take(struct refusal *refusal);

#endif
