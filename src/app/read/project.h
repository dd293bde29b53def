/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_PROJECT_H
#define LARDER_APP_READ_PROJECT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Appends the members of a JSON object whose names are among names (bit i of chosen: names[i]), as
 * an object.  json is of our own writer: compact, well-formed, names without escapes. */
void project_json(struct str json, const struct str *names, size_t count, uint64_t chosen,
                  struct buf *out);

#endif
