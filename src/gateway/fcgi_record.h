/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_FCGI_RECORD_H
#define LARDER_GATEWAY_FCGI_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Framing of FastCGI records (FastCGI Specification 1.0, section 3.3).  The parser knows no socket
 * and keeps nothing of a record's content: a record that is split over reads comes in parts. */

enum { RECORD_HEADER_SIZE = 8, RECORD_END_SIZE = 16, RECORD_CONTENT_MAX = 65535 };

struct record_parser {
    unsigned char header[RECORD_HEADER_SIZE];
    unsigned char header_len;
    unsigned char padding; /* bytes of it still to come behind the content */
    uint16_t left;         /* bytes of content still to come */
};

/* A record or a part of one. */
struct fcgi_record {
    uint8_t type;
    uint16_t id;
    uint16_t length; /* of the whole content */
    bool first, last;
    struct str data; /* this part of the content, inside the input */
};

enum record_status {
    RECORD_MORE, /* the input is used up */
    RECORD_PART,
    RECORD_BAD /* another version than 1: nothing behind it can be understood */
};

/* A zeroed parser is at the beginning of a record. */
enum record_status record_next(struct record_parser *parser, struct str *input,
                               struct fcgi_record *record);

/* Between two records: no byte of the next one has come. */
static inline bool record_at_start(const struct record_parser *parser)
{
    return parser->header_len == 0 && parser->left == 0 && parser->padding == 0;
}

/* Writes a header and returns what follows it. */
char *record_write_header(char *to, unsigned type, uint16_t id, size_t length, size_t padding);
/* Writes an END_REQUEST record (application status 0) and returns what follows it. */
char *record_write_end(char *to, uint16_t id, unsigned protocol_status);

#endif
