/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_LISTENER_H
#define LARDER_GATEWAY_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/err.h"

/* Listening sockets: made here or handed over, and accepting from them. */

struct listener;
/* Takes an accepted, non-blocking socket. */
typedef void listener_accept(void *owner, int fd);

/* Makes a listening socket of "unix:/path" or "host:port".  A Unix socket that nobody serves any
 * more is replaced; mode 0 leaves its permissions to the umask.  Errors as gateway_listen(). */
enum err listener_bind(const char *text, unsigned mode, int *fd);
/* The sockets that systemd or spawn-fcgi hand to this process, at most `size`; how many there are.
 * systemd's variables are honoured when LISTEN_PID is this process. */
size_t listener_inherited(int *fds, size_t size);

/* Starts accepting; takes the socket, also when it fails.  own: it was made by listener_bind(). */
enum err listener_open(uv_loop_t *loop, int fd, bool own, listener_accept *accept, void *owner,
                       struct listener **out);
/* Accepts who waits already, takes away the file of an own Unix socket, and stops; on_close is
 * called when libuv has let go of it and the memory is gone. */
void listener_close(struct listener *listener, void (*on_close)(void *owner));
/* Goes on after it had to stop for want of file descriptors. */
void listener_resume(struct listener *listener);
/* The socket's address as text. */
const char *listener_address(const struct listener *listener);

#endif
