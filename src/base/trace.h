/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_TRACE_H
#define LARDER_BASE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* What one request costs at the servers, and which trace it belongs to.  The trace at work is known
 * to all that runs on the loop's thread: who sends a command or submits a job takes it along, and
 * enters it again around the callback.  Threads only read the parent of one that they were given.
 */

/* "00-<32 hex digits>-<16>-<2>" (W3C Trace Context). */
enum { TRACE_PARENT_SIZE = 55 };

struct trace {
    unsigned refs;
    bool has_parent;
    int64_t redis_ns, mongo_ns, queue_ns;
    char parent[TRACE_PARENT_SIZE];
};

/* The one at work, or NULL.  Only for the functions below. */
extern struct trace *trace_current;

/* Empty, with one reference. */
struct trace *trace_new(void);
/* Empties it for the next request; another one while the old one is in use. */
struct trace *trace_renew(struct trace *trace);
/* The one at work with one more reference, or NULL. */
struct trace *trace_take(void);
/* NULL is allowed. */
void trace_put(struct trace *trace);

/* The traceparent header of the request: of a version above 00, its first four fields.  What is
 * malformed is ignored. */
void trace_set_parent(struct trace *trace, struct str header);
/* What MongoDB gets as an operation's comment, "traceparent=…"; empty without a parent. */
enum { TRACE_COMMENT_SIZE = TRACE_PARENT_SIZE + (int)sizeof "traceparent=" - 1 };
struct str trace_comment(const struct trace *trace, char room[static TRACE_COMMENT_SIZE]);
/* The trace-id, 32 hex digits; empty without a parent. */
static inline struct str trace_id(const struct trace *trace)
{
    return trace->has_parent ? str_make(trace->parent + 3, 32) : str_make(NULL, 0);
}

/* trace (may be NULL) is at work from now on; gives the one before, for trace_leave.  The one at
 * work has a reference of its own. */
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
/* Its request is over: what else is done now belongs to none. */
static inline void trace_end(struct trace *trace)
{
    if (trace_current == trace) {
        trace_current = NULL;
        trace_put(trace);
    }
}

#endif
