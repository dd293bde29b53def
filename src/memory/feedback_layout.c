/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/feedback_layout.h"

#include <stdio.h>

#include "memory/segment.h"

bool feedback_path(const char *name, char path[static FEEDBACK_PATH_MAX])
{
    char own[MEMORY_NAME_MAX + 2];

    if (!segment_path(name, own))
        return false;
    snprintf(path, FEEDBACK_PATH_MAX, "%s-edge", own);
    return true;
}

bool feedback_is_linked(int fd, const char *path)
{
    return segment_is_named(fd, path, FEEDBACK_SIZE);
}
