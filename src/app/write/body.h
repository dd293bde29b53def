/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_BODY_H
#define LARDER_APP_WRITE_BODY_H

#include <jansson.h>

#include "base/err.h"
#include "base/str.h"
#include "http/problem.h"

enum { BODY_DEPTH_MAX = 32, BODY_PARTS_MAX = 8192 };

/* Parses a client's JSON (RFC 8259) strictly: one object (or array, if allowed) and nothing after
 * it, UTF-8 without a byte order mark, no key twice, no NaN, no lone surrogate, no \u0000, at most
 * BODY_DEPTH_MAX levels and BODY_PARTS_MAX names and values; integers are exact to 64 bits, and no
 * whole number is rounded, in any notation. The caller frees *root with json_decref. ERR_SYNTAX:
 * problem says what is wrong. */
enum err body_parse(struct str text, bool allow_array, struct problem *problem, json_t **root);

#endif
