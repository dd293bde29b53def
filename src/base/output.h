/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_OUTPUT_H
#define LARDER_BASE_OUTPUT_H

#include "base/buf.h"

/* Messages and exit status of a command. */

/* Writes the notes, one a line, as warnings to standard error. */
void output_warnings(const struct buf *notes);
/* Flushes standard output; call it last.  Returns status, or EXIT_FAILURE instead of 0 if output
 * was lost, after a message in the name of the program. */
int output_end(const char *program, int status);

#endif
