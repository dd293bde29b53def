/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_COMMON_H
#define LARDER_MONGO_MONGO_COMMON_H

#include "base/err.h"

/* What mongo.h and the files behind it have in common. */

enum { MONGO_URI_MAX = 4096 };

/* Of mongo_ask(): who asks whether MongoDB answers. */
struct mongo_ask {
    void (*told)(void *context, enum err err);
    void *context;
    struct mongo_ask *next;
};

#endif
