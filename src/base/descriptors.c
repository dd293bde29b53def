/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"

enum { OTHERS = 128 }; /* servers, files, the loop */

void descriptors_fill(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

/* 0: it is not told. */
static uint64_t descriptors_raise(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

uint64_t descriptors_for_streams(uint64_t streams, uint64_t connections)
{
    uint64_t most = descriptors_raise(), others = connections + OTHERS;
    uint64_t left = most > 2 * others ? most - others : most / 2;

    if (most == 0 || streams <= left)
        return streams;
    log_warn("larderd", "fewer streams than LARDER_STREAMS: file descriptors are scarce",
             LOG_INT("streams", left), LOG_INT("descriptors", most));
    return left;
}
