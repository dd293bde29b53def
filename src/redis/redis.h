/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_H
#define LARDER_REDIS_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/histogram.h"
#include "base/str.h"
#include "redis/redis_reply.h"
#include "redis/redis_url.h"

/* The worker's single client of Redis: asynchronous, on the worker's loop, with one connection.
 * Commands of one turn of the loop leave in one write; nothing is queued while there is no
 * connection.  Not for use from other threads. */

struct redis;

enum redis_state {
    REDIS_IDLE,       /* not used yet */
    REDIS_CONNECTING, /* resolving, connecting, signing in */
    REDIS_PREPARING,  /* the owner's on_connect is at work */
    REDIS_READY,
    REDIS_BACKOFF, /* waiting for the next try */
    REDIS_DORMANT, /* tries used up: the next command or redis_wake() probes */
    REDIS_CLOSING,
};

struct redis_config {
    uv_loop_t *loop;
    const struct redis_url *url; /* copied */
    const char *name;            /* for CLIENT SETNAME, copied; NULL: none */
    const char *probe_key;       /* written to find out whether Redis takes writes again; copied */
    /* Milliseconds; 0 means the default in parentheses. */
    unsigned
        connect_timeout_ms; /* (200) from resolving the name to the reply to the last greeting */
    unsigned command_timeout_ms; /* (50) */
    unsigned backoff_step_ms;    /* (100) the wait before try n is n of these, ±20 % */
    unsigned backoff_max_ms;     /* (3000) */
    unsigned tries;              /* (10) failures in a row before it goes dormant */
    unsigned wake_ms;  /* (3000) at least so long between two probes of a dormant client */
    unsigned probe_ms; /* (1000) between two tries to write after Redis refused one */
    void *context;     /* for the three below, which may be NULL */
    /* Signed in and PREPARING: send what must come first with the *_early calls, then call
     * redis_prepared(), at once or later.  NULL: ready at once. */
    void (*on_connect)(void *context, struct redis *redis);
    /* After each change of state. */
    void (*on_state)(void *context, struct redis *redis, enum redis_state state);
    /* READY, and Redis has answered a command with a permanent error (no permission, unknown
     * command); at most once a second. */
    void (*on_refused)(void *context, struct redis *redis);
};

/* Connects to nothing yet.  Never NULL. */
struct redis *redis_new(const struct redis_config *config);
/* Graceful: commands sent are answered or time out, then QUIT; after that done(context) is called
 * (done may be NULL) and the client is freed.  New commands fail with ERR_CANCELED. */
void redis_close(struct redis *redis, void (*done)(void *context), void *context);

enum redis_state redis_state(const struct redis *redis);
static inline bool redis_is(const struct redis *redis, enum redis_state state)
{
    return redis_state(redis) == state;
}
bool redis_ready(const struct redis *redis);
/* Ready, and the last write was not refused. */
bool redis_writable(const struct redis *redis);
/* Why it is not READY, or takes no writes, for people: "Connection refused", "MGET is refused:
 * NOPERM …"; "" when nothing is wrong.  Never a secret.  Valid until the loop turns. */
const char *redis_reason(const struct redis *redis);
/* Call in a callback with the error of an error reply (DENIED, PROTOCOL, READ_ONLY). Returns the
 * refused command and Redis' message: "EVALSHA is refused: NOPERM …". */
const char *redis_refusal(const struct redis *redis);
/* Starts connecting when idle; probes when dormant, at most once each wake_ms; else nothing. */
void redis_wake(struct redis *redis);
/* Ends PREPARING: ready when err is ERR_OK; else the connection is dropped and tried again later.
 * Ignored in any other state. */
void redis_prepared(struct redis *redis, enum err err);
/* Drops the connection, fails what is pending with ERR_UNAVAILABLE and connects again. */
void redis_reset(struct redis *redis, const char *reason);
/* The number of connections that became PREPARING. Commands sent under another number are gone. */
uint64_t redis_generation(const struct redis *redis);

/* Sends a command; the arguments are copied.  When not ready, it fails (and wakes the client). */
void redis_command(struct redis *redis, size_t argc, const struct str argv[],
                   redis_callback *callback, void *context);
/* The same, but also sent while PREPARING: for on_connect. */
void redis_command_early(struct redis *redis, size_t argc, const struct str argv[],
                         redis_callback *callback, void *context);

/* The version of hiredis at build time, such as "0.14.1"; static. */
const char *redis_library_version(void);

/* A Lua script: static storage, {.text = STR_INIT("...")}; the rest is filled in on first use. */
struct redis_script {
    struct str text;
    enum histogram kind; /* histogram of its durations; 0: REDIS_OTHER */
    char sha[40];        /* SHA-1 in hex, as EVALSHA wants it; sha[0] == 0: not known yet */
};
enum { REDIS_SCRIPT_ARGS_MAX = 1808 };
/* EVALSHA; when Redis does not know the script, EVAL instead (once).  keys and args together at
 * most REDIS_SCRIPT_ARGS_MAX. */
void redis_script(struct redis *redis, struct redis_script *script, const struct str keys[],
                  size_t key_count, const struct str args[], size_t arg_count,
                  redis_callback *callback, void *context);
void redis_script_early(struct redis *redis, struct redis_script *script, const struct str keys[],
                        size_t key_count, const struct str args[], size_t arg_count,
                        redis_callback *callback, void *context);

#endif
