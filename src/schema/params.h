/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_PARAMS_H
#define LARDER_SCHEMA_PARAMS_H

/* Inside of schema: what a list's query may have. */

#include "schema/draft.h"

/* All parameters: the filters that the file names (json may be NULL) and those of every list. */
void params_read(struct draft *draft, const struct place *place, const json_t *json);
/* Those of the resource's other paths: its filters, and what each path has of its own. */
void params_derive(struct draft *draft);
/* The named lists. */
void lists_read(struct draft *draft, const struct place *place, const json_t *json);
/* How a filter by a field's value is read: type, bounds and choices.  False: by none. */
bool params_value(struct draft *draft, const struct field *field, enum param_op op,
                  struct query_param *param);

#endif
