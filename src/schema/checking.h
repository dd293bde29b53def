/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_CHECKING_H
#define LARDER_SCHEMA_CHECKING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "http/problem.h"

/* What a check goes by. */
struct check {
    struct arena *arena;     /* what values point to is copied here */
    struct problem *problem; /* gets an error for each thing that is wrong */
    int64_t now_ms;          /* what a default of "now" gives */
    bool loose_times;        /* as files have them: clock_parse_loose */
    bool defaults;           /* on creation: fields that are not given get their default */
    bool read_only;          /* such fields are taken like any other */
};

#endif
