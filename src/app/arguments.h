/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_ARGUMENTS_H
#define LARDER_APP_ARGUMENTS_H

#include "http/request.h"
#include "schema/resource.h"

/* What routes take in their paths and queries. */

/* "Invalid id" unless text is one of the resource's; *id is its canonical text, in room or in
 * text. */
bool take_id(struct request *request, const struct resource *resource, struct str text,
             char room[static ID_TEXT_MAX], struct str *id);

/* 400 unless the query is empty but for what is dropped. */
bool take_no_query(struct request *request);

#endif
