/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_OPENAPI_RESPONSE_H
#define LARDER_APP_OPENAPI_OPENAPI_RESPONSE_H

#include "app/openapi/describing.h"

/* Responses of operations (OpenAPI 3.1.1 section 4.8.16). All functions return new references,
 * owned by the caller. */

/* The Responses Object, ordered by status. */
json_t *responses_json(const struct operation *operation);
/* References to these headers, a list that ends with NULL, and to the one of every answer. */
json_t *response_header_refs(const char *const *names);

/* components.responses and components.headers: what operations refer to. */
json_t *response_refusals(void);
json_t *response_headers(void);

#endif
