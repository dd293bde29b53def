/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_HTTP_REQUEST_H
#define LARDER_HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "http/method.h"
#include "http/response.h"

/* One request and its response.  The gateway reads it completely (parameters and body), hands it to
 * the application, and owns it again from request_finish() on.  Until then it stays valid even if
 * the client disconnects: `gone` is then set, so that work not yet begun can be skipped. */

enum { REQUEST_ID_SIZE = 16, REQUEST_ID_MAX = 64 };

struct flow;
struct tagset;
struct flow_owner;

/* A CGI/1.1 meta-variable (RFC 3875 section 4.1); a client's header is HTTP_<NAME>. */
struct param {
    struct str name, value;
};

struct request {
    enum method method; /* METHOD_NONE: one that no route knows */
    struct str method_text;
    struct str path;  /* as sent, percent-encoded, without the query */
    struct str query; /* as sent, without the question mark */
    struct str body;
    const struct param *params;
    size_t param_count;
    struct str id;          /* the client's, or hex digits, unique; safe in JSON and headers */
    int64_t arrived_ms;     /* wall clock */
    int64_t began_ns;       /* its first byte, by the monotonic clock */
    struct trace *trace;    /* the gateway's; never NULL */
    struct str traceparent; /* the header, unless there are two */
    struct str accept;      /* the header */
    bool has_credentials;   /* Authorization or Cookie is there */
    bool gone;
    bool too_large;     /* the body is beyond the limit and was not read: answer 413 */
    struct arena arena; /* valid until the response is sent */
    struct response response;
    void *state;                         /* the application's own */
    struct tagset *tags;                 /* what the answer depends on is gathered here; or NULL */
    struct durations *durations;         /* of its path, which the application sets */
    struct str user;                     /* id of who is signed in; the application's, or empty */
    bool timed;                          /* the client may see Server-Timing */
    void (*on_finish)(struct request *); /* the gateway's, as the next one */
    struct flow *(*on_flow)(struct request *, const struct flow_owner *);
};

/* Value of a meta-variable such as "CONTENT_TYPE", or the empty string with a NULL ptr. */
struct str request_param(const struct request *request, struct str name);
/* Uses the client's X-Request-Id if it has 1 to REQUEST_ID_MAX letters, digits and "-_.:=+/@~". */
void request_take_id(struct request *request);
/* Fills method, path and query from REQUEST_METHOD and REQUEST_URI; without that one from
 * SCRIPT_NAME, PATH_INFO and QUERY_STRING.  ERR_INVALID when method or path is missing, or the path
 * does not begin with a slash. */
enum err request_target(struct request *request);
/* Sends the response; the request must not be used afterwards.  The bytes that the body's parts
 * point to may be freed when this returns: those that cannot be sent at once are copied.  Call it
 * once for each request, from the loop's thread; a handler may call it directly. */
void request_finish(struct request *request);

#endif
