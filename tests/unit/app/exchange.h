/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_APP_EXCHANGE_H
#define LARDER_TESTS_APP_EXCHANGE_H

#include "../unit.h"

#include "app/app_state.h"
#include "app/people/auth.h"

/* A request to a handler, as the gateway and dispatch() make it, and its answer. */
struct exchange {
    struct request request; /* first */
    struct route route;
    struct visit visit;
    struct visitor visitor;
    struct param params[4];
    struct buf body;  /* of the answer */
    unsigned answers; /* 0 or 1 */
};
void exchange_begin(struct exchange *exchange, enum method method, const struct plan *plan);
void exchange_end(struct exchange *exchange);
void exchange_param(struct exchange *exchange, const char *name, const char *value);
void exchange_sign_in(struct exchange *exchange, enum role role, const char *id);
struct str exchange_field(const struct exchange *exchange, const char *name);
/* One answer was given, of this status, with this text in its body. */
void assert_answer(const struct exchange *exchange, unsigned status, const char *text);
/* The same, and ends the exchange. */
void assert_over(struct exchange *exchange, unsigned status, const char *text);

#endif
