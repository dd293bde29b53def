/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_ANSWER_H
#define LARDER_APP_ANSWER_H

#include "cache/cache.h"
#include "http/problem.h"

/* From the cache's answer to a response. Cached bodies begin with BODY_PREFIX, whose word "cache"
 * is replaced by "database" in an answer that just came from MongoDB. */

#define BODY_FROM(source)    "{\"success\":true,\"source\":\"" source
#define BODY_PREFIX          BODY_FROM("cache") "\""
#define BODY_PREFIX_DATABASE BODY_FROM("database") "\""
enum {
    BODY_SOURCE_AT = 26, /* offset of the word cache in BODY_PREFIX */
    BODY_LEAD = BODY_SOURCE_AT + (int)sizeof "cache" -
                1 /* up to its end: gzip_pack stores this part uncompressed */
};

/* Sets the look-up's fields that depend on the request: gzip, If-None-Match, room. */
void answer_conditions(struct cache_lookup *lookup, struct request *request);
/* The same, for a route of the application. On a personal route the entry becomes the user's own
 * ("…user:<id>:"), and the user's tag is added; tags must have room for it. Calls depends_on(). */
void answer_prepare(struct cache_lookup *lookup, struct request *request);
/* Makes the name of a visitor's own entry, "…:user:<id>:", in the arena. */
struct str answer_personal_name(struct str name, const struct request *request,
                                struct arena *arena);
/* Answers the request. absent: the message of a 404. ERR_TOO_LARGE must be handled by the caller
 * before. links (may be NULL) adds header lines to an answer with a body. */
void answer_lookup(struct request *request, const struct cache_lookup *lookup, struct str absent,
                   void (*links)(struct response *response, const struct cache_lookup *lookup));
/* "Cache-Status: larder; hit; ttl=231; detail=memory" (RFC 9211). */
void answer_cache_status(struct response *response, enum cache_source source,
                         enum cache_detail detail, unsigned status, int64_t ttl_ms);
/* Adds the header lines of a cacheable answer; without ETag if etag is empty. */
void answer_cacheable(struct request *request, struct str etag);
/* Answers 304 if If-None-Match contains etag. Returns whether it did. */
bool answer_not_modified(struct request *request, struct str etag);
/* Answers 200 with the JSON in response.body and this entity tag, or 304. */
void answer_tagged(struct request *request, struct str etag);
/* Answers with the parts added so far, as JSON, with this Cache-Control. */
void answer_parts(struct request *request, unsigned status, struct str cache_control);
/* Answers with response.body, as JSON, with this Cache-Control. */
void answer_json(struct request *request, unsigned status, struct str cache_control);
/* Answers {"success":true,"data":<json>} with this status. Set other headers before. */
void answer_data(struct request *request, unsigned status, struct str json);

#endif
