/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_FIXED_H
#define LARDER_APP_OPENAPI_FIXED_H

#include <jansson.h>

/* Schemas that do not depend on the resources, by name. All functions return new references, owned
 * by the caller. */

json_t *fixed_schemas(void);
/* The result of an array's item that was refused. */
json_t *fixed_refused(void);
/* The answer to an array, without its results. */
json_t *fixed_results(void);

/* An account's fields besides those of its form: as shown, and as sent in a change. */
json_t *fixed_user_shown(void);
json_t *fixed_user_sent(void);
json_t *fixed_user_dependent(void);
json_t *fixed_user_examples(void);

#endif
