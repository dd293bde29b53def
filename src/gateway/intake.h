/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_GATEWAY_INTAKE_H
#define LARDER_GATEWAY_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "gateway/exchange.h"
#include "gateway/fcgi_record.h"

/* One connection's side of the FastCGI protocol: turns its bytes into requests, by the rules for a
 * responder that serves one request at a time.  Knows no socket and no clock. */

enum {
    INTAKE_SKIP_MAX = 1 << 20, /* bytes of records that nobody reads, between two requests */
    INTAKE_REPLIES_MAX = 32,   /* answers to management records and refused requests */
    INTAKE_SMALL = 256         /* longest GET_VALUES */
};

enum intake_state {
    INTAKE_IDLE,
    INTAKE_PARAMS, /* a request has begun */
    INTAKE_BODY,   /* its parameters are complete */
    INTAKE_BUSY,   /* it has been handed over, or refused */
    INTAKE_DRAIN   /* it is answered, its records still come */
};

enum intake_event {
    INTAKE_MORE,    /* the input is used up */
    INTAKE_REQUEST, /* exchange is complete, or too large: hand it over */
    INTAKE_REFUSED, /* exchange is to be answered with intake->status and intake->message */
    INTAKE_ABORTED, /* the client gave exchange up: take it away, then intake_aborted() */
    INTAKE_REPLY,   /* send intake->reply */
    INTAKE_DRAINED, /* the records of an answered request have ended */
    INTAKE_BROKEN   /* a protocol error: close */
};

struct intake {
    struct record_parser parser;
    enum intake_state state;
    uint16_t id;
    bool keep;       /* the client wants the connection kept */
    bool begun;      /* set with each BEGIN that was taken; the owner clears it */
    bool body_open;  /* the end of STDIN has not come */
    bool has_length; /* CONTENT_LENGTH was given */
    uint64_t length; /* its value */
    uint64_t max_connections;
    struct exchange_pool *pool; /* borrowed */
    struct exchange *exchange;  /* owned from BEGIN to intake_finished() or intake_aborted() */
    unsigned status;
    const char *message;
    uint32_t skipped, replies;
    size_t small_len, reply_len;
    unsigned char small[INTAKE_SMALL];
    char reply[128];
};

/* max_connections is what GET_VALUES is answered with. */
void intake_init(struct intake *intake, struct exchange_pool *pool, uint64_t max_connections);
/* Reads on until something is to be done or the input is used up; *input is what is left. */
enum intake_event intake_next(struct intake *intake, struct str *input);
/* The exchange belongs to the caller, and its answer goes on until intake_finished(). */
void intake_released(struct intake *intake);
/* The exchange has been answered and belongs to the caller. */
void intake_finished(struct intake *intake);
/* The exchange belongs to the caller; intake->reply is the END_REQUEST to be sent. */
void intake_aborted(struct intake *intake);

#endif
