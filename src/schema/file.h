/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_FILE_H
#define LARDER_SCHEMA_FILE_H

/* Inside of schema: one resource file. */

#include "schema/draft.h"

/* Reads the whole file's JSON into the resource; errors are reported. */
void file_read(struct reading *reading, const json_t *json, struct resource *resource);
/* cache, access, fields, page and views. */
void options_follow(struct draft *draft, const struct place *place, const json_t *json);
void options_cache(struct draft *draft, const struct place *place, const json_t *json);
void options_access(struct draft *draft, const struct place *place, const json_t *json);
void options_kept(struct draft *draft, const struct place *place, const json_t *json);
void options_page(struct draft *draft, const struct place *place, const json_t *json);
void options_views(struct draft *draft, const struct place *place, const json_t *json);
/* resource->hash, of all that shapes answers. */
void digest_make(struct draft *draft);

#endif
