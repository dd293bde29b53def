/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MEMORY_FEEDBACK_KINDS_H
#define LARDER_MEMORY_FEEDBACK_KINDS_H

/* The kinds of reports, and their bounds. */

enum feedback_count { FEEDBACK_2XX, FEEDBACK_3XX, FEEDBACK_HITS, FEEDBACK_COUNTS };

/* What this host's workers allow readers to do. */
enum feedback_policy {
    FEEDBACK_ANSWERS = 1,   /* give answers at all */
    FEEDBACK_BY_ORIGIN = 2, /* answers depend on Origin, which only workers evaluate */
};

enum {
    FEEDBACK_ROUTES = 96,
    FEEDBACK_ROUTE_MAX = 104, /* bytes of a route's pattern, with its NUL */
    FEEDBACK_BUCKETS = 18,    /* of a histogram; the last is the sum in nanoseconds */
    FEEDBACK_VIEW_MAX = 244,  /* bytes of what a view is counted by */
};

#endif
