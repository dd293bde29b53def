/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/intake.h"

#include <fastcgi.h>

#include "base/buf.h"

typedef enum intake_event on_record(struct intake *intake, const struct fcgi_record *record);

void intake_init(struct intake *intake, struct exchange_pool *pool, uint64_t max_connections)
{
    memset(intake, 0, offsetof(struct intake, small));
    intake->pool = pool;
    intake->max_connections = max_connections;
}

static bool is_current(const struct intake *intake, const struct fcgi_record *record)
{
    return record->id == intake->id && intake->state != INTAKE_IDLE;
}

static enum intake_event skip(struct intake *intake, const struct fcgi_record *record)
{
    intake->skipped += (uint32_t)record->data.len + (record->first ? RECORD_HEADER_SIZE : 0);
    return intake->skipped > INTAKE_SKIP_MAX ? INTAKE_BROKEN : INTAKE_MORE;
}

/* Gathers a short record's content; true when it is complete in *content. */
static bool gather(struct intake *intake, const struct fcgi_record *record, struct str *content)
{
    if (record->first && record->last) {
        *content = record->data;
        return true;
    }
    if (record->first)
        intake->small_len = 0;
    memcpy(intake->small + intake->small_len, record->data.ptr, record->data.len);
    intake->small_len += record->data.len;
    *content = str_make((const char *)intake->small, intake->small_len);
    return record->last;
}

static enum intake_event reply(struct intake *intake, const char *end)
{
    intake->reply_len = (size_t)(end - intake->reply);
    return ++intake->replies > INTAKE_REPLIES_MAX ? INTAKE_BROKEN : INTAKE_REPLY;
}

static enum intake_event reply_end(struct intake *intake, uint16_t id, unsigned status)
{
    return reply(intake, record_write_end(intake->reply, id, status));
}

static enum intake_event intake_refuse(struct intake *intake, unsigned status, const char *message)
{
    intake->state = INTAKE_BUSY;
    intake->status = status;
    intake->message = message;
    return INTAKE_REFUSED;
}

static enum intake_event intake_begin(struct intake *intake, uint16_t id, struct str content)
{
    const unsigned char *body = (const unsigned char *)content.ptr;
    unsigned role = (unsigned)body[0] << 8 | body[1];

    if (intake->state != INTAKE_IDLE && intake->state != INTAKE_DRAIN)
        return id == intake->id ? INTAKE_BROKEN : reply_end(intake, id, FCGI_CANT_MPX_CONN);
    if (intake->state == INTAKE_DRAIN && !intake->keep)
        return INTAKE_BROKEN;
    intake->id = id;
    intake->keep = (body[2] & FCGI_KEEP_CONN) != 0;
    intake->skipped = 0;
    intake->begun = intake->body_open = true;
    if (role != FCGI_RESPONDER) {
        intake->state = INTAKE_DRAIN;
        return reply_end(intake, id, FCGI_UNKNOWN_ROLE);
    }
    intake->exchange = exchange_take(intake->pool);
    intake->state = INTAKE_PARAMS;
    return INTAKE_MORE;
}

static enum intake_event on_begin(struct intake *intake, const struct fcgi_record *record)
{
    struct str content;

    if (record->id == 0 || record->length != sizeof(FCGI_BeginRequestBody))
        return INTAKE_BROKEN;
    return gather(intake, record, &content) ? intake_begin(intake, record->id, content)
                                            : INTAKE_MORE;
}

static enum intake_event on_abort(struct intake *intake, const struct fcgi_record *record)
{
    if (record->id == 0)
        return INTAKE_BROKEN;
    if (!is_current(intake, record) || intake->state == INTAKE_DRAIN || !record->last)
        return skip(intake, record);
    return INTAKE_ABORTED;
}

static enum intake_event read_length(struct intake *intake)
{
    struct request *request = &intake->exchange->request;
    struct str text = request_param(request, STR("CONTENT_LENGTH"));

    intake->length = 0;
    intake->has_length = text.len > 0;
    if (!intake->has_length)
        return INTAKE_MORE;
    if (str_uint(text, 0, UINT64_MAX, &intake->length) != ERR_OK)
        return intake_refuse(intake, 400, "Invalid Content-Length");
    if (intake->length <= intake->exchange->body.cap)
        return INTAKE_MORE;
    request->too_large = true;
    intake->state = INTAKE_BUSY;
    return INTAKE_REQUEST;
}

static enum intake_event params_done(struct intake *intake)
{
    struct exchange *exchange = intake->exchange;
    struct request *request = &exchange->request;
    enum err err =
        fcgi_params_parse(buf_view(&exchange->block), exchange->params, &request->param_count);

    request->params = exchange->params;
    if (err == ERR_TOO_LARGE)
        return intake_refuse(intake, 431, "Request header fields too large");
    if (err != ERR_OK || request_target(request) != ERR_OK)
        return intake_refuse(intake, 400, "Bad request");
    request_take_id(request);
    intake->state = INTAKE_BODY;
    return read_length(intake);
}

static enum intake_event on_params(struct intake *intake, const struct fcgi_record *record)
{
    if (record->id == 0)
        return INTAKE_BROKEN;
    if (!is_current(intake, record) || intake->state == INTAKE_DRAIN)
        return skip(intake, record);
    if (intake->state != INTAKE_PARAMS)
        return INTAKE_BROKEN;
    if (record->length == 0)
        return params_done(intake);
    buf_append(&intake->exchange->block, record->data.ptr, record->data.len);
    if (intake->exchange->block.err != ERR_OK)
        return intake_refuse(intake, 431, "Request header fields too large");
    return INTAKE_MORE;
}

static enum intake_event body_done(struct intake *intake)
{
    struct exchange *exchange = intake->exchange;

    intake->body_open = false;
    if (intake->has_length && exchange->body.len < intake->length)
        return intake_refuse(intake, 400, "The body is shorter than its Content-Length");
    exchange->request.body = buf_view(&exchange->body);
    intake->state = INTAKE_BUSY;
    return INTAKE_REQUEST;
}

static enum intake_event body_part(struct intake *intake, struct str data)
{
    struct exchange *exchange = intake->exchange;

    if (intake->has_length && data.len > intake->length - exchange->body.len) {
        intake->keep = false;
        return intake_refuse(intake, 400, "The body is longer than its Content-Length");
    }
    buf_append(&exchange->body, data.ptr, data.len);
    if (exchange->body.err == ERR_OK)
        return INTAKE_MORE;
    exchange->request.too_large = true;
    intake->state = INTAKE_BUSY;
    return INTAKE_REQUEST;
}

static enum intake_event drain(struct intake *intake, const struct fcgi_record *record)
{
    if (record->length > 0)
        return skip(intake, record);
    intake->body_open = false;
    if (intake->state == INTAKE_BUSY)
        return INTAKE_MORE;
    intake->state = INTAKE_IDLE;
    return INTAKE_DRAINED;
}

static enum intake_event on_stdin(struct intake *intake, const struct fcgi_record *record)
{
    if (record->id == 0)
        return INTAKE_BROKEN;
    if (!is_current(intake, record))
        return skip(intake, record);
    if (intake->state == INTAKE_BODY)
        return record->length == 0 ? body_done(intake) : body_part(intake, record->data);
    if (intake->state == INTAKE_PARAMS || !intake->body_open)
        return INTAKE_BROKEN;
    return drain(intake, record);
}

static enum intake_event on_data(struct intake *intake, const struct fcgi_record *record)
{
    return record->id == 0 ? INTAKE_BROKEN : skip(intake, record);
}

enum { VALUES = 3 };

static char *write_value(char *to, const char *name, uint64_t value)
{
    char room[DECIMAL_MAX];
    struct str digits = str_decimal(value, room);
    size_t name_len = strlen(name);

    *to++ = (char)name_len;
    *to++ = (char)digits.len;
    memcpy(to, name, name_len);
    memcpy(to + name_len, digits.ptr, digits.len);
    return to + name_len + digits.len;
}

static enum intake_event values(struct intake *intake, struct str content)
{
    const struct {
        const char *name;
        uint64_t value;
    } known[VALUES] = {
        {FCGI_MAX_CONNS, intake->max_connections},
        {FCGI_MAX_REQS, intake->max_connections},
        {FCGI_MPXS_CONNS, 0},
    };
    char *start = intake->reply + RECORD_HEADER_SIZE, *to = start;
    bool told[VALUES] = {false};
    struct param pair;
    enum err err;

    while ((err = fcgi_params_next(&content, &pair)) == ERR_OK)
        for (size_t i = 0; i < VALUES; i++)
            if (!told[i] && str_eq(pair.name, str_from(known[i].name))) {
                told[i] = true;
                to = write_value(to, known[i].name, known[i].value);
            }
    if (err != ERR_NOT_FOUND)
        return INTAKE_BROKEN;
    record_write_header(intake->reply, FCGI_GET_VALUES_RESULT, 0, (size_t)(to - start), 0);
    return reply(intake, to);
}

static enum intake_event on_get_values(struct intake *intake, const struct fcgi_record *record)
{
    struct str content;

    if (record->id != 0 || record->length > INTAKE_SMALL)
        return INTAKE_BROKEN;
    return gather(intake, record, &content) ? values(intake, content) : INTAKE_MORE;
}

static enum intake_event on_unknown(struct intake *intake, const struct fcgi_record *record)
{
    FCGI_UnknownTypeBody body = {.type = record->type};
    char *to;

    if (record->id != 0 || !record->last)
        return skip(intake, record);
    to = record_write_header(intake->reply, FCGI_UNKNOWN_TYPE, 0, sizeof body, 0);
    memcpy(to, &body, sizeof body);
    return reply(intake, to + sizeof body);
}

/* What only a responder sends. */
static enum intake_event on_wrong_way(struct intake *intake, const struct fcgi_record *record)
{
    (void)intake, (void)record;
    return INTAKE_BROKEN;
}

static on_record *const handlers[] = {
    [0] = on_unknown,
    [FCGI_BEGIN_REQUEST] = on_begin,
    [FCGI_ABORT_REQUEST] = on_abort,
    [FCGI_END_REQUEST] = on_wrong_way,
    [FCGI_PARAMS] = on_params,
    [FCGI_STDIN] = on_stdin,
    [FCGI_STDOUT] = on_wrong_way,
    [FCGI_STDERR] = on_wrong_way,
    [FCGI_DATA] = on_data,
    [FCGI_GET_VALUES] = on_get_values,
    [FCGI_GET_VALUES_RESULT] = on_wrong_way,
    [FCGI_UNKNOWN_TYPE] = on_wrong_way,
};

enum intake_event intake_next(struct intake *intake, struct str *input)
{
    struct fcgi_record record;
    enum record_status status;

    while ((status = record_next(&intake->parser, input, &record)) == RECORD_PART) {
        on_record *handler = record.type <= FCGI_MAXTYPE ? handlers[record.type] : on_unknown;
        enum intake_event event = handler(intake, &record);
        if (event != INTAKE_MORE)
            return event;
    }
    return status == RECORD_BAD ? INTAKE_BROKEN : INTAKE_MORE;
}

void intake_released(struct intake *intake)
{
    intake->exchange = NULL;
    intake->status = 0;
}

void intake_finished(struct intake *intake)
{
    intake->exchange = NULL;
    intake->status = 0;
    intake->state = intake->body_open ? INTAKE_DRAIN : INTAKE_IDLE;
}

void intake_aborted(struct intake *intake)
{
    intake->reply_len =
        (size_t)(record_write_end(intake->reply, intake->id, FCGI_REQUEST_COMPLETE) -
                 intake->reply);
    intake->exchange = NULL;
    intake->status = 0;
    intake->state = INTAKE_IDLE;
}
