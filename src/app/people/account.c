/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/account.h"
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/activity.h"
#include "app/people/people.h"
#include "app/write/once.h"
#include "app/write/write_tags.h"
#include "base/log.h"

/* POST /api/users and GET /api/users/{id}. */

/* --- POST --- */

/* _id and what validation gives; role, loginCount, sessionEpoch, madeBy. */
enum { FORM_FIELDS = 8, MORE_FIELDS = 4 };

struct registration {
    struct write write; /* first */
    struct assignments draft;
    struct assignment fields[FORM_FIELDS + MORE_FIELDS];
    size_t count;
    struct password_job hashing;
    struct profile profile;
    struct str tag;
    char room[PROFILE_NAME_MAX], email[EMAIL_MAX];
};

static void account_put(struct registration *registration, struct str name, struct value value)
{
    registration->fields[registration->count++] = (struct assignment){name, ASSIGN_SET, value};
}

static enum err account_work(struct mongo_db *db, struct write *write)
{
    struct registration *registration = (struct registration *)write;

    struct condition conditions[] = {
        {STR("_id"), OP_EQ, value_oid(registration->profile.id)},
        {STR("email"), OP_EQ, value_string(registration->profile.email)}};
    struct document document = {registration->fields, registration->count};
    enum err err = users_one_per_email(db);

    if (err == ERR_OK)
        err = collection_insert(db, users.collection, &document);

    /* The same Idempotency-Key may have made it before. */
    return err == ERR_EXISTS && users_find(db, conditions, 2, &write->arena, &registration->profile,
                                           NULL) == ERR_OK
               ? ERR_OK
               : err;
}

static void account_answer(struct write *write)
{
    struct registration *registration = (struct registration *)write;
    char id[OID_HEX_SIZE];

    oid_text(&registration->profile.id, id);
    buf_printf(&write->request->response.head, "Location: /api/users/%.*s\r\n", OID_HEX_SIZE, id);
    account_send(write, 201, &registration->profile);
}

void account_send(struct write *write, unsigned status, const struct profile *profile)
{
    struct buf *body = &write->request->response.body;

    buf_reset(body);
    buf_literal(body, "{\"success\":true,\"data\":");
    profile_json(profile, body);
    buf_char(body, '}');
    personal_send(write->request, status);
    write_done(write);
}

void account_failed(struct write *write, enum err err)
{
    if (err == ERR_EXISTS) {
        problem_send(write->request, 409, STR("There is an account with this email"), NULL);
    } else if (err == ERR_UNSUPPORTED) {
        log_error("app", "no email is taken: the database refuses the index by which each is one's",
                  LOG_STR("collection", users.collection));
        problem_send(write->request, 503, STR("No email can be taken: ask the operator"), NULL);
    } else {
        write_fail(write, err);
        return;
    }
    write_done(write);
}

/* The document: what the client sent, its password's hash instead of the password, and where an
 * account begins. */
static void account_compose(struct registration *registration)
{
    const struct assignments *draft = &registration->draft;
    const struct visitor *visitor = request_visitor(registration->write.request);
    struct profile *profile = &registration->profile;

    for (size_t i = 0; i < draft->count; i++) {
        struct assignment item = draft->items[i];

        if (str_eq(item.field, STR("password")))
            account_put(registration, STR("passwordHash"),
                        value_string(str_from(registration->hashing.made)));
        else if (str_eq(item.field, STR("email")))
            account_put(registration, item.field, value_string(profile->email));
        else
            account_put(registration, item.field, item.value);
    }
    account_put(registration, STR("role"), value_string(role_name(profile->role)));
    account_put(registration, STR("loginCount"), value_int(0));
    account_put(registration, STR("sessionEpoch"), value_int(0));
    if (visitor != NULL && visitor->profile.role == ROLE_ADMIN)
        account_put(registration, STR("madeBy"), value_string(STR("administrator")));
}

static const struct write_kind registration_kind = {.size = sizeof(struct registration),
                                                    .work = account_work,
                                                    .answer = account_answer,
                                                    .failed = account_failed};

static void hashed(struct password_job *job)
{
    struct registration *registration = job->context;
    struct write *write = &registration->write;

    if (job->err != ERR_OK) {
        write_fail(write, ERR_BUSY);
        return;
    }
    account_compose(registration);
    write->tags = &registration->tag;
    write_tag(write, user_tag(&registration->profile.id, registration->room));
    write_start(write);
}

bool account_email(struct assignments *draft, char room[static EMAIL_MAX], struct problem *problem,
                   struct str *email)
{
    const struct value *value = assignments_value(draft, STR("email"));

    if (value == NULL || email_normalise(value->string, room, email) == ERR_OK)
        return true;
    problem_add(problem, STR("email"), STR("must be an address such as ada@example.org"));
    return false;
}

bool account_password(const struct assignments *draft, struct problem *problem)
{
    const struct value *value = assignments_value(draft, STR("password"));

    if (value == NULL || password_acceptable(value->string) == ERR_OK)
        return true;
    problem_addf(problem, STR("password"),
                 "must have at least %d characters, at most %d bytes, and no control characters",
                 PASSWORD_MIN, PASSWORD_MAX);
    return false;
}

struct password_job account_hashing(const struct app *app, const struct request *request,
                                    const struct assignments *draft, struct str email)
{
    struct password_job job = {.password = assignments_value(draft, STR("password"))->string,
                               .make = true};
    char room[CLIENT_MAX];

    passwords_whose(&job, client_address(&app->proxies, request, room), email);
    return job;
}

/* All errors are sent together. */
static bool registration_take(struct registration *registration, const json_t *root,
                              struct problem *problem)
{
    struct write *write = &registration->write;
    struct assignments *draft = &registration->draft;
    struct profile *profile = &registration->profile;
    int64_t now_ms = write->request->arrived_ms;
    const struct validation validation = {.resource = users_resource(),
                                          .mode = VALIDATE_CREATE,
                                          .now_ms = now_ms,
                                          .arena = &write->arena,
                                          .problem = problem};
    bool good = validate(&validation, root, draft) == ERR_OK;

    good = account_email(draft, registration->email, problem, &profile->email) && good;
    good = account_password(draft, problem) && good;
    if (!good)
        return false;
    (void)once_id(write->request, 0, &draft->items[0].value.oid);
    profile->id = draft->items[0].value.oid;
    profile->name = assignments_value(draft, STR("name"))->string;
    profile->created_ms = profile->updated_ms = now_ms;
    return true;
}

/* Whether this request may make an account: anybody's, where signing up is open. */
static bool may_sign_up(const struct app *app, struct request *request)
{
    const struct visitor *visitor = request_visitor(request);

    if (app->config.signup_open || (visitor != NULL && visitor->profile.role == ROLE_ADMIN))
        return true;
    problem_send(request, 403, STR("Accounts are made by an administrator here"), NULL);
    return false;
}

void user_create_handle(void *context, struct request *request, const struct route *route,
                        struct str id)
{
    struct app *app = context;
    struct registration *registration;
    struct problem problem;
    json_t *root;
    enum err err;

    (void)route, (void)id;
    if (!may_sign_up(app, request) || !take_no_query(request) ||
        (root = write_body(request, false, &problem)) == NULL)
        return;
    registration = write_new(&registration_kind, app, users_plan(), request);
    if (registration_take(registration, root, &problem)) {
        registration->hashing =
            account_hashing(app, request, &registration->draft, registration->profile.email);
        registration->hashing.use = PASSWORD_SIGN_UP;
        registration->hashing.done = hashed;
        registration->hashing.context = registration;
        err = passwords_submit(app->passwords, &registration->hashing);
        if (err != ERR_OK)
            write_fail(&registration->write, err);
    } else {
        problem_send_invalid(request, &problem);
        write_done(&registration->write);
    }
    json_decref(root);
}

/* --- GET --- */

struct showing {
    struct profile_read read; /* first */
    struct profile profile;
    struct activity activity;
};

static void show(struct activity *activity)
{
    struct showing *showing = activity->context;
    struct cache_lookup *lookup = &showing->read.lookup;
    struct request *request = lookup->context;
    struct buf *body = &request->response.body;

    buf_reset(body);
    buf_str(body, lookup->source == CACHE_DATABASE ? STR(BODY_PREFIX_DATABASE ",\"data\":")
                                                   : STR(BODY_PREFIX ",\"data\":"));
    profile_json(&showing->profile, body);
    buf_char(body, '}');
    personal_send(request, 200);
}

static void on_profile(struct cache_lookup *lookup)
{
    struct showing *showing = (struct showing *)lookup;
    struct request *request = lookup->context;

    if (lookup->err != ERR_OK) {
        problem_send_err(request, database_err(lookup->err));
        return;
    }
    answer_cache_status(&request->response, lookup->source, lookup->detail, lookup->entry.status,
                        lookup->entry.fresh_until_ms - request->arrived_ms);
    if (lookup->entry.status != 200 ||
        !profile_parse(lookup->entry.plain, &request->arena, &showing->profile)) {
        problem_send(request, 404, STR("User not found"), NULL);
        return;
    }
    showing->activity = (struct activity){&showing->profile, show, showing};
    activity_read(showing->read.app, &showing->activity);
}

bool account_is_own(const struct request *request, const struct oid *id)
{
    return memcmp(request_visitor(request)->profile.id.bytes, id->bytes, OID_SIZE) == 0;
}

bool account_take(struct request *request, struct str text, struct oid *id)
{
    const struct profile *profile = &request_visitor(request)->profile;

    if (oid_parse(text, id) != ERR_OK)
        problem_send(request, 400, STR("Invalid id"), NULL);
    else if (profile->role < ROLE_ADMIN && !account_is_own(request, id))
        problem_send(request, 404, STR("User not found"), NULL);
    else
        return true;
    return false;
}

void user_handle(void *context, struct request *request, const struct route *route, struct str id)
{
    struct app *app = context;
    struct showing *showing;
    struct oid oid;

    (void)route;
    if (!account_take(request, id, &oid) || !take_no_query(request))
        return;
    showing = arena_zalloc(&request->arena, sizeof *showing);
    profile_read_init(&showing->read, app, &oid);
    showing->read.lookup.room = &request->response.body;
    showing->read.lookup.done = on_profile;
    showing->read.lookup.context = request;
    cache_get(app->cache, &showing->read.lookup);
}
