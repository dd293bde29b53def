/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_FIXED_H
#define LARDER_APP_OPENAPI_FIXED_H

#include <jansson.h>

/* Schemas of answers that are the same whatever is served, by their names.  New references, the
 * caller's. */

json_t *fixed_schemas(void);
/* An item of an array that was not made. */
json_t *fixed_refused(void);
/* The answer to an array, without its results. */
json_t *fixed_results(void);

/* What an account has besides its form: shown, and sent to change it. */
json_t *fixed_user_shown(void);
json_t *fixed_user_sent(void);
json_t *fixed_user_dependent(void);
json_t *fixed_user_examples(void);

#endif
