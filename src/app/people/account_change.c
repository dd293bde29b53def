/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/account.h"
#include "app/people/activity.h"
#include "app/people/people.h"
#include "app/people/proof.h"
#include "app/write/write_tags.h"

/* PUT /api/users/{id}: sets the given ones of name, email and password.  For the last two, the
 * visitor's own password is asked for again; a new password ends all other sessions of the
 * account.  An owner changes the account only as it was when they were let in: neither an ended
 * session nor an old password undoes what has ended them. */

enum { TAGS = 2, CONDITIONS_MAX = 3 };

struct account_change {
    struct write write; /* first */
    struct oid id, visitor;
    int64_t epoch; /* of the visitor's session */
    bool own, new_password;
    struct assignments draft;
    struct str email;
    struct proof *proof;
    struct password_job hashing;
    struct profile profile; /* as it is afterwards */
    struct str tags[TAGS];
    char hash[SESSION_HASH_SIZE];
    char user_room[PROFILE_NAME_MAX], session_room[SESSION_NAME_MAX], email_room[EMAIL_MAX];
};

static void account_change_destroy(struct write *write)
{
    struct account_change *change = (struct account_change *)write;

    if (change->proof != NULL)
        proof_end(change->proof);
}

/* --- In MongoDB --- */

/* The session that asked goes on under the account's new epoch; those of earlier ones go. */
static void keep_one(struct mongo_db *db, const struct account_change *change, int64_t epoch)
{
    struct assignment next = {STR("epoch"), ASSIGN_SET, value_int(epoch)};
    struct condition this_one[] = {
        {STR("_id"), OP_EQ, value_string(str_make(change->hash, SESSION_HASH_SIZE))},
        {STR("userId"), OP_EQ, value_oid(change->id)}};
    struct condition others[] = {{STR("userId"), OP_EQ, value_oid(change->id)},
                                 {STR("epoch"), OP_LT, value_int(epoch)}};

    if (change->own && cache_write_in_time(&change->write.cache))
        (void)collection_update(db,
                                &(struct update){.collection = sessions.collection,
                                                 .conditions = this_one,
                                                 .condition_count = 2,
                                                 .assignments = &next,
                                                 .assignment_count = 1},
                                NULL);
    (void)collection_delete(db, sessions.collection, others, 2, true, NULL);
}

static size_t make_conditions(const struct account_change *change,
                              struct condition conditions[static CONDITIONS_MAX])
{
    size_t count = 0;

    conditions[count++] = (struct condition){STR("_id"), OP_EQ, value_oid(change->id)};
    if (change->own)
        conditions[count++] = users_epoch_is(change->epoch);
    if (change->own && change->proof != NULL)
        conditions[count++] =
            (struct condition){STR("passwordHash"), OP_EQ, value_string(change->proof->hash)};
    return count;
}

/* The document as it is then.  CONFLICT: it is no longer what the visitor was let in by. */
static enum err change_user(struct mongo_db *db, struct account_change *change)
{
    struct condition conditions[CONDITIONS_MAX];
    const struct update update = {.collection = users.collection,
                                  .conditions = conditions,
                                  .condition_count = make_conditions(change, conditions),
                                  .assignments = change->draft.items,
                                  .assignment_count = change->draft.count};
    struct value captured[PROFILE_FIELDS];
    struct found_document record = {
        .shape = &profile_shape, .captured = captured, .arena = &change->write.arena};
    enum err err = change->email.len > 0 ? users_one_per_email(db) : ERR_OK;

    if (err == ERR_OK)
        err = collection_modify(db, &update, &record);

    if (err == ERR_NOT_FOUND && change->own)
        return users_find(db, conditions, 1, &change->write.arena, &change->profile, NULL) == ERR_OK
                   ? ERR_CONFLICT
                   : err;
    if (err == ERR_OK)
        profile_take(captured, &change->profile, NULL);
    return err;
}

/* An owner's change is the one that raised the epoch by one, whatever has happened since. */
static enum err account_change_work(struct mongo_db *db, struct write *write)
{
    struct account_change *change = (struct account_change *)write;
    enum err err = change_user(db, change);

    if (err == ERR_OK && change->new_password)
        keep_one(db, change, change->own ? change->epoch + 1 : change->profile.session_epoch);
    return err;
}

static void account_change_answer(struct write *write)
{
    struct account_change *change = (struct account_change *)write;

    account_send(write, 200, &change->profile);
}

/* --- Before it --- */

/* What is stored instead of what was sent. */
static void account_change_compose(struct account_change *change)
{
    struct assignments *draft = &change->draft;

    for (size_t i = 0; i < draft->count; i++) {
        struct assignment *item = &draft->items[i];

        if (str_eq(item->field, STR("password")))
            *item = (struct assignment){STR("passwordHash"), ASSIGN_SET,
                                        value_string(str_from(change->hashing.made))};
        else if (str_eq(item->field, STR("email")))
            item->value = value_string(change->email);
    }
    if (change->new_password)
        assignments_put(draft, &change->write.arena, STR("sessionEpoch"), ASSIGN_INC, value_int(1));
}

static const struct write_kind account_change_kind = {.size = sizeof(struct account_change),
                                                      .work = account_change_work,
                                                      .answer = account_change_answer,
                                                      .failed = account_failed,
                                                      .destroy = account_change_destroy};

static void account_change_start(struct account_change *change)
{
    struct write *write = &change->write;

    account_change_compose(change);
    write->tags = change->tags;
    write_tag(write, user_tag(&change->id, change->user_room));
    if (change->new_password && change->own)
        write_tag(write, session_tag(change->hash, change->session_room));
    write_start(write);
}

static void hashed(struct password_job *job)
{
    struct account_change *change = job->context;

    if (job->err == ERR_OK)
        account_change_start(change);
    else
        write_fail(&change->write, ERR_BUSY);
}

static void hash(struct account_change *change)
{
    enum err err;

    change->hashing = account_hashing(change->write.app, change->write.request, &change->draft,
                                      change->proof->email);
    change->hashing.done = hashed;
    change->hashing.context = change;
    err = passwords_submit(change->write.app->passwords, &change->hashing);
    if (err != ERR_OK)
        write_fail(&change->write, err);
}

/* The proof goes by the email, which may be another account's by now. */
static bool is_of_visitor(const struct account_change *change)
{
    return memcmp(change->proof->profile.id.bytes, change->visitor.bytes, OID_SIZE) == 0;
}

struct proof *account_proof(const struct write *write, struct str password,
                            void (*done)(struct proof *proof), void *context)
{
    struct str email = request_visitor(write->request)->profile.email;
    struct proof *proof = proof_new(write->app, write->request, email, password);

    proof->done = done;
    proof->context = context;
    return proof;
}

void account_refuse_proof(const struct proof *proof)
{
    if (proof->err == ERR_OK || proof->err == ERR_DENIED)
        problem_send(proof->request, 403, STR("The current password is wrong"), NULL);
    else
        proof_refuse(proof, STR(""));
}

static void proved(struct proof *proof)
{
    struct account_change *change = proof->context;

    if (proof->err != ERR_OK || !is_of_visitor(change)) {
        account_refuse_proof(proof);
        write_done(&change->write);
    } else if (proof->profile.session_epoch != change->epoch) {
        write_fail(&change->write, ERR_CONFLICT);
    } else if (change->new_password) {
        hash(change);
    } else {
        account_change_start(change);
    }
}

static void prove(struct account_change *change, struct str password)
{
    change->proof = account_proof(&change->write, password, proved, change);
    proof_begin(change->proof);
}

bool account_password_now(json_t *root, struct arena *arena, struct problem *problem,
                          struct str *current)
{
    json_t *json = json_object_get(root, "currentPassword");
    bool good = true;

    *current = STR("");
    if (json == NULL)
        return true;
    if (!json_is_string(json) || json_string_length(json) == 0 ||
        json_string_length(json) > PASSWORD_MAX) {
        problem_addf(problem, STR("currentPassword"), "must be a string of 1 to %d bytes",
                     PASSWORD_MAX);
        good = false;
    } else {
        *current = arena_str(arena, str_make(json_string_value(json), json_string_length(json)));
    }
    json_object_del(root, "currentPassword");
    return good;
}

static bool account_change_take(struct account_change *change, json_t *root,
                                struct problem *problem, struct str *current)
{
    struct write *write = &change->write;
    struct assignments *draft = &change->draft;
    const struct validation validation = {.resource = users_resource(),
                                          .mode = VALIDATE_PUT,
                                          .now_ms = write->request->arrived_ms,
                                          .arena = &write->arena,
                                          .problem = problem};
    bool good = account_password_now(root, &write->arena, problem, current);

    good = validate(&validation, root, draft) == ERR_OK && good;
    good = account_email(draft, change->email_room, problem, &change->email) && good;
    good = account_password(draft, problem) && good;
    change->new_password = assignments_value(draft, STR("password")) != NULL;
    if (good && current->len == 0 && (change->new_password || change->email.len > 0)) {
        problem_add(problem, STR("currentPassword"),
                    STR("is required to change email or password"));
        good = false;
    }
    return good;
}

void user_update_handle(void *context, struct request *request, const struct route *route,
                        struct str id)
{
    struct app *app = context;
    const struct visitor *visitor = request_visitor(request);
    struct account_change *change;
    struct problem problem;
    struct str current;
    struct oid oid;
    json_t *root;

    (void)route;
    if (!account_take(request, id, &oid) || !take_no_query(request) ||
        (root = write_body(request, false, &problem)) == NULL)
        return;
    change = write_new(&account_change_kind, app, users_plan(), request);
    change->id = oid;
    change->visitor = visitor->profile.id;
    change->epoch = visitor->session.epoch;
    change->own = account_is_own(request, &oid);
    memcpy(change->hash, visitor->hash, sizeof change->hash);
    if (!account_change_take(change, root, &problem, &current)) {
        problem_send_invalid(request, &problem);
        write_done(&change->write);
    } else if (current.len > 0) {
        prove(change, current);
    } else {
        account_change_start(change);
    }
    json_decref(root);
}
