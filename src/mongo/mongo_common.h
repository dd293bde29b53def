/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_COMMON_H
#define LARDER_MONGO_MONGO_COMMON_H

#include "base/err.h"

/* Shared by mongo.h and the files behind it. */

enum { MONGO_URI_MAX = 4096 };

/* A caller of mongo_ask(). */
struct mongo_ask {
    void (*told)(void *context, enum err err);
    void *context;
    struct mongo_ask *next;
};

#endif
