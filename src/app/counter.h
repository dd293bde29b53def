/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_COUNTER_H
#define LARDER_APP_COUNTER_H

#include "base/str.h"

/* What attempts and requests are counted by. */

struct app;
struct request;

enum { COUNTER_NAME_MAX = 128, CLIENT_MAX = 64 };

/* "<prefix>:<kind>:<who>", cut at what fits: a counter's name in Redis, and in the table that the
 * worker keeps for itself. */
struct str counter_name(const struct app *app, struct str kind, struct str who,
                        char room[static COUNTER_NAME_MAX]);
/* The client's address; an IPv6 one stands for its network of 64 bits, which is what one customer
 * has. */
struct str client_address(const struct request *request, char room[static CLIENT_MAX]);

#endif
