/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/trace.h"

#include <stdlib.h>

#include "base/mem.h"

struct trace *trace_current;

struct trace *trace_new(void)
{
    struct trace *trace = mem_zalloc(sizeof *trace);

    trace->refs = 1;
    return trace;
}

struct trace *trace_renew(struct trace *trace)
{
    if (trace->refs > 1) {
        trace_put(trace);
        return trace_new();
    }
    trace->has_parent = false;
    trace->redis_ns = trace->mongo_ns = trace->queue_ns = 0;
    return trace;
}

struct trace *trace_take(void)
{
    if (trace_current != NULL)
        trace_current->refs++;
    return trace_current;
}

void trace_put(struct trace *trace)
{
    if (trace != NULL && --trace->refs == 0)
        free(trace);
}

/* --- traceparent --- */

/* len lower-case hex digits at *at, then the separator, unless it is the last field; *zero says
 * whether all digits are 0. */
static bool take_field(const char **at, size_t len, char separator, bool *zero)
{
    *zero = true;
    for (size_t i = 0; i < len; i++) {
        char c = (*at)[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return false;
        *zero = *zero && c == '0';
    }
    *at += len;
    return separator == '\0' || *(*at)++ == separator;
}

static bool is_parent(struct str header)
{
    const char *at = header.ptr;
    bool zero, no_id, no_span, longer = header.len > TRACE_PARENT_SIZE;

    if (header.len < TRACE_PARENT_SIZE || str_starts(header, STR("ff")) ||
        !take_field(&at, 2, '-', &zero))
        return false;
    if (longer && (zero || header.ptr[TRACE_PARENT_SIZE] != '-'))
        return false;
    return take_field(&at, 32, '-', &no_id) && take_field(&at, 16, '-', &no_span) &&
           take_field(&at, 2, '\0', &zero) && !no_id && !no_span;
}

void trace_set_parent(struct trace *trace, struct str header)
{
    trace->has_parent = is_parent(header);
    if (trace->has_parent)
        memcpy(trace->parent, header.ptr, TRACE_PARENT_SIZE);
}

struct str trace_comment(const struct trace *trace, char room[static TRACE_COMMENT_SIZE])
{
    static const struct str name = STR_INIT("traceparent=");

    if (!trace->has_parent)
        return STR("");
    memcpy(room, name.ptr, name.len);
    memcpy(room + name.len, trace->parent, TRACE_PARENT_SIZE);
    return str_make(room, TRACE_COMMENT_SIZE);
}
