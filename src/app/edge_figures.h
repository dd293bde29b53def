/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_EDGE_FIGURES_H
#define LARDER_APP_EDGE_FIGURES_H

#include <sys/types.h>

/* What the web server has answered by itself, counted as if a worker had: some times a second one
 * worker of the host takes it over (memory/feedback.h). */

struct app;
struct edge_figures;

/* name: the segment's, or NULL where this is no worker; group: the web server's, or -1.  NULL where
 * there is nothing to be told, for want of memory for records, or where the file cannot be made, of
 * which the log says why. */
struct edge_figures *edge_figures_new(struct app *app, const char *name, gid_t group);
/* Takes over what is left, and closes its timer; then done(context). */
void edge_figures_stop(struct edge_figures *figures, void (*done)(void *context), void *context);
/* NULL is allowed, as in edge_figures_stop. */
void edge_figures_free(struct edge_figures *figures);

#endif
