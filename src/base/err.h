/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_ERR_H
#define LARDER_BASE_ERR_H

/* The one error vocabulary of the program: name, and a text for people.
 * Which HTTP status an error becomes is decided in one place, http/problem.c. */
#define ERR_LIST(X)                                                                                \
    X(OK, "success")                                                                               \
    X(INVALID, "invalid input")                                                                    \
    X(RANGE, "out of range")                                                                       \
    X(TOO_LARGE, "too large")                                                                      \
    X(SYNTAX, "syntax error")                                                                      \
    X(PROTOCOL, "protocol error")                                                                  \
    X(NOT_FOUND, "not found")                                                                      \
    X(EXISTS, "exists already")                                                                    \
    X(CONFLICT, "changed meanwhile")                                                               \
    X(DENIED, "not allowed")                                                                       \
    X(FORBIDDEN, "the database gives no right to it")                                              \
    X(REFUSED, "refused by a rule of the database")                                                \
    X(BUSY, "too busy")                                                                            \
    X(TIMEOUT, "timed out")                                                                        \
    X(UNAVAILABLE, "not reachable")                                                                \
    X(UNKNOWN, "outcome unknown")                                                                  \
    X(READ_ONLY, "refuses writes")                                                                 \
    X(STALE, "no longer valid")                                                                    \
    X(CANCELED, "canceled")                                                                        \
    X(UNSUPPORTED, "not supported")                                                                \
    X(IO, "input or output failed")                                                                \
    X(INTERNAL, "internal error")

enum err {
#define ERR_ENUM(name, text) ERR_##name,
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
};

/* Text of an error, never NULL, static. */
const char *err_text(enum err err);

#endif
