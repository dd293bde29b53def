/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/activity.h"
#include "app/people/people.h"
#include "app/people/proof.h"
#include "app/write/validate.h"
#include "app/write/write_tags.h"
#include "base/clock.h"
#include "base/email.h"
#include "base/idiom.h"
#include "schema/schema.h"

/* POST /api/sessions.  The session that came with the request, if any, ends with the new one's
 * beginning: no token survives a sign-in. */

static const char form[] =
    "{\"type\":\"object\",\"required\":[\"email\",\"password\"],\"properties\":{"
    "\"email\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":254,"
    "\"examples\":[\"ada@example.org\"]},"
    "\"password\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1024,"
    "\"examples\":[\"correct horse battery\"]},"
    "\"remember\":{\"type\":\"boolean\",\"default\":false,"
    "\"description\":\"For 30 days instead of 24 hours at most\"}}}";

static struct resource form_resource = {.title = STR_INIT("SignIn")};

const struct resource *signin_form(void)
{
    schema_form_once(&form_resource, form);
    return &form_resource;
}

enum { TAGS = 2 };

struct signin {
    struct write write; /* first */
    struct proof *proof;
    bool remember, had_session;
    char token[TOKEN_SIZE], hash[SESSION_HASH_SIZE], old[SESSION_HASH_SIZE];
    int64_t now_ms, expires_ms, absolute_ms;
    struct value captured[PROFILE_FIELDS];
    struct str tags[TAGS];
    char user_room[PROFILE_NAME_MAX], session_room[SESSION_NAME_MAX];
};

static void signin_destroy(struct write *write)
{
    struct signin *signin = (struct signin *)write;

    if (signin->proof != NULL)
        proof_end(signin->proof);
}

/* --- In MongoDB --- */

static enum err end_old(struct mongo_db *db, const struct signin *signin)
{
    struct condition condition = {STR("_id"), OP_EQ,
                                  value_string(str_make(signin->old, SESSION_HASH_SIZE))};
    enum err err;

    if (!signin->had_session)
        return ERR_OK;
    err = collection_remove(db, sessions.collection, &condition, 1);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* A count that cannot be raised, because it is none or the last there is, stays as it is: it is a
 * statistic, and keeps nobody out. */
static enum err count_login(struct mongo_db *db, struct signin *signin)
{
    struct condition condition = {STR("_id"), OP_EQ, value_oid(signin->proof->profile.id)};
    const struct assignment assignments[] = {
        {STR("lastLoginAt"), ASSIGN_SET, value_date(signin->now_ms)},
        {STR("loginCount"), ASSIGN_INC, value_int(1)},
    };
    struct update update = {.collection = users.collection,
                            .conditions = &condition,
                            .condition_count = 1,
                            .assignments = assignments,
                            .assignment_count = COUNT(assignments)};
    struct found_document record = {
        .shape = &profile_shape, .captured = signin->captured, .arena = &signin->write.arena};
    enum err err = collection_modify(db, &update, &record);

    if (err == ERR_INTERNAL) {
        update.assignment_count--;
        err = collection_modify(db, &update, &record);
    }
    return err;
}

/* Under the epoch that the account had when its password was looked at: had "everywhere" ended
 * all sessions meanwhile, this one is over as well. */
static enum err signin_insert(struct mongo_db *db, const struct signin *signin)
{
    const struct assignment fields_[] = {
        {STR("_id"), ASSIGN_SET, value_string(str_make(signin->hash, SESSION_HASH_SIZE))},
        {STR("userId"), ASSIGN_SET, value_oid(signin->proof->profile.id)},
        {STR("epoch"), ASSIGN_SET, value_int(signin->proof->profile.session_epoch)},
        {STR("remember"), ASSIGN_SET, value_bool(signin->remember)},
        {STR("createdAt"), ASSIGN_SET, value_date(signin->now_ms)},
        {STR("expiresAt"), ASSIGN_SET, value_date(signin->expires_ms)},
        {STR("absoluteAt"), ASSIGN_SET, value_date(signin->absolute_ms)},
    };

    return collection_insert(db, sessions.collection, &(struct document){fields_, COUNT(fields_)});
}

static enum err signin_work(struct mongo_db *db, struct write *write)
{
    struct signin *signin = (struct signin *)write;
    enum err err = end_old(db, signin);

    if (err == ERR_OK)
        err = cache_write_in_time(&write->cache) ? count_login(db, signin) : ERR_BUSY;
    return err == ERR_OK ? signin_insert(db, signin) : err;
}

/* --- The answer --- */

static void signin_answer(struct write *write)
{
    struct signin *signin = (struct signin *)write;
    struct request *request = write->request;
    struct buf *body = &request->response.body;
    struct str token = str_make(signin->token, TOKEN_SIZE);
    struct profile profile;

    profile_take(signin->captured, &profile, NULL);
    activity_count(write->app, &profile, signin->absolute_ms);
    auth_set_cookie(write->app, request, token, signin->remember ? session_remember_ms : 0);
    buf_reset(body);
    buf_literal(body, "{\"success\":true,\"token\":\"");
    buf_str(body, token);
    buf_char(body, '"');
    time_json(body, "expiresAt", signin->expires_ms);
    buf_literal(body, ",\"user\":");
    profile_json(&profile, body);
    buf_char(body, '}');
    personal_send(request, 201);
    write_done(write);
}

static const struct write_kind signin_kind = {.size = sizeof(struct signin),
                                              .work = signin_work,
                                              .answer = signin_answer,
                                              .destroy = signin_destroy};

static void signin_start(struct signin *signin)
{
    struct write *write = &signin->write;
    int64_t idle_ms = signin->remember ? session_remember_ms : session_idle_ms;

    session_token(signin->token, signin->hash);
    signin->now_ms = clock_wall_ms();
    signin->expires_ms = signin->now_ms + idle_ms;
    signin->absolute_ms =
        signin->now_ms + (signin->remember ? session_remember_ms : session_absolute_ms);
    write->tags = signin->tags;
    write_tag(write, user_tag(&signin->proof->profile.id, signin->user_room));
    if (signin->had_session)
        write_tag(write, session_tag(signin->old, signin->session_room));
    write_start(write);
}

static void proved(struct proof *proof)
{
    struct signin *signin = proof->context;

    if (proof->err == ERR_OK) {
        signin_start(signin);
    } else {
        proof_refuse(proof, STR("Wrong email or password"));
        write_done(&signin->write);
    }
}

/* What is no address is one that nobody has. */
static struct str account_of(const struct assignments *draft, char room[static EMAIL_MAX])
{
    struct str text = assignments_value(draft, STR("email"))->string, email;

    return email_normalise(text, room, &email) == ERR_OK ? email : text;
}

void session_create_handle(void *context, struct request *request, const struct route *route,
                           struct str id)
{
    struct app *app = context;
    const struct visitor *visitor = request_visitor(request);
    struct signin *signin;
    struct validation validation;
    struct problem problem;
    struct assignments draft;
    char room[EMAIL_MAX];
    json_t *root;

    (void)route, (void)id;
    if (!take_no_query(request) || (root = write_body(request, false, &problem)) == NULL)
        return;
    validation = (struct validation){.resource = signin_form(),
                                     .mode = VALIDATE_CREATE,
                                     .arena = &request->arena,
                                     .problem = &problem};
    if (validate(&validation, root, &draft) == ERR_OK) {
        signin = write_new(&signin_kind, app, &sessions_plan, request);
        signin->remember = assignments_value(&draft, STR("remember"))->boolean;
        signin->had_session = visitor != NULL;
        if (visitor != NULL)
            memcpy(signin->old, visitor->hash, sizeof signin->old);
        signin->proof = proof_new(app, request, account_of(&draft, room),
                                  assignments_value(&draft, STR("password"))->string);
        signin->proof->done = proved;
        signin->proof->context = signin;
        proof_begin(signin->proof);
    } else {
        problem_send_invalid(request, &problem);
    }
    json_decref(root);
}
