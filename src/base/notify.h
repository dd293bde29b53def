/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_NOTIFY_H
#define LARDER_BASE_NOTIFY_H

/* Tells a service manager how this process is: sd_notify(3) without its library.  state is lines of
 * NAME=VALUE, such as "READY=1".  Sends one datagram to the socket that NOTIFY_SOCKET names, and
 * waits for nothing; without that variable, or with a name that is no socket's, it does nothing. */
void notify_manager(const char *state);

#endif
