/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_ACCEPT_H
#define LARDER_HTTP_ACCEPT_H

#include <stdbool.h>

#include "base/str.h"

/* Whether gzip is to be sent to one who says so in Accept-Encoding (RFC 9110 section 12.5.3): it is
 * acceptable and not liked less than identity. */
bool accept_gzip(struct str field);
/* Whether one who says so in Accept (section 12.5.1) asks for text/event-stream: it is named,
 * acceptable and not liked less than JSON. */
bool accept_event_stream(struct str field);
/* Whether the field names a charset, and not UTF-8. */
bool media_type_has_other_charset(struct str field);
/* Whether the field's value is this media type, with no parameter but charset=utf-8 (RFC 9110
 * section 8.3.1).  type is in lower case. */
bool media_type_is(struct str field, struct str type);

#endif
