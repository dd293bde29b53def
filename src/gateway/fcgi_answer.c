/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/fcgi_answer.h"

#include <fastcgi.h>

#include "http/problem.h"

enum {
    HEAD_EXTRA = 256, /* Status, Vary, X-Request-Id, Content-Length, the empty line */
    PIECES = RESPONSE_PARTS + 1
};

_Static_assert(FCGI_ANSWER_FLAT > RECORD_HEADER_SIZE + HEAD_EXTRA + RESPONSE_HEAD_MAX,
               "the head always fits into the flat buffer");

static char *answer_put_head(char *to, const struct request *request, size_t length)
{
    const struct response *response = &request->response;
    char room[DECIMAL_MAX];

    to = str_put(to, STR("Status: "));
    to = str_put(to, str_decimal(response->status, room));
    *to++ = ' ';
    to = str_put(to, status_phrase(response->status));
    to = str_put(to, STR("\r\n"));
    to = str_put(to, buf_view(&response->head));
    to = response_put_vary(response, to);
    to = str_put(to, STR("X-Request-Id: "));
    to = str_put(to, request->id);
    if (response_has_content(response) && !response->unsized) {
        to = str_put(to, STR("\r\nContent-Length: "));
        to = str_put(to, str_decimal(length, room));
    }
    return str_put(to, STR("\r\n\r\n"));
}

/* What follows the content of the last record: its padding, the empty STDOUT and END_REQUEST. */
static char *put_tail(char *to, uint16_t id, size_t padding, bool closes)
{
    memset(to, 0, padding);
    to = record_write_header(to + padding, FCGI_STDOUT, id, 0, 0);
    to = record_write_end(to, id, FCGI_REQUEST_COMPLETE);
    return closes ? record_write_header(to, FCGI_GET_VALUES_RESULT, 0, 0, 0) : to;
}

static size_t padding_of(size_t length)
{
    return (8 - length % 8) % 8;
}

static void answer_add(struct fcgi_answer *answer, const char *ptr, size_t len)
{
    answer->vectors[answer->count++] =
        (struct iovec){.iov_base = (void *)(uintptr_t)ptr, .iov_len = len};
}

/* All in one run: the head is in its place already.  Returns its end. */
static char *build_flat(struct fcgi_answer *answer, uint16_t id, const struct str *pieces,
                        size_t count, size_t total)
{
    char *at = answer->flat + RECORD_HEADER_SIZE + pieces[0].len;

    for (size_t i = 1; i < count; i++)
        at = str_put(at, pieces[i]);
    record_write_header(answer->flat, FCGI_STDOUT, id, total, padding_of(total));
    return at;
}

/* Returns the padding of the last record. */
static size_t build_records(struct fcgi_answer *answer, uint16_t id, const struct str *pieces,
                            size_t count, size_t total)
{
    size_t left = 0, records = 0, padding = 0;

    for (size_t i = 0; i < count; i++) {
        struct str piece = pieces[i];
        while (piece.len > 0) {
            if (left == 0) {
                char *header = answer->headers[records++];
                left = total < FCGI_ANSWER_RECORD ? total : FCGI_ANSWER_RECORD;
                padding = padding_of(left);
                record_write_header(header, FCGI_STDOUT, id, left, padding);
                answer_add(answer, header, RECORD_HEADER_SIZE);
            }
            size_t n = piece.len < left ? piece.len : left;
            answer_add(answer, piece.ptr, n);
            piece = str_from_offset(piece, n);
            left -= n;
            total -= n;
        }
    }
    return padding;
}

static bool is_sendable(const struct response *response)
{
    return response->head.err == ERR_OK && response->body.err == ERR_OK &&
           response->status >= 200 && response->status <= 599 &&
           response_length(response) <= RESPONSE_BODY_MAX;
}

void fcgi_answer_build(struct fcgi_answer *answer, struct request *request, uint16_t id,
                       bool closes)
{
    struct response *response = &request->response;
    struct str pieces[PIECES];
    size_t count = 1, length, total;
    char *head = answer->flat + RECORD_HEADER_SIZE;

    if (!is_sendable(response))
        fcgi_answer_error(request, 500, "Internal server error");
    length = response_length(response);
    total = (size_t)(answer_put_head(head, request, length) - head);
    pieces[0] = str_make(head, total);
    if (!response->no_body && request->method != METHOD_HEAD && response_has_content(response)) {
        for (size_t i = 0; i < response->part_count; i++)
            pieces[count++] = response->parts[i];
        total += length;
    }
    answer->count = 0;
    if (RECORD_HEADER_SIZE + total + sizeof answer->tail <= FCGI_ANSWER_FLAT) {
        char *at = build_flat(answer, id, pieces, count, total);
        at = put_tail(at, id, padding_of(total), closes);
        answer_add(answer, answer->flat, (size_t)(at - answer->flat));
    } else {
        size_t padding = build_records(answer, id, pieces, count, total);
        char *at = put_tail(answer->tail, id, padding, closes);
        answer_add(answer, answer->tail, (size_t)(at - answer->tail));
    }
}

bool fcgi_answer_begin(struct fcgi_answer *answer, struct request *request, uint16_t id)
{
    char *head = answer->flat + RECORD_HEADER_SIZE, *end;
    size_t length;

    if (!is_sendable(&request->response))
        return false;
    request->response.unsized = true;
    end = answer_put_head(head, request, 0);
    length = (size_t)(end - head);
    record_write_header(answer->flat, FCGI_STDOUT, id, length, padding_of(length));
    memset(end, 0, padding_of(length));
    answer->count = 0;
    answer_add(answer, answer->flat, RECORD_HEADER_SIZE + length + padding_of(length));
    return true;
}

void fcgi_answer_part(struct fcgi_answer *answer, uint16_t id, struct str bytes)
{
    size_t padding;

    answer->count = 0;
    padding = build_records(answer, id, &bytes, 1, bytes.len);
    memset(answer->tail, 0, padding);
    answer_add(answer, answer->tail, padding);
}

void fcgi_answer_end(struct fcgi_answer *answer, uint16_t id, bool closes)
{
    char *end = put_tail(answer->tail, id, 0, closes);

    answer->count = 0;
    answer_add(answer, answer->tail, (size_t)(end - answer->tail));
}

void fcgi_answer_error(struct request *request, unsigned status, const char *message)
{
    response_reset(&request->response, SIZE_MAX);
    problem_write(request, status, str_from(message), NULL);
}
