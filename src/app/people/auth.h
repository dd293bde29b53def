/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_AUTH_H
#define LARDER_APP_PEOPLE_AUTH_H

#include "app/people/session.h"
#include "app/people/users.h"
#include "http/router.h"

/* Authentication and authorisation. */

struct once;
struct parsing;

struct visitor {
    struct profile profile; /* as cached; strings are valid until the request ends */
    struct session session;
    char hash[SESSION_HASH_SIZE];
    bool by_cookie;
};

/* The state of a request whose route needs a visitor, a body or a key: request->state. */
struct visit {
    struct app *app;
    struct request *request;
    const struct route *route;
    struct str id;
    struct visitor *visitor; /* NULL: not signed in */
    struct once *once;       /* NULL: no Idempotency-Key */
    struct parsing *parsing; /* NULL: the body was not parsed on a thread */
    bool optional;           /* the answer is public: an unknown session counts as not signed in */
    void (*next)(struct visit *visit);
    struct visitor candidate;
    struct str cookies; /* not tried yet */
    unsigned tried;
    bool renewed; /* the profile was stale and has been read anew */
    struct session_read session;
    struct profile_read profile;
    void *own; /* the handler's */
};

/* The signed-in visitor of a request, or NULL. */
static inline const struct visitor *request_visitor(const struct request *request)
{
    const struct visit *visit = request->state;

    return visit != NULL ? visit->visitor : NULL;
}

/* Finds the session that the request carries ("Authorization: Bearer", else the first good one of
 * its cookies) and calls next, or answers: 403 to a change by cookie from a page of another origin
 * (cross-site request forgery), 503 if no server can be asked. Sets the request's user, and whether
 * Server-Timing may be shown. */
void auth_find(struct visit *visit, void (*next)(struct visit *visit));
/* The same for a known session hash. */
void auth_resume(struct visit *visit, const char hash[static SESSION_HASH_SIZE],
                 void (*next)(struct visit *visit));
/* Returns whether the visitor may use the route, by its flags; answers 401 or 403 otherwise. */
bool auth_admits(struct visit *visit);
/* Whether the visitor (NULL: not signed in) may use a route with these flags. */
bool auth_allows(const struct app *app, const struct visitor *visitor, unsigned flags);

/* The cookie with a token, "__Host-larder_session" over TLS, else "larder_session"; life_ms 0:
 * until the browser closes; below 0: deletes the cookie. */
void auth_set_cookie(const struct app *app, struct request *request, struct str token,
                     int64_t life_ms);
/* Takes the next session's cookie, and what precedes it, off a Cookie field; empty when there
 * is none left, and the field's ptr is NULL then. */
struct str auth_cookie(struct str *field, bool secure);
/* Whether a page of this origin may write: it is one of the configured ones (comma-separated), or
 * the requested server itself. */
bool auth_origin_is_ours(struct str origin, struct str configured, bool https, struct str host);

#endif
