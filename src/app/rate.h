/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_RATE_H
#define LARDER_APP_RATE_H

#include "app/app_state.h"

/* Calls next, now or later; or answers 429. */
void rate_check(struct app *app, struct request *request,
                void (*next)(struct app *app, struct request *request));

#endif
