/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/auth.h"

#include "app/state.h"

enum { COOKIE_MAX = 200 };

/* --- What the request says --- */

struct str auth_cookie(struct str field)
{
    static const struct str name = STR_INIT("larder_session=");
    struct str pair;

    while (str_split(&field, ';', &pair)) {
        pair = str_trim(pair);
        if (str_starts(pair, name))
            return str_from_offset(pair, name.len);
    }
    return STR("");
}

static struct str bearer(const struct request *request)
{
    static const struct str scheme = STR_INIT("bearer ");
    struct str field = str_trim(request_param(request, STR("HTTP_AUTHORIZATION")));

    if (field.len < scheme.len || !str_eq_nocase(str_make(field.ptr, scheme.len), scheme))
        return STR("");
    return str_trim(str_from_offset(field, scheme.len));
}

static bool is_https(const struct request *request)
{
    return str_eq_nocase(request_param(request, STR("HTTPS")), STR("on"));
}

bool auth_origin_is_ours(struct str origin, struct str configured, bool https, struct str host)
{
    struct str scheme = https ? STR("https://") : STR("http://"), one;

    if (origin.len == 0)
        return false;
    while (configured.len > 0 && str_split(&configured, ',', &one))
        if (str_eq_nocase(origin, str_trim(one)))
            return true;
    return host.len > 0 && str_starts(origin, scheme) &&
           str_eq_nocase(str_from_offset(origin, scheme.len), host);
}

/* Browsers send Origin with every request that changes something (Fetch standard). */
static bool is_forged(const struct visit *visit)
{
    const struct request *request = visit->request;

    if (!visit->candidate.by_cookie ||
        (request->method & (METHOD_GET | METHOD_HEAD | METHOD_OPTIONS)) != 0)
        return false;
    return !auth_origin_is_ours(request_param(request, STR("HTTP_ORIGIN")),
                                visit->app->config.origins, is_https(request),
                                request_param(request, STR("HTTP_HOST")));
}

void auth_set_cookie(struct request *request, struct str token, int64_t life_ms)
{
    struct buf text = BUF_INIT(COOKIE_MAX);

    buf_literal(&text, "larder_session=");
    buf_str(&text, token);
    buf_literal(&text, "; Path=/; HttpOnly; SameSite=Lax");
    if (is_https(request))
        buf_literal(&text, "; Secure");
    if (life_ms != 0)
        buf_printf(&text, "; Max-Age=%lld", (long long)(life_ms > 0 ? life_ms / 1000 : 0));
    response_header(&request->response, STR("Set-Cookie"), buf_view(&text));
    buf_free(&text);
}

/* --- Who that is --- */

static void greet(struct visit *visit)
{
    struct request *request = visit->request;
    char *id = arena_alloc(&request->arena, OID_HEX_SIZE);

    visit->visitor = &visit->candidate;
    oid_text(&visit->candidate.profile.id, id);
    request->user = str_make(id, OID_HEX_SIZE);
    request->timed = visit->candidate.profile.role >= ROLE_EDITOR;
}

/* The look-ups leave nothing in the response, which was their room. */
static void leave(struct visit *visit, bool signed_in)
{
    buf_reset(&visit->request->response.body);
    if (signed_in && is_forged(visit)) {
        problem_send(visit->request, 403,
                     STR("A change made with the cookie needs an Origin of this site"), NULL);
        return;
    }
    if (signed_in)
        greet(visit);
    visit->next(visit);
}

static void fail(struct visit *visit, enum err err)
{
    if (visit->optional) {
        leave(visit, false);
        return;
    }
    buf_reset(&visit->request->response.body);
    problem_send_err(visit->request, database_err(err));
}

static void on_profile(struct cache_lookup *lookup)
{
    struct visit *visit = lookup->context;
    struct visitor *candidate = &visit->candidate;

    if (lookup->err != ERR_OK)
        fail(visit, lookup->err);
    else
        leave(visit,
              lookup->entry.status == 200 &&
                  profile_parse(lookup->entry.plain, &visit->request->arena, &candidate->profile) &&
                  candidate->profile.session_epoch == candidate->session.epoch);
}

static void on_session(struct cache_lookup *lookup)
{
    struct visit *visit = lookup->context;
    struct session *session = &visit->candidate.session;

    if (lookup->err != ERR_OK) {
        fail(visit, lookup->err);
        return;
    }
    if (lookup->entry.status != 200 || !session_parse(lookup->entry.plain, session) ||
        session->expires_ms <= visit->request->arrived_ms) {
        leave(visit, false);
        return;
    }
    buf_reset(&visit->request->response.body);
    profile_read_init(&visit->profile, visit->app, &session->user);
    visit->profile.lookup.room = &visit->request->response.body;
    visit->profile.lookup.done = on_profile;
    visit->profile.lookup.context = visit;
    cache_get(visit->app->cache, &visit->profile.lookup);
}

void auth_find(struct visit *visit, void (*next)(struct visit *visit))
{
    struct str token = bearer(visit->request);
    struct visitor *candidate = &visit->candidate;

    visit->next = next;
    candidate->by_cookie = token.len == 0;
    if (candidate->by_cookie)
        token = auth_cookie(request_param(visit->request, STR("HTTP_COOKIE")));
    if (!session_hash(token, candidate->hash)) {
        next(visit);
        return;
    }
    memcpy(visit->session.hash, candidate->hash, sizeof candidate->hash);
    session_read_init(&visit->session, visit->app);
    visit->session.lookup.room = &visit->request->response.body;
    visit->session.lookup.done = on_session;
    visit->session.lookup.context = visit;
    cache_get(visit->app->cache, &visit->session.lookup);
}

bool auth_admits(struct visit *visit)
{
    unsigned flags = visit->route->flags;
    bool write = (flags & ROUTE_WRITE) != 0 && !visit->app->config.writes_open;

    if (visit->visitor == NULL && (write || (flags & (ROUTE_USER | ROUTE_PERSONAL)) != 0)) {
        response_header_lit(&visit->request->response, "WWW-Authenticate", "Bearer");
        problem_send(visit->request, 401, write ? STR("Sign in to make changes") : STR("Sign in"),
                     NULL);
        return false;
    }
    if (write && visit->visitor->profile.role < ROLE_EDITOR) {
        problem_send(visit->request, 403, STR("This needs the role editor"), NULL);
        return false;
    }
    return true;
}
