/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_DISPATCH_H
#define LARDER_APP_DISPATCH_H

#include "app/app_state.h"

/* The gateway's handler: the rate, the path, and a visit of its route; context is the app. */
void dispatch(void *context, struct request *request);

#endif
