/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_NOTIFY_H
#define LARDER_BASE_NOTIFY_H

/* Reports the state of this process to the service manager: sd_notify(3) without its library. state
 * is lines of NAME=VALUE, such as "READY=1".  Sends one datagram to the socket that NOTIFY_SOCKET
 * names and does not wait.  Does nothing if the variable is not set or names no socket. */
void notify_manager(const char *state);

#endif
