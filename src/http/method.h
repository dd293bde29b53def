/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_METHOD_H
#define LARDER_HTTP_METHOD_H

#include "base/str.h"

/* Methods that some route may answer (RFC 9110 section 9, RFC 5789); the values are bits of a set.
 */
enum method {
    METHOD_NONE = 0,
    METHOD_GET = 1,
    METHOD_HEAD = 2,
    METHOD_POST = 4,
    METHOD_PUT = 8,
    METHOD_PATCH = 16,
    METHOD_DELETE = 32,
    METHOD_OPTIONS = 64
};

/* Parses a method's name, which is case-sensitive.  METHOD_NONE for any other. */
enum method method_parse(struct str name);
/* Name of one method, static. */
struct str method_name(enum method method);
/* Reason phrase of a status, static; "Unknown" for one that is not in use here. */
struct str status_phrase(unsigned status);

#endif
