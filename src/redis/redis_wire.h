/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_WIRE_H
#define LARDER_REDIS_REDIS_WIRE_H

#include <uv.h>

#include "base/err.h"
#include "redis/redis_library.h"
#include "redis/redis_tls.h"

/* Inside of redis/: hiredis on libuv.  Commands only go into hiredis' buffer; the owner is asked to
 * flush once, however many there are, and the socket is watched for room only after a write that
 * did not take all. */

struct redis_wire;

struct redis_wire_config {
    uv_loop_t *loop;
    struct redis_tls *tls; /* NULL: none; borrowed */
    void *context;
    /* Connected, or not (then the wire is gone). */
    void (*on_connected)(void *context, bool connected, const char *reason);
    /* The connection has ended by itself; the wire is gone. */
    void (*on_disconnected)(void *context, enum err err, const char *reason);
    /* There is something to flush: call redis_wire_flush() before the loop sleeps. */
    void (*on_want_flush)(void *context);
};

enum { REDIS_WIRE_REASON = 128 };
/* Takes ac over; NULL when it is NULL or has an error: then it is freed, and reason says why where
 * hiredis does. */
struct redis_wire *redis_wire_new(const struct redis_wire_config *config, redisAsyncContext *ac,
                                  char reason[static REDIS_WIRE_REASON]);
/* Closes without on_disconnected; pending callbacks of hiredis get NULL.  May be called from such
 * a callback; then it happens when that returns. */
void redis_wire_free(struct redis_wire *wire);
redisAsyncContext *redis_wire_context(const struct redis_wire *wire);
void redis_wire_flush(struct redis_wire *wire);
/* Reads what is there, as the wire does by itself when something comes; the wire may be gone then.
 */
void redis_wire_read(struct redis_wire *wire);
/* When something was last read, by the loop's clock; 0: never. */
uint64_t redis_wire_heard_ms(const struct redis_wire *wire);
/* Why it ended, for a log; never empty. */
const char *redis_wire_reason(const redisAsyncContext *ac);

#endif
