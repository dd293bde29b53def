/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_ACCEPT_H
#define LARDER_HTTP_ACCEPT_H

#include <stdbool.h>

#include "base/str.h"

/* Returns whether this Accept-Encoding (RFC 9110 section 12.5.3) asks for gzip: it is acceptable
 * and not preferred less than identity. */
bool accept_gzip(struct str field);
/* Returns whether this Accept (section 12.5.1) asks for text/event-stream: it is listed, acceptable
 * and not preferred less than JSON. */
bool accept_event_stream(struct str field);
/* Returns whether the field names a charset other than UTF-8. */
bool media_type_has_other_charset(struct str field);
/* Returns whether the field's value is this media type, with no parameter but charset=utf-8 (RFC
 * 9110 section 8.3.1).  type is in lower case. */
bool media_type_is(struct str field, struct str type);

#endif
