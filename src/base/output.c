/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void output_warnings(const struct buf *notes)
{
    struct str rest = buf_view(notes), line;

    while (str_split(&rest, '\n', &line))
        if (line.len > 0)
            fprintf(stderr, "warning: %.*s\n", (int)line.len, line.ptr);
}

int output_end(const char *program, int status)
{
    errno = 0; /* what was lost earlier has left its mark, but no reason */
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: cannot write%s%s\n", program, errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    return status == EXIT_SUCCESS ? EXIT_FAILURE : status;
}
