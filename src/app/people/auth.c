/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/auth.h"

#include "app/app_state.h"
#include "app/depends.h"
#include "base/idiom.h"

/* A browser may send a cookie of each path and of each parent domain: so many are looked up. */
enum { COOKIE_MAX = 200, COOKIES_TRIED = 4 };

/* A browser takes the first name over TLS only, and from this very host, not from a sibling or a
 * parent domain. */
static const struct str cookie_names[] = {
    STR_INIT("__Host-larder_session="),
    STR_INIT("larder_session="),
};

/* --- What the request says --- */

/* Over TLS the second name does not count: the owner of a sibling domain could have put it there.
 */
struct str auth_cookie(struct str *field, bool secure)
{
    size_t names = secure ? 1 : COUNT(cookie_names);
    struct str pair;

    while (str_split(field, ';', &pair)) {
        pair = str_trim(pair);
        for (size_t i = 0; i < names; i++)
            if (str_starts(pair, cookie_names[i]))
                return str_from_offset(pair, cookie_names[i].len);
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
    return !auth_origin_is_ours(
        request_param(request, STR("HTTP_ORIGIN")), visit->app->config.origins,
        client_is_secure(&visit->app->proxies, request), request_param(request, STR("HTTP_HOST")));
}

void auth_set_cookie(const struct app *app, struct request *request, struct str token,
                     int64_t life_ms)
{
    struct buf text = BUF_INIT(COOKIE_MAX);
    bool secure = client_is_secure(&app->proxies, request);

    buf_str(&text, cookie_names[!secure]);
    buf_str(&text, token);
    buf_literal(&text, "; Path=/; HttpOnly; SameSite=Lax");
    if (secure)
        buf_literal(&text, "; Secure");
    if (life_ms != 0)
        buf_printf(&text, "; Max-Age=%lld", (long long)(life_ms > 0 ? life_ms / 1000 : 0));
    response_header(&request->response, STR("Set-Cookie"), buf_view(&text));
    buf_free(&text);
}

/* --- Who that is --- */

static void try_cookies(struct visit *visit);

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
    if (signed_in || !visit->candidate.by_cookie)
        visit->next(visit);
    else
        try_cookies(visit);
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

/* An answer that is the same for all does not depend on the visitor. */
static void depend_on(struct visit *visit, const struct cache_lookup *lookup)
{
    if (!visit->optional)
        depends_on(visit->request, lookup);
}

static void on_profile(struct cache_lookup *lookup);

static void look_at_profile(struct visit *visit)
{
    buf_reset(&visit->request->response.body);
    visit->profile.lookup.room = &visit->request->response.body;
    visit->profile.lookup.done = on_profile;
    visit->profile.lookup.context = visit;
    depend_on(visit, &visit->profile.lookup);
    cache_get(visit->app->cache, &visit->profile.lookup);
}

/* An older profile is good for the name, not for rights. */
static bool is_old(const struct visit *visit, const struct cache_lookup *lookup)
{
    return !visit->renewed && lookup->err == ERR_OK && lookup->entry.status == 200 &&
           lookup->entry.created_ms + VISITOR_MS < visit->request->arrived_ms;
}

static void on_profile(struct cache_lookup *lookup)
{
    struct visit *visit = lookup->context;
    struct visitor *candidate = &visit->candidate;

    if (is_old(visit, lookup)) {
        visit->renewed = true;
        visitor_read_init(&visit->profile, visit->app, &candidate->session.user);
        look_at_profile(visit);
        return;
    }
    if (lookup->err != ERR_OK)
        fail(visit, lookup->err);
    else
        leave(
            visit,
            lookup->entry.status == 200 &&
                profile_parse(lookup->entry.plain, &visit->request->arena, &candidate->profile) &&
                candidate->profile.session_epoch == candidate->session.epoch &&
                !candidate->profile.disabled); /* also by another program, which ends no session */
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
    visit->renewed = false;
    profile_read_init(&visit->profile, visit->app, &session->user);
    look_at_profile(visit);
}

static void look_up_session(struct visit *visit)
{
    memcpy(visit->session.hash, visit->candidate.hash, sizeof visit->session.hash);
    session_read_init(&visit->session, visit->app);
    visit->session.lookup.room = &visit->request->response.body;
    visit->session.lookup.done = on_session;
    visit->session.lookup.context = visit;
    depend_on(visit, &visit->session.lookup);
    cache_get(visit->app->cache, &visit->session.lookup);
}

/* false: it can be no token. */
static bool look_up(struct visit *visit, struct str token)
{
    if (!session_hash(token, visit->candidate.hash))
        return false;
    look_up_session(visit);
    return true;
}

/* The next one that may be a session's. */
static void try_cookies(struct visit *visit)
{
    bool secure = client_is_secure(&visit->app->proxies, visit->request);
    struct str token;

    while (visit->tried < COOKIES_TRIED && visit->cookies.ptr != NULL) {
        token = auth_cookie(&visit->cookies, secure);
        visit->tried += token.len > 0;
        if (look_up(visit, token))
            return;
    }
    visit->next(visit);
}

void auth_find(struct visit *visit, void (*next)(struct visit *visit))
{
    struct str token = bearer(visit->request);

    visit->next = next;
    visit->candidate.by_cookie = token.len == 0;
    visit->cookies = request_param(visit->request, STR("HTTP_COOKIE"));
    if (visit->candidate.by_cookie)
        try_cookies(visit);
    else if (!look_up(visit, token))
        next(visit);
}

void auth_resume(struct visit *visit, const char hash[static SESSION_HASH_SIZE],
                 void (*next)(struct visit *visit))
{
    visit->next = next;
    memcpy(visit->candidate.hash, hash, SESSION_HASH_SIZE);
    look_up_session(visit);
}

/* What LARDER_WRITES=open lifts: roles, but not what is somebody's own. */
static unsigned auth_needs(const struct app *app, unsigned flags)
{
    if ((flags & ROUTE_WRITE) != 0 && (flags & ROUTE_OWNED) == 0 && app->config.writes_open)
        flags &= ~(unsigned)(ROUTE_USER | ROUTE_EDITOR | ROUTE_ADMIN);
    return flags;
}

static const struct lack {
    unsigned flag;
    enum role role;
    unsigned status;
    struct str message;
} auth_lacks[] = {
    {ROUTE_USER, ROLE_READER, 401, STR_INIT("Sign in")},
    {ROUTE_EDITOR, ROLE_EDITOR, 403, STR_INIT("This needs the role editor")},
    {ROUTE_ADMIN, ROLE_ADMIN, 403, STR_INIT("This needs the role admin")},
};

/* The first thing that the visitor lacks, or NULL. */
static const struct lack *auth_lack(const struct app *app, const struct visitor *visitor,
                                    unsigned flags)
{
    unsigned needed = auth_needs(app, flags);

    for (size_t i = 0; i < COUNT(auth_lacks); i++)
        if ((needed & auth_lacks[i].flag) != 0 &&
            (visitor == NULL || visitor->profile.role < auth_lacks[i].role))
            return &auth_lacks[i];
    return NULL;
}

bool auth_allows(const struct app *app, const struct visitor *visitor, unsigned flags)
{
    return auth_lack(app, visitor, flags) == NULL;
}

bool auth_admits(struct visit *visit)
{
    unsigned flags = visit->route->flags;
    const struct lack *lack = auth_lack(visit->app, visit->visitor, flags);

    if (lack == NULL)
        return true;
    if (lack->status == 401)
        response_header_lit(&visit->request->response, "WWW-Authenticate", "Bearer");
    problem_send(visit->request, lack->status,
                 lack->status == 401 && (flags & ROUTE_WRITE) != 0 ? STR("Sign in to make changes")
                                                                   : lack->message,
                 NULL);
    return false;
}
