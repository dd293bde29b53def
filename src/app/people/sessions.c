/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/people.h"
#include "app/write/write_tags.h"

/* What becomes of a session: shown, ended, ended everywhere. */

static const struct resource resource = {.absent = STR_INIT("Session not found")};
const struct plan sessions_plan = {.resource = &resource};

void personal_send(struct request *request, unsigned status)
{
    answer_json(request, status, STR("private, no-store"));
}

void session_current_handle(void *context, struct request *request, const struct route *route,
                            struct str id)
{
    const struct visitor *visitor = request_visitor(request);
    struct buf *body = &request->response.body;

    (void)context, (void)route, (void)id;
    if (!take_no_query(request))
        return;
    buf_literal(body, "{\"success\":true");
    time_json(body, "createdAt", visitor->session.created_ms);
    time_json(body, "expiresAt", visitor->session.expires_ms);
    buf_literal(body, ",\"remember\":");
    buf_str(body, visitor->session.remember ? STR("true") : STR("false"));
    buf_literal(body, ",\"user\":");
    profile_json(&visitor->profile, body);
    buf_char(body, '}');
    personal_send(request, 200);
}

/* --- Ending --- */

struct ending {
    struct write write; /* first */
    bool everywhere;
    struct oid user;
    int64_t epoch;    /* of the session that asks */
    int64_t until_ms; /* it could have lasted */
    char hash[SESSION_HASH_SIZE];
    struct str tag;
    char room[SESSION_NAME_MAX];
};

static enum err end_one(struct mongo_db *db, struct write *write)
{
    const struct ending *ending = (const struct ending *)write;

    return session_end(db, ending->hash, ending->until_ms);
}

/* With the next epoch they are over; that their documents go as well is tidiness.  A session that
 * was ended meanwhile ends no others: CONFLICT, as when the account is gone. */
static enum err end_all(struct mongo_db *db, struct write *write)
{
    struct ending *ending = (struct ending *)write;
    struct condition user[] = {{STR("_id"), OP_EQ, value_oid(ending->user)},
                               users_epoch_is(ending->epoch)};
    struct condition theirs[] = {{STR("userId"), OP_EQ, value_oid(ending->user)},
                                 {STR("epoch"), OP_LTE, value_int(ending->epoch)}};
    struct assignment next = {STR("sessionEpoch"), ASSIGN_INC, value_int(1)};
    enum err err = collection_modify(db,
                                     &(struct update){.collection = users.collection,
                                                      .conditions = user,
                                                      .condition_count = 2,
                                                      .assignments = &next,
                                                      .assignment_count = 1},
                                     NULL);

    if (err == ERR_OK)
        (void)collection_delete(db, sessions.collection, theirs, 2, true, NULL);
    return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
}

static void sessions_answer(struct write *write)
{
    struct ending *ending = (struct ending *)write;
    struct request *request = write->request;

    auth_set_cookie(write->app, request, STR(""), -1);
    buf_reset(&request->response.body);
    buf_str(&request->response.body,
            ending->everywhere ? STR("{\"success\":true,\"message\":\"Signed out everywhere\"}")
                               : STR("{\"success\":true,\"message\":\"Signed out\"}"));
    personal_send(request, 200);
    write_done(write);
}

static const struct write_kind ending_one = {
    .size = sizeof(struct ending), .work = end_one, .answer = sessions_answer};
static const struct write_kind ending_all = {
    .size = sizeof(struct ending), .work = end_all, .answer = sessions_answer};

static void sessions_end(struct app *app, struct request *request, bool everywhere)
{
    const struct visitor *visitor = request_visitor(request);
    struct ending *ending;

    if (!take_no_query(request))
        return;
    ending = write_new(everywhere ? &ending_all : &ending_one, app, &sessions_plan, request);
    ending->everywhere = everywhere;
    ending->user = visitor->profile.id;
    ending->epoch = visitor->session.epoch;
    ending->until_ms = visitor->session.created_ms +
                       (visitor->session.remember ? session_remember_ms : session_absolute_ms);
    memcpy(ending->hash, visitor->hash, sizeof ending->hash);
    ending->write.tags = &ending->tag;
    write_tag(&ending->write, everywhere ? user_tag(&ending->user, ending->room)
                                         : session_tag(ending->hash, ending->room));
    write_start(&ending->write);
}

void session_remove_handle(void *context, struct request *request, const struct route *route,
                           struct str id)
{
    (void)route, (void)id;
    sessions_end(context, request, false);
}

void sessions_remove_handle(void *context, struct request *request, const struct route *route,
                            struct str id)
{
    (void)route, (void)id;
    sessions_end(context, request, true);
}
