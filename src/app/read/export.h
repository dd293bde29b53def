/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_READ_EXPORT_H
#define LARDER_APP_READ_EXPORT_H

#include <stddef.h>

/* Everything that a question finds, sent as it comes from MongoDB: each by a thread and a
 * connection of its own, which waits while the client does not read. */

struct app;
struct exports;

enum { EXPORTS_MAX = 2 }; /* at once */

struct exports *exports_new(struct app *app);
/* Cuts those under way, then done(context). */
void exports_stop(struct exports *exports, void (*done)(void *context), void *context);
void exports_free(struct exports *exports);

#endif
