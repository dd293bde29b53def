/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"

#include "app/app_state.h"
#include "app/depends.h"
#include "app/people/auth.h"
#include "base/gzip.h"
#include "cache/key.h"
#include "http/accept.h"
#include "http/conditional.h"
#include "live/tagset.h"

_Static_assert(sizeof BODY_PREFIX - 1 == BODY_SOURCE_AT + sizeof "cache\"" - 1,
               "the word stands at BODY_SOURCE_AT");
_Static_assert((int)GZIP_PARTS <= (int)RESPONSE_PARTS, "a compressed body fits");

static bool has_flag(const struct request *request, unsigned flag)
{
    const struct visit *visit = request->state;

    return visit != NULL && (visit->route->flags & flag) != 0;
}

/* An entry of this user's own, which goes with any change to the user.  It is not refilled in the
 * background, where there is no user. */
static void vary_by_user(struct cache_lookup *lookup, struct request *request)
{
    lookup->name = answer_personal_name(lookup->name, request, &request->arena);
    lookup->tags[lookup->tag_count++] = user_tag(&request_visitor(request)->profile.id,
                                                 arena_alloc(&request->arena, PROFILE_NAME_MAX));
    lookup->detach = NULL;
}

struct str answer_personal_name(struct str name, const struct request *request, struct arena *arena)
{
    char room[PROFILE_NAME_MAX];
    struct str user = user_tag(&request_visitor(request)->profile.id, room);

    return ARENA_JOIN(arena, name, STR(":"), user, STR(":"));
}

void answer_conditions(struct cache_lookup *lookup, struct request *request)
{
    struct str field = request_param(request, STR("HTTP_IF_NONE_MATCH"));

    lookup->room = &request->response.body;
    lookup->want_gzip = accept_gzip(request_param(request, STR("HTTP_ACCEPT_ENCODING")));
    if (field.len > 0 && etag_is_single(field)) {
        lookup->head_only = true;
        lookup->if_none_match = str_trim(field);
    }
}

void answer_prepare(struct cache_lookup *lookup, struct request *request)
{
    if (has_flag(request, ROUTE_PERSONAL))
        vary_by_user(lookup, request);
    answer_conditions(lookup, request);
    depends_on(request, lookup);
}

/* Everything but hits, which have a ttl. */
static const struct str forwarded[] = {
    [CACHE_DETAIL_NONE] = STR_INIT("fwd=uri-miss"),
    [CACHE_DETAIL_STORED] = STR_INIT("fwd=uri-miss; stored"),
    [CACHE_DETAIL_COLLAPSED] = STR_INIT("fwd=uri-miss; collapsed"),
    [CACHE_DETAIL_NOT_KEPT] = STR_INIT("fwd=bypass"),
    [CACHE_DETAIL_REDIS_DOWN] = STR_INIT("fwd=bypass; detail=REDIS-DOWN"),
    [CACHE_DETAIL_APART] = STR_INIT("fwd=bypass; detail=NOT-ALONE"),
    [CACHE_DETAIL_READ_ONLY] = STR_INIT("fwd=uri-miss; detail=REDIS-READ-ONLY"),
    [CACHE_DETAIL_WRITE_FENCE] = STR_INIT("fwd=bypass; detail=WRITE-FENCE"),
    [CACHE_DETAIL_PENDING] = STR_INIT("fwd=bypass; detail=OWED"),
    [CACHE_DETAIL_YOUNG] = STR_INIT("fwd=bypass; detail=YOUNG-CACHE"),
    [CACHE_DETAIL_TOO_LARGE] = STR_INIT("fwd=uri-miss; detail=TOO-LARGE"),
    [CACHE_DETAIL_STALE] = STR_INIT("fwd=stale"),
    [CACHE_DETAIL_STALE_IF_ERROR] = STR_INIT("fwd=stale; detail=STALE-IF-ERROR"),
};

static struct str hit_detail(enum cache_source source, enum cache_detail detail, unsigned status)
{
    if (detail == CACHE_DETAIL_STALE_IF_ERROR)
        return STR("; detail=STALE-IF-ERROR");
    if (detail == CACHE_DETAIL_STALE)
        return STR("; detail=STALE");
    if (status == 404)
        return STR("; detail=NEGATIVE");
    return source == CACHE_MEMORY ? STR("; detail=memory")
           : source == CACHE_EDGE ? STR("; detail=edge")
                                  : STR("; detail=redis");
}

/* The word for the log; what is stale is so from wherever it comes. */
static enum response_cache cache_word(enum cache_source source, enum cache_detail detail)
{
    if (detail == CACHE_DETAIL_STALE || detail == CACHE_DETAIL_STALE_IF_ERROR)
        return RESPONSE_STALE;
    if (source != CACHE_DATABASE)
        return source == CACHE_REDIS ? RESPONSE_REDIS : RESPONSE_MEMORY;
    return detail == CACHE_DETAIL_REDIS_DOWN || detail == CACHE_DETAIL_APART ||
                   detail == CACHE_DETAIL_WRITE_FENCE || detail == CACHE_DETAIL_PENDING ||
                   detail == CACHE_DETAIL_YOUNG
               ? RESPONSE_BYPASS
               : RESPONSE_MISS;
}

void answer_cache_status(struct response *response, enum cache_source source,
                         enum cache_detail detail, unsigned status, int64_t ttl_ms)
{
    struct buf *head = &response->head;

    response->cache = cache_word(source, detail);
    buf_literal(head, "Cache-Status: larder; ");
    if (source == CACHE_DATABASE) {
        buf_str(head, forwarded[detail]);
    } else {
        buf_literal(head, "hit; ttl=");
        buf_int(head, ttl_ms / 1000);
        buf_str(head, hit_detail(source, detail, status));
    }
    buf_literal(head, "\r\n");
}

/* An answer with Server-Timing is one person's: no-store. */
void answer_cacheable(struct request *request, struct str etag)
{
    struct response *response = &request->response;

    if (has_flag(request, ROUTE_PRIVATE) || request->timed) {
        buf_literal(&response->head, "Cache-Control: private, no-store\r\n");
    } else {
        buf_literal(&response->head, "Cache-Control: public, no-cache\r\n");
        response->vary |= VARY_ENCODING;
    }
    if (etag.len > 0)
        response_header(response, STR("ETag"), etag);
}

bool answer_not_modified(struct request *request, struct str etag)
{
    struct str field = request_param(request, STR("HTTP_IF_NONE_MATCH"));

    if (field.len == 0 || etag.len == 0 || !etag_is_listed(field, etag))
        return false;
    request->response.status = 304;
    request->response.part_count = 0;
    request_finish(request);
    return true;
}

/* What comes from MongoDB says so; so does what a write has stored, until it is in this host's
 * memory: nobody was given that before. */
static bool says_database(const struct cache_lookup *lookup)
{
    const struct entry *entry = &lookup->entry;

    return entry->source_at == BODY_SOURCE_AT &&
           (lookup->source == CACHE_DATABASE || (lookup->source == CACHE_REDIS && entry->written));
}

/* Compressed or not. */
static void put_database(struct request *request, const struct entry *entry, bool gzip)
{
    static const struct str lead = STR_INIT(BODY_FROM("database"));
    struct response *response = &request->response;
    struct str parts[GZIP_PARTS];

    if (gzip) {
        gzip_exchange(entry->gzip, str_make(entry->plain.ptr, BODY_LEAD), lead, &request->arena,
                      parts);
        for (size_t i = 0; i < GZIP_PARTS; i++)
            response_part(response, parts[i]);
    } else {
        response_part(response, lead);
        response_part(response, str_from_offset(entry->plain, BODY_LEAD));
    }
}

/* The cache's bytes stay for this call, and request_finish() at its end needs them no longer,
 * unless they are so many that they are taken. */
static void put_body(struct request *request, const struct cache_lookup *lookup, bool gzip)
{
    const struct entry *entry = &lookup->entry;
    struct buf *from = gzip ? entry->gzip_from : entry->plain_from;

    if (says_database(lookup))
        put_database(request, entry, gzip);
    else
        response_part(&request->response, gzip ? entry->gzip : entry->plain);
    if (from != NULL && from->len > ENTRY_SIZE_MAX)
        response_take(&request->response, from);
}

void answer_lookup(struct request *request, const struct cache_lookup *lookup, struct str absent,
                   void (*links)(struct response *response, const struct cache_lookup *lookup))
{
    struct response *response = &request->response;
    const struct entry *entry = &lookup->entry;
    bool gzip = lookup->want_gzip && entry->gzip.len > 0;

    if (lookup->err != ERR_OK) {
        problem_send_err(request, database_err(lookup->err));
        return;
    }
    answer_cache_status(response, lookup->source, lookup->detail, entry->status,
                        entry->fresh_until_ms - request->arrived_ms);
    if (entry->status != 200) {
        problem_send(request, entry->status, absent, NULL);
        return;
    }
    answer_cacheable(request, entry->etag);
    if (answer_not_modified(request, entry->etag))
        return;
    response->status = 200;
    buf_literal(&response->head, "Content-Type: application/json; charset=utf-8\r\n");
    if (gzip)
        buf_literal(&response->head, "Content-Encoding: gzip\r\n");
    if (links != NULL)
        links(response, lookup);
    put_body(request, lookup, gzip);
    request_finish(request);
}

void answer_tagged(struct request *request, struct str etag)
{
    struct response *response = &request->response;

    answer_cacheable(request, etag);
    if (answer_not_modified(request, etag))
        return;
    response->status = 200;
    response_header_lit(response, "Content-Type", "application/json; charset=utf-8");
    response_body_done(response);
    request_finish(request);
}

void answer_parts(struct request *request, unsigned status, struct str cache_control)
{
    struct response *response = &request->response;

    response->status = status;
    response_header_lit(response, "Content-Type", "application/json; charset=utf-8");
    response_header(response, STR("Cache-Control"), cache_control);
    request_finish(request);
}

void answer_json(struct request *request, unsigned status, struct str cache_control)
{
    response_body_done(&request->response);
    answer_parts(request, status, cache_control);
}

void answer_data(struct request *request, unsigned status, struct str json)
{
    struct buf *body = &request->response.body;

    buf_reset(body);
    buf_literal(body, "{\"success\":true,\"data\":");
    buf_str(body, json);
    buf_char(body, '}');
    answer_json(request, status, STR("no-store"));
}
