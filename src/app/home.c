/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/people.h"
#include "app/rights.h"
#include "base/idiom.h"
#include "base/json_writer.h"

/* GET /: what is served here, who is signed in, and what they may do. */

static void home_put_user(struct buf *body, const struct visitor *visitor)
{
    char id[OID_HEX_SIZE];

    buf_literal(body, ",\"user\":");
    if (visitor == NULL) {
        buf_literal(body, "null");
        return;
    }
    oid_text(&visitor->profile.id, id);
    buf_literal(body, "{\"_id\":");
    json_put_string(body, str_make(id, sizeof id));
    buf_literal(body, ",\"name\":");
    json_put_string(body, visitor->profile.name);
    buf_literal(body, ",\"role\":");
    json_put_string(body, role_name(visitor->profile.role));
    buf_char(body, '}');
}

static void home_put_resource(struct buf *body, const struct app *app,
                              const struct resource *resource, const struct visitor *visitor)
{
    buf_literal(body, "{\"name\":");
    json_put_string(body, resource->name);
    buf_literal(body, ",\"path\":");
    json_put_string(body, resource->path);
    buf_literal(body, ",\"description\":");
    json_put_string(body, resource->description);
    buf_literal(body, ",\"can\":");
    rights_json(app, resource, visitor, body);
    buf_char(body, '}');
}

void home_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    const struct app *app = context;
    const struct visitor *visitor = request_visitor(request);
    struct buf *body = &request->response.body;

    (void)route, (void)id;
    if (!take_no_query(request))
        return;
    buf_literal(body, "{\"success\":true,\"name\":\"larder\",\"version\":\"" PACKAGE_VERSION "\"");
    home_put_user(body, visitor);
    buf_literal(body, ",\"resources\":[");
    for (size_t i = 0; i < app->plan_count; i++) {
        if (i > 0)
            buf_char(body, ',');
        home_put_resource(body, app, app->plans[i].resource, visitor);
    }
    buf_literal(body, "],\"docs\":\"/api/docs\"}");
    response_header_lit(&request->response, "Vary", "Accept"); /* nginx has a page here too */
    answer_json(request, 200,
                request->has_credentials ? STR("private, no-store") : STR("public, no-cache"));
}
