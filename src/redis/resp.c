/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/resp.h"

enum { MARK = 1, TAIL = 2, HEAD_MAX = MARK + DECIMAL_MAX + TAIL };
enum { SCRATCH_KEPT = 256 << 10 };

static char *put_tail(char *to)
{
    *to++ = '\r';
    *to++ = '\n';
    return to;
}

static char *resp_put_head(char *to, char mark, size_t number)
{
    char room[DECIMAL_MAX];
    struct str digits = str_decimal(number, room);

    *to++ = mark;
    memcpy(to, digits.ptr, digits.len);
    return put_tail(to + digits.len);
}

struct str resp_command(struct buf *scratch, size_t argc, const struct str argv[])
{
    size_t size = HEAD_MAX + 1;
    char *to;

    buf_clear(scratch, SCRATCH_KEPT);
    for (size_t i = 0; i < argc; i++)
        size += HEAD_MAX + argv[i].len + TAIL;
    to = buf_reserve(scratch, size);
    if (to == NULL)
        return str_make(NULL, 0);
    to = resp_put_head(to, '*', argc);
    for (size_t i = 0; i < argc; i++) {
        to = resp_put_head(to, '$', argv[i].len);
        if (argv[i].len > 0)
            memcpy(to, argv[i].ptr, argv[i].len);
        to = put_tail(to + argv[i].len);
    }
    *to = '\0';
    return str_make(scratch->ptr, (size_t)(to - scratch->ptr));
}
