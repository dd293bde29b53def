/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_GATEWAY_H
#define LARDER_GATEWAY_GATEWAY_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "http/request.h"

/* The FastCGI server: takes connections from a web server, reads requests from them and sends the
 * responses.  A connection carries one request at a time and is kept between them when the web
 * server wants it so. */

struct gateway;

/* Called once a request, when it is complete (or request->too_large).  It, or something that it
 * starts, calls request_finish() once; that may be before it returns. */
typedef void gateway_handler(void *context, struct request *request);
typedef void gateway_done(void *context);
/* Called once for each response, also for what the gateway itself answers, right before it is sent:
 * may add header lines. */
typedef void gateway_answering(void *context, struct request *request);

/* A field that is 0 takes the default behind it.  Times are in milliseconds. */
struct gateway_config {
    size_t max_connections;  /* 4,096; those beyond are closed at once */
    size_t max_body;         /* 65,536 bytes; longer ones come as too_large, without their body */
    uint32_t params_ms;      /* 5,000: from BEGIN to the end of the parameters */
    uint32_t body_idle_ms;   /* 10,000: between two parts of a body */
    uint32_t drain_ms;       /* 5,000: for what still comes of an answered request */
    uint32_t write_idle_ms;  /* 30,000: until the peer takes the next byte */
    uint32_t idle_ms;        /* 90,000: between two requests; longer than nginx's 60,000 */
    uint32_t sweep_ms;       /* 500: how exactly all of these are kept */
    uint32_t leave_grace_ms; /* 1,000: idle connections are kept that long when leaving */
    uint32_t leave_ms;       /* 8,000: then those that are left are cut */
    unsigned socket_mode;    /* of a Unix socket made here; 0: what the umask leaves */
    gateway_answering *answering; /* NULL: nothing is added */
    void *answering_context;
    uint32_t slow_ms;   /* 0: off; what takes longer is logged */
    uint32_t log_share; /* 0 to 1,000,000 (all): requests that are logged in any case */
};

/* Never NULL.  Borrows the loop, which must not be in use by another thread.  The kernel's SIGPIPE
 * is never raised by it. */
struct gateway *gateway_new(uv_loop_t *loop, const struct gateway_config *config,
                            gateway_handler *handler, void *context);

/* Starts accepting.  `text` is "unix:/path", "host:port" (host may be empty: all addresses; an IPv6
 * address is written in brackets), or NULL: the sockets that systemd hands over (LISTEN_FDS), else
 * file descriptor 0 when it is a listening socket (spawn-fcgi, the FastCGI way).  May be called
 * several times.  ERR_NOT_FOUND: NULL, and nothing is handed over; ERR_SYNTAX: text is no address;
 * ERR_EXISTS: another process serves there; ERR_IO: the reason has been logged. */
enum err gateway_listen(struct gateway *gateway, const char *text);

/* The address of the first listening socket in text's form, for the log; "" when there is none. */
const char *gateway_address(const struct gateway *gateway);

/* Stops accepting, answers what is in flight and each kept connection's next request, closes the
 * connection with that answer and idle ones last.  `done` is called once, from the loop, when no
 * handle of the gateway is left: gateway_free() may be called there. */
void gateway_drain(struct gateway *gateway, gateway_done *done, void *context);

/* After `done`.  Requests that a handler still has stay valid until it finishes them. */
void gateway_free(struct gateway *gateway);

/* Connections that are open. */
size_t gateway_connections(const struct gateway *gateway);

#endif
