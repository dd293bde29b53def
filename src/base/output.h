/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_OUTPUT_H
#define LARDER_BASE_OUTPUT_H

#include "base/buf.h"

/* What a program says to its caller. */

/* The notes, lines each with its end, as warnings on standard error. */
void output_warnings(const struct buf *notes);
/* To be called last, with the exit status that it would be: gives that, or EXIT_FAILURE in place of
 * 0 when something of standard output is lost, of which it has then told as that program. */
int output_end(const char *program, int status);

#endif
