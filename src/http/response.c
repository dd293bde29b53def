/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/response.h"

#include "base/idiom.h"
#include "base/word.h"

void response_init(struct response *response)
{
    *response =
        (struct response){.head = BUF_INIT(RESPONSE_HEAD_MAX), .body = BUF_INIT(RESPONSE_BODY_MAX)};
}

void response_free(struct response *response)
{
    buf_free(&response->head);
    buf_free(&response->body);
    buf_free(&response->taken);
}

void response_reset(struct response *response, size_t keep)
{
    buf_clear(&response->head, keep);
    buf_clear(&response->body, keep);
    response->status = 0;
    response->vary = 0;
    response->cache = RESPONSE_NONE;
    response->part_count = 0;
    response->no_body = response->unsized = response->lasting = false;
    buf_free(&response->taken);
}

static bool is_field_value(struct str value)
{
    size_t i = 0;

    while (value.len - i >= sizeof(uint64_t) && word_has_control(word_load(value.ptr + i)) == 0)
        i += sizeof(uint64_t);
    for (; i < value.len; i++)
        if (value.ptr[i] == '\r' || value.ptr[i] == '\n' || value.ptr[i] == '\0')
            return false;
    return true;
}

void response_header(struct response *response, struct str name, struct str value)
{
    char *to;

    if (!is_field_value(value))
        return;
    to = buf_reserve(&response->head, name.len + value.len + 4);
    if (to == NULL)
        return;
    memcpy(to, name.ptr, name.len);
    to += name.len;
    *to++ = ':';
    *to++ = ' ';
    if (value.len > 0)
        memcpy(to, value.ptr, value.len);
    to += value.len;
    *to++ = '\r';
    *to = '\n';
    buf_commit(&response->head, name.len + value.len + 4);
}

struct str response_field(const struct response *response, struct str name)
{
    struct str rest = buf_view(&response->head), line;

    while (rest.len > 0 && str_split(&rest, '\n', &line)) {
        size_t colon = str_find(line, ':');
        if (str_eq_nocase(str_make(line.ptr, colon), name))
            return str_trim(str_from_offset(str_make(line.ptr, line.len - 1), colon + 1));
    }
    return STR("");
}

char *response_put_vary(const struct response *response, char *to)
{
    unsigned vary = response->vary;
    static const struct {
        unsigned bit;
        struct str name;
    } names[] = {{VARY_ACCEPT, STR_INIT("Accept")},
                 {VARY_ENCODING, STR_INIT("Accept-Encoding")},
                 {VARY_ORIGIN, STR_INIT("Origin")}};
    bool first = true;

    if (vary == VARY_ENCODING)
        return str_put(to, STR("Vary: Accept-Encoding\r\n"));
    if (vary == 0)
        return to;
    for (size_t i = 0; i < COUNT(names); i++) {
        if ((vary & names[i].bit) == 0)
            continue;
        to = str_put(to, first ? STR("Vary: ") : STR(", "));
        to = str_put(to, names[i].name);
        first = false;
    }
    return str_put(to, STR("\r\n"));
}

void response_part(struct response *response, struct str bytes)
{
    if (response->part_count == RESPONSE_PARTS)
        response->head.err = ERR_TOO_LARGE;
    else if (bytes.len > 0)
        response->parts[response->part_count++] = bytes;
}

void response_take(struct response *response, struct buf *buf)
{
    buf_free(&response->taken);
    response->taken = *buf;
    *buf = (struct buf){.cap = buf->cap};
    response->lasting = true;
}

void response_body_done(struct response *response)
{
    response_part(response, buf_view(&response->body));
}

size_t response_length(const struct response *response)
{
    size_t length = 0;

    for (size_t i = 0; i < response->part_count; i++)
        length += response->parts[i].len;
    return length;
}

size_t response_sent(const struct response *response, bool head)
{
    return head || response->no_body || !response_has_content(response) ? 0
                                                                        : response_length(response);
}
