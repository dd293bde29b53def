/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_EXPORT_H
#define LARDER_APP_READ_EXPORT_H

#include <stddef.h>

/* Exports: all documents of a query, streamed from MongoDB. Each export has a thread and a
 * connection of its own, and pauses while the client does not read. */

struct app;
struct exports;

enum { EXPORTS_MAX = 2 }; /* at once */

struct exports *exports_new(struct app *app);
/* Ends the running exports, then calls done(context). */
void exports_stop(struct exports *exports, void (*done)(void *context), void *context);
void exports_free(struct exports *exports);

#endif
