/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_FCGI_ANSWER_H
#define LARDER_GATEWAY_FCGI_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "gateway/fcgi_record.h"
#include "http/request.h"

/* A response laid out as FastCGI records, to be sent by one writev: STDOUT records, the empty one,
 * END_REQUEST, and nothing behind it unless the connection ends. */

enum {
    FCGI_ANSWER_RECORD =
        65528, /* content of a full record: a multiple of 8, so nothing is padded */
    FCGI_ANSWER_RECORDS = RESPONSE_BODY_MAX / FCGI_ANSWER_RECORD + 2,
    FCGI_ANSWER_FLAT = 16384, /* answers up to this size are copied into one run */
    FCGI_ANSWER_VECTORS = 2 * FCGI_ANSWER_RECORDS + RESPONSE_PARTS + 2
};

/* Room for one answer at a time. */
struct fcgi_answer {
    char flat[FCGI_ANSWER_FLAT];
    char headers[FCGI_ANSWER_RECORDS][RECORD_HEADER_SIZE];
    char tail[8 + RECORD_HEADER_SIZE + RECORD_END_SIZE + RECORD_HEADER_SIZE];
    struct iovec vectors[FCGI_ANSWER_VECTORS];
    size_t count;
};

/* Lays out the request's response.  A response that cannot be sent (a buffer exceeded its cap, no
 * status, longer than RESPONSE_BODY_MAX) is replaced by a plain 500.  The vectors point into
 * `answer` and into what the response points to. closes: nginx asked to keep the connection, but it
 * will be closed. Then an empty record (GET_VALUES_RESULT without values) follows: nginx keeps only
 * connections on which nothing follows END_REQUEST, so it does not send the next request, perhaps a
 * POST that it could not repeat, to a closing connection. */
void fcgi_answer_build(struct fcgi_answer *answer, struct request *request, uint16_t id,
                       bool closes);

/* The same for a streamed response (request_flow()): its head (false: it cannot be sent); a part of
 * its body, at most RESPONSE_BODY_MAX bytes, to which the vectors point; its end. */
bool fcgi_answer_begin(struct fcgi_answer *answer, struct request *request, uint16_t id);
void fcgi_answer_part(struct fcgi_answer *answer, uint16_t id, struct str bytes);
void fcgi_answer_end(struct fcgi_answer *answer, uint16_t id, bool closes);

/* Replaces the response by an error in the JSON envelope. */
void fcgi_answer_error(struct request *request, unsigned status, const char *message);

#endif
