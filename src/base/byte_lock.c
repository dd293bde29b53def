/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/byte_lock.h"

#include <fcntl.h>
#include <unistd.h>

static struct flock byte_at(off_t at, short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
}

bool byte_lock(int fd, off_t at)
{
    struct flock lock = byte_at(at, F_WRLCK);

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

void byte_unlock(int fd, off_t at)
{
    struct flock lock = byte_at(at, F_UNLCK);

    (void)fcntl(fd, F_OFD_SETLK, &lock);
}

bool byte_is_locked(int fd, off_t at)
{
    struct flock lock = byte_at(at, F_WRLCK);

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
