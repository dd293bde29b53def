/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/results.h"

#include "app/answer.h"
#include "base/json_writer.h"

/* What the data of all may take: the rest has room for what is wrong with them. */
enum { DATA_MAX = RESPONSE_BODY_MAX - (2 << 20), GIVEN_MAX = 1024 };

void results_begin(struct results *results, size_t count)
{
    *results = (struct results){.count = count, .body = BUF_INIT(RESPONSE_BODY_MAX - 1024)};
}

static void put_good(struct buf *out, const struct plan *plan, const struct result *result)
{
    char room[ETAG_SIZE];

    buf_literal(out, "{\"success\":true,\"status\":200,\"_id\":");
    buf_str(out, result->id);
    if (result->json.len > 0) {
        buf_literal(out, ",\"_etag\":");
        json_put_string(out, plan_item_etag(plan, result->json, room));
        if (out->len + result->json.len < DATA_MAX) {
            buf_literal(out, ",\"data\":");
            buf_str(out, result->json);
        }
    }
    buf_char(out, '}');
}

static void put_bad(struct buf *out, const struct result *result)
{
    buf_literal(out, "{\"success\":false,\"status\":");
    buf_uint(out, result->status);
    buf_literal(out, ",\"_id\":");
    buf_str(out, result->id);
    buf_literal(out, ",\"message\":");
    json_put_string(out, result->message);
    problem_errors_json(out, result->problem);
    buf_char(out, '}');
}

void results_add(struct results *results, const struct plan *plan, const struct result *result)
{
    if (results->added++ > 0)
        buf_char(&results->body, ',');
    results->good += result->status == 200;
    if (result->status == 200)
        put_good(&results->body, plan, result);
    else
        put_bad(&results->body, result);
}

void results_send(struct results *results, struct request *request)
{
    struct response *response = &request->response;
    struct buf *body = &response->body;
    bool all = results->good == results->count;

    buf_reset(body);
    buf_str(body, all ? STR("{\"success\":true,\"count\":") : STR("{\"success\":false,\"count\":"));
    buf_uint(body, results->good);
    buf_literal(body, ",\"results\":[");
    response_part(response, buf_view(body));
    response_part(response, buf_view(&results->body));
    response_part(response,
                  ARENA_JOIN(&request->arena, STR("],\"requestId\":\""), request->id, STR("\"}")));
    response_take(response, &results->body);
    answer_parts(request, all ? 200 : results->good > 0 ? 207 : 400, STR("no-store"));
}

/* --- Ids --- */

struct str results_text(struct str text, struct arena *arena)
{
    struct buf json = BUF_INIT(6 * text.len + 256); /* the writer reserves ahead */
    struct str copy;

    json_put_string(&json, text);
    copy = arena_str(arena, buf_view(&json));
    buf_free(&json);
    return copy;
}

struct str results_id(const struct plan *plan, struct str id, struct arena *arena)
{
    return plan->resource->id == ID_INTEGER ? arena_str(arena, id) : results_text(id, arena);
}

struct str results_given(const json_t *json, struct arena *arena)
{
    char room[GIVEN_MAX];
    size_t len = 0;

    if (json != NULL && !json_is_object(json) && !json_is_array(json))
        len = json_dumpb(json, room, sizeof room, JSON_ENCODE_ANY | JSON_COMPACT);
    return len > 0 && len <= sizeof room ? arena_str(arena, str_make(room, len)) : STR("null");
}
