/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_PATTERN_H
#define LARDER_SCHEMA_PATTERN_H

#include "base/buf.h"
#include "base/str.h"

/* Regular expressions of JSON Schema's `pattern` (ECMA-262 in its common part), on PCRE2 with a
 * bound on the work of one match, without its JIT. */

struct pattern;

/* ERR_INVALID: why says what is wrong.  The caller's to pattern_free. */
enum err pattern_new(struct str text, struct pattern **pattern, struct buf *why);
void pattern_free(struct pattern *pattern);
/* ERR_OK: some part of s matches; ERR_NOT_FOUND; ERR_RANGE: more work than is allowed. */
enum err pattern_match(const struct pattern *pattern, struct str s);

#endif
