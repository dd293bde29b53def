/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_EDGE_FIGURES_H
#define LARDER_APP_EDGE_FIGURES_H

#include <sys/types.h>

/* Counts the requests that nginx answered by itself as if a worker had: several times a second, one
 * worker of the host collects them (memory/feedback.h). */

struct app;
struct edge_figures;

/* name: the segment's, or NULL if this is no worker. group: nginx's, or -1. Returns NULL if there
 * is no memory for records, or if the file cannot be created; then the log says why. */
struct edge_figures *edge_figures_new(struct app *app, const char *name, gid_t group);
/* Collects now, so that an answer about figures has all of them.  NULL is allowed. */
void edge_figures_collect(struct edge_figures *figures);
/* Collects what is left and closes the timer, then calls done(context). */
void edge_figures_stop(struct edge_figures *figures, void (*done)(void *context), void *context);
/* NULL is allowed, as in edge_figures_stop. */
void edge_figures_free(struct edge_figures *figures);

#endif
