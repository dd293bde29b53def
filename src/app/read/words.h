/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_WORDS_H
#define LARDER_APP_READ_WORDS_H

#include "app/app_state.h"

/* `q`: search by words. */

/* If the query has `q`, answers 501 while the text index is missing, 503 while it is being created.
 * Returns whether it answered. */
bool words_refuse(struct app *app, const struct plan *plan, const struct query *query,
                  struct request *request);

#endif
