/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/fcgi_record.h"

#include <fastcgi.h>

_Static_assert(RECORD_HEADER_SIZE == FCGI_HEADER_LEN, "header size of the specification");
_Static_assert(RECORD_CONTENT_MAX == FCGI_MAX_LENGTH, "content size of the specification");

enum { TYPE = 1, ID = 2, LENGTH = 4, PADDING = 6 };

static uint16_t read_u16(const unsigned char *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void advance(struct str *input, size_t n)
{
    input->ptr += n;
    input->len -= n;
}

static void take_content(struct record_parser *parser, struct str *input,
                         struct fcgi_record *record)
{
    size_t n = parser->left < input->len ? parser->left : input->len;

    record->type = parser->header[TYPE];
    record->id = read_u16(parser->header + ID);
    record->length = read_u16(parser->header + LENGTH);
    record->first = parser->left == record->length;
    record->data = str_make(input->ptr, n);
    parser->left = (uint16_t)(parser->left - n);
    record->last = parser->left == 0;
    if (record->last)
        parser->header_len = 0;
    advance(input, n);
}

static enum record_status take_header(struct record_parser *parser, struct str *input)
{
    size_t n = RECORD_HEADER_SIZE - parser->header_len;

    if (n > input->len)
        n = input->len;
    if (n == 0)
        return RECORD_MORE;
    memcpy(parser->header + parser->header_len, input->ptr, n);
    parser->header_len = (unsigned char)(parser->header_len + n);
    advance(input, n);
    if (parser->header[0] != FCGI_VERSION_1)
        return RECORD_BAD;
    if (parser->header_len < RECORD_HEADER_SIZE)
        return RECORD_MORE;
    parser->left = read_u16(parser->header + LENGTH);
    parser->padding = parser->header[PADDING];
    return RECORD_PART;
}

enum record_status record_next(struct record_parser *parser, struct str *input,
                               struct fcgi_record *record)
{
    if (parser->left == 0) {
        size_t skip = parser->padding < input->len ? parser->padding : input->len;

        parser->padding = (unsigned char)(parser->padding - skip);
        if (skip > 0)
            advance(input, skip);
        if (parser->padding > 0)
            return RECORD_MORE;
        enum record_status status = take_header(parser, input);
        if (status != RECORD_PART)
            return status;
    }
    if (parser->left > 0 && input->len == 0)
        return RECORD_MORE;
    take_content(parser, input, record);
    return RECORD_PART;
}

char *record_write_header(char *to, unsigned type, uint16_t id, size_t length, size_t padding)
{
    const unsigned char header[RECORD_HEADER_SIZE] = {
        FCGI_VERSION_1,         (unsigned char)type,          (unsigned char)(id >> 8),
        (unsigned char)id,      (unsigned char)(length >> 8), (unsigned char)length,
        (unsigned char)padding,
    };

    memcpy(to, header, sizeof header);
    return to + sizeof header;
}

char *record_write_end(char *to, uint16_t id, unsigned protocol_status)
{
    FCGI_EndRequestBody body = {.protocolStatus = (unsigned char)protocol_status};

    to = record_write_header(to, FCGI_END_REQUEST, id, sizeof body, 0);
    memcpy(to, &body, sizeof body);
    return to + sizeof body;
}
