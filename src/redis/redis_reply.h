/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_REPLY_H
#define LARDER_REDIS_REDIS_REPLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Replies: a view into the library's own, valid during the callback only. */
enum redis_type {
    REDIS_NIL,
    REDIS_STRING,
    REDIS_STATUS,
    REDIS_INTEGER,
    REDIS_ERROR, /* only as an item of an array */
    REDIS_ARRAY,
    REDIS_OTHER,
};
struct redis_value;

/* REDIS_NIL for NULL. */
enum redis_type redis_type(const struct redis_value *value);
/* Bytes of a string, status or error; empty (ptr NULL) for all else. */
struct str redis_str(const struct redis_value *value);
/* An integer, or 0. */
int64_t redis_int(const struct redis_value *value);
/* Items of an array, or 0. */
size_t redis_count(const struct redis_value *value);
/* Item i of an array, or NULL beyond its end. */
const struct redis_value *redis_item(const struct redis_value *value, size_t i);

/* Called exactly once for each command, always later than the call that sent it.  reply is NULL
 * unless err is ERR_OK.
 * ERR_UNAVAILABLE  not ready, connection lost, or Redis is loading or busy with a script
 * ERR_TIMEOUT      no answer in time: the command may or may not have been carried out
 * ERR_READ_ONLY    OOM, READONLY, MISCONF, NOREPLICAS: Redis refuses writes
 * ERR_DENIED       NOPERM, NOAUTH
 * ERR_CANCELED     the client was closed
 * ERR_PROTOCOL     any other error reply (its text is logged) */
typedef void redis_callback(void *context, enum err err, const struct redis_value *reply);
/* For commands whose reply changes nothing. */
redis_callback redis_ignore;

#endif
