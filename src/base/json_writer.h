/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_JSON_WRITER_H
#define LARDER_BASE_JSON_WRITER_H

#include "base/buf.h"

/* Appends JSON to a buf without a check for each byte.  The buf must not be used between
 * json_writer_begin and json_writer_end.  After a failure (the buf's maximum) output is discarded,
 * and the buf has its error.  Room is reserved generously: a text that would just fit may be
 * refused. */
struct json_writer {
    char *at, *end;
    struct buf *buf;
    bool failed;
};

void json_writer_begin(struct json_writer *writer, struct buf *buf);
void json_writer_end(struct json_writer *writer);
/* Reserves size bytes at writer->at.  Returns false if there is no room. */
bool json_writer_grow(struct json_writer *writer, size_t size);
static inline bool json_writer_room(struct json_writer *writer, size_t size)
{
    return (size_t)(writer->end - writer->at) >= size || json_writer_grow(writer, size);
}

void json_writer_raw(struct json_writer *writer, const char *text, size_t len);
/* Writes a JSON string with quotes.  Each byte that begins no valid UTF-8 sequence becomes U+FFFD.
 */
void json_writer_string(struct json_writer *writer, const char *text, size_t len);
/* The same without the quotes. */
void json_writer_text(struct json_writer *writer, const char *text, size_t len);
/* Writes the mark ('{' or ','), the name as a string, and a colon. readable (len or more) is the
 * number of bytes that may be read at name: a short name is checked a word at a time. */
void json_writer_member(struct json_writer *writer, char mark, const char *name, size_t len,
                        size_t readable);
void json_writer_int64(struct json_writer *writer, int64_t value);
void json_writer_number(struct json_writer *writer, double number);
/* As a JSON string, ISO 8601 in UTC. */
void json_writer_date(struct json_writer *writer, int64_t wall_ms);
/* Lower-case hex in quotes. */
void json_writer_hex(struct json_writer *writer, const unsigned char *bytes, size_t len);

/* One value appended to a buf. */
void json_put_string(struct buf *buf, struct str text);
void json_put_double(struct buf *buf, double number);

#endif
