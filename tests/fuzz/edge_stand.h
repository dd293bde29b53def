/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_FUZZ_EDGE_STAND_H
#define LARDER_FUZZ_EDGE_STAND_H

#include <stdbool.h>
#include <stdlib.h>

#include "app/edge_host.h"
#include "base/str.h"
#include "memory/feedback.h"
#include "memory/segment.h"

/* A host as nginx' module sees it: a segment with an item and a list of each resource, and one
 * request at a time for what lies in it. */

enum {
    LOOK_WORDS = 512, /* of the beginning of each ring */
    PLACES_MAX = 64,
    TARGET_MAX = 2048, /* nginx/module/larder_request.c */
};

/* Words that are worth damaging. */
struct place {
    _Atomic uint64_t *words;
    size_t count;
};

struct stand {
    struct memory *memory; /* the workers'; NULL: not open yet */
    struct feedback_file *file;
    struct edge_host host;
    struct place places[PLACES_MAX];
    size_t place_count;
    char item[128], list[128]; /* targets of what is there */
    uint64_t answered;
};
extern struct stand stand;

static inline void must(bool holds)
{
    if (!holds)
        abort();
}

void stand_open(void);
/* Renews the lease: nothing is answered without it. */
void stand_renew(void);

/* The texts are the target and the headers, in this order (nginx/module/larder_request.c). */
enum { TEXT_TARGET, TEXT_ACCEPT, TEXT_ENCODING, TEXT_IF_NONE_MATCH, TEXT_ID, TEXTS };

/* Whether it was answered; then the answer is whole. */
bool stand_ask(bool head, const struct str texts[static TEXTS]);
/* As one of the workers does it, four times a second. */
void stand_take(void);

#endif
