/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/answer.h"
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/account.h"
#include "app/people/people.h"
#include "app/people/proof.h"
#include "app/write/write_tags.h"

/* DELETE /api/users/{id}: an administrator's, or one's own with the password.  Its sessions end at
 * once; what it owns stays. */

enum { TAGS = 2, CONDITIONS_MAX = 3 };

struct removal {
    struct write write; /* first */
    struct oid id;
    bool own;
    int64_t epoch; /* of the session that asks */
    struct proof *proof;
    struct str tags[TAGS];
    char user_room[PROFILE_NAME_MAX], session_room[SESSION_NAME_MAX];
    char hash[SESSION_HASH_SIZE];
};

static void account_remove_destroy(struct write *write)
{
    struct removal *removal = (struct removal *)write;

    if (removal->proof != NULL)
        proof_end(removal->proof);
}

/* One's own account goes only as it was when its owner was let in. */
static enum err account_remove_work(struct mongo_db *db, struct write *write)
{
    struct removal *removal = (struct removal *)write;
    struct condition conditions[CONDITIONS_MAX] = {{STR("_id"), OP_EQ, value_oid(removal->id)}};
    size_t count = 1;
    enum err err;

    if (removal->own) {
        conditions[count++] = users_epoch_is(removal->epoch);
        conditions[count++] =
            (struct condition){STR("passwordHash"), OP_EQ, value_string(removal->proof->hash)};
    }
    err = collection_remove(db, users.collection, conditions, count);
    if (err == ERR_OK)
        session_remove_all(db, &removal->id);
    return err == ERR_NOT_FOUND && removal->own ? ERR_CONFLICT : err;
}

static void account_remove_answer(struct write *write)
{
    struct removal *removal = (struct removal *)write;
    struct request *request = write->request;

    if (removal->own)
        auth_set_cookie(write->app, request, STR(""), -1);
    buf_reset(&request->response.body);
    buf_literal(&request->response.body, "{\"success\":true,\"message\":\"User deleted\"}");
    personal_send(request, 200);
    write_done(write);
}

static const struct write_kind removal_kind = {.size = sizeof(struct removal),
                                               .work = account_remove_work,
                                               .answer = account_remove_answer,
                                               .destroy = account_remove_destroy};

static void account_remove_start(struct removal *removal)
{
    struct write *write = &removal->write;

    write->tags = removal->tags;
    write_tag(write, user_tag(&removal->id, removal->user_room));
    if (removal->own)
        write_tag(write, session_tag(removal->hash, removal->session_room));
    write_start(write);
}

static void proved(struct proof *proof)
{
    struct removal *removal = proof->context;

    /* The email may be another account's by now. */
    if (proof->err == ERR_OK && memcmp(proof->profile.id.bytes, removal->id.bytes, OID_SIZE) == 0) {
        account_remove_start(removal);
        return;
    }
    account_refuse_proof(proof);
    write_done(&removal->write);
}

static void prove(struct removal *removal, struct str password)
{
    removal->proof = account_proof(&removal->write, password, proved, removal);
    proof_begin(removal->proof);
}

/* {"currentPassword": "..."} */
static void ask_password(struct removal *removal)
{
    struct request *request = removal->write.request;
    struct problem problem;
    struct str password;
    json_t *root = NULL;

    problem_init(&problem, &request->arena);
    if (request->body.len > 0 && (root = write_body(request, false, &problem)) == NULL) {
        write_done(&removal->write);
        return;
    }
    if (!account_password_now(root, &request->arena, &problem, &password)) {
        problem_send_invalid(request, &problem);
        write_done(&removal->write);
    } else if (password.len == 0) {
        problem_send(request, 403, STR("Your own account needs its currentPassword to go"), NULL);
        write_done(&removal->write);
    } else {
        prove(removal, password);
    }
    json_decref(root);
}

void user_remove_handle(void *context, struct request *request, const struct route *route,
                        struct str id)
{
    const struct visitor *visitor = request_visitor(request);
    struct removal *removal;
    struct oid oid;

    (void)route;
    if (!account_take(request, id, &oid) || !take_no_query(request))
        return;
    removal = write_new(&removal_kind, context, users_plan(), request);
    removal->id = oid;
    removal->own = account_is_own(request, &oid);
    removal->epoch = visitor->session.epoch;
    memcpy(removal->hash, visitor->hash, sizeof removal->hash);
    if (removal->own)
        ask_password(removal);
    else
        account_remove_start(removal);
}
