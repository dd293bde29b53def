/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_FEEDBACK_KINDS_H
#define LARDER_MEMORY_FEEDBACK_KINDS_H

/* What there is to be told, and how much of it. */

enum feedback_count { FEEDBACK_2XX, FEEDBACK_3XX, FEEDBACK_HITS, FEEDBACK_COUNTS };

/* What the workers of this host let readers do. */
enum feedback_policy {
    FEEDBACK_ANSWERS = 1,   /* give answers at all */
    FEEDBACK_BY_ORIGIN = 2, /* an answer depends on Origin, which nobody but a worker knows */
};

enum {
    FEEDBACK_ROUTES = 96,
    FEEDBACK_ROUTE_MAX = 104, /* bytes of a route's pattern, with its NUL */
    FEEDBACK_BUCKETS = 18,    /* of a histogram; the last is the sum in nanoseconds */
    FEEDBACK_VIEW_MAX = 244,  /* bytes of what a view is counted by */
};

#endif
