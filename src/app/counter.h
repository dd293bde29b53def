/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_COUNTER_H
#define LARDER_APP_COUNTER_H

#include "base/str.h"

/* What attempts and requests are counted by. */

struct app;

enum { COUNTER_NAME_MAX = 128 };

/* "<prefix>:<kind>:<who>", cut at what fits: a counter's name in Redis, and in the table that the
 * worker keeps for itself. */
struct str counter_name(const struct app *app, struct str kind, struct str who,
                        char room[static COUNTER_NAME_MAX]);

#endif
