/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_ANSWER_H
#define LARDER_APP_ANSWER_H

#include "cache/cache.h"
#include "http/problem.h"

/* From what the cache says to a response.  The bodies that are cached begin with BODY_PREFIX; an
 * answer that has just come from MongoDB says "database" in that place. */

#define BODY_FROM(source)    "{\"success\":true,\"source\":\"" source
#define BODY_PREFIX          BODY_FROM("cache") "\""
#define BODY_PREFIX_DATABASE BODY_FROM("database") "\""
enum {
    BODY_SOURCE_AT = 26,                                 /* of the word cache in it */
    BODY_LEAD = BODY_SOURCE_AT + (int)sizeof "cache" - 1 /* up to its end: gzip_pack keeps this */
};

/* Sets what of the request bears on the answer: gzip, If-None-Match, room. */
void answer_conditions(struct cache_lookup *lookup, struct request *request);
/* The same, for one of the application's routes.  On a route that is
 * personal the entry becomes the user's own ("…user:<id>:"), with that user's tag, for which there
 * is room in tags.  Calls depends_on(). */
void answer_prepare(struct cache_lookup *lookup, struct request *request);
/* "…:user:<id>:", as an entry of the visitor's own is called; belongs to the arena. */
struct str answer_personal_name(struct str name, const struct request *request,
                                struct arena *arena);
/* Answers, with absent as the message of a 404; errors but TOO_LARGE, which the caller knows what
 * to say about.  links (may be NULL) adds header lines to an answer that has a body. */
void answer_lookup(struct request *request, const struct cache_lookup *lookup, struct str absent,
                   void (*links)(struct response *response, const struct cache_lookup *lookup));
/* "Cache-Status: larder; hit; ttl=231; detail=memory" (RFC 9211). */
void answer_cache_status(struct response *response, enum cache_source source,
                         enum cache_detail detail, unsigned status, int64_t ttl_ms);
/* The header lines of every answer that is kept; an empty etag is left out. */
void answer_cacheable(struct request *request, struct str etag);
/* 304 when If-None-Match names etag: true when it was answered. */
bool answer_not_modified(struct request *request, struct str etag);
/* 200 with the JSON in response.body under this entity tag, or 304. */
void answer_tagged(struct request *request, struct str etag);
/* The parts that have been added, as JSON, with this Cache-Control. */
void answer_parts(struct request *request, unsigned status, struct str cache_control);
/* The same with the body that has been written. */
void answer_json(struct request *request, unsigned status, struct str cache_control);
/* {"success":true,"data":<json>} with this status; the headers are set before. */
void answer_data(struct request *request, unsigned status, struct str json);

#endif
