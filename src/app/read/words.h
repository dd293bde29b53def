/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_WORDS_H
#define LARDER_APP_READ_WORDS_H

#include "app/app_state.h"

/* `q`: words to look for. */

/* Answers 501 where the query looks for words and their index is missing, 503 while that is being
 * made; true when it has. */
bool words_refuse(struct app *app, const struct plan *plan, const struct query *query,
                  struct request *request);

#endif
