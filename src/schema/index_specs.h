/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_INDEX_SPECS_H
#define LARDER_SCHEMA_INDEX_SPECS_H

/* Inside of schema: the indexes of a resource. */

#include "schema/draft.h"

enum { INDEXES_MAX = 60 };

/* Those that the file names (json may be NULL), and those that its queries need. */
void index_specs_read(struct draft *draft, const struct place *place, const json_t *json);

#endif
