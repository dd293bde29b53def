/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_TRACE_H
#define LARDER_BASE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The time that one request costs at Redis and MongoDB, and its W3C trace.  The current trace is a
 * global of the loop's thread: code that sends a command or submits a job takes a reference, and
 * enters the trace again around the callback.  Other threads only read the parent of a trace that
 * they were given. */

/* "00-<32 hex digits>-<16>-<2>" (W3C Trace Context). */
enum { TRACE_PARENT_SIZE = 55 };

struct trace {
    unsigned refs;
    bool has_parent;
    int64_t redis_ns, mongo_ns, queue_ns;
    char parent[TRACE_PARENT_SIZE];
};

/* The current trace, or NULL.  Only for the functions below. */
extern struct trace *trace_current;

/* Returns an empty trace with one reference. */
struct trace *trace_new(void);
/* Returns an empty trace for the next request: this one, or a new one if others still hold a
 * reference. */
struct trace *trace_renew(struct trace *trace);
/* Takes a reference to the current trace; NULL if there is none. */
struct trace *trace_take(void);
/* NULL is allowed. */
void trace_put(struct trace *trace);

/* Reads the traceparent header; of a version above 00, its first four fields.  A malformed header
 * is ignored. */
void trace_set_parent(struct trace *trace, struct str header);
/* The comment of MongoDB operations, "traceparent=…"; empty without a parent. */
enum { TRACE_COMMENT_SIZE = TRACE_PARENT_SIZE + (int)sizeof "traceparent=" - 1 };
struct str trace_comment(const struct trace *trace, char room[static TRACE_COMMENT_SIZE]);
/* The trace-id, 32 hex digits; empty without a parent. */
static inline struct str trace_id(const struct trace *trace)
{
    return trace->has_parent ? str_make(trace->parent + 3, 32) : str_make(NULL, 0);
}

/* Makes trace (may be NULL) the current one, with a reference of its own.  Returns the previous
 * one, for trace_leave. */
static inline struct trace *trace_enter(struct trace *trace)
{
    struct trace *before = trace_current;

    if (trace != NULL)
        trace->refs++;
    trace_current = trace;
    return before;
}
static inline void trace_leave(struct trace *before)
{
    trace_put(trace_current);
    trace_current = before;
}
/* The request has ended: later work belongs to no trace. */
static inline void trace_end(struct trace *trace)
{
    if (trace_current == trace) {
        trace_current = NULL;
        trace_put(trace);
    }
}

#endif
