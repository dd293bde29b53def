/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_ARGUMENTS_H
#define LARDER_APP_ARGUMENTS_H

#include "http/request.h"
#include "schema/resource.h"

/* Arguments of routes in paths and queries. */

/* Parses an id of the resource; else answers "Invalid id" and returns false. *id is its canonical
 * text, in room or in text. */
bool take_id(struct request *request, const struct resource *resource, struct str text,
             char room[static ID_TEXT_MAX], struct str *id);

/* Answers 400 and returns false if the query has any parameter that is not ignored. */
bool take_no_query(struct request *request);

#endif
