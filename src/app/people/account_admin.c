/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/arguments.h"
#include "app/handlers.h"
#include "app/people/account.h"
#include "app/people/people.h"
#include "app/people/session.h"
#include "app/write/write_tags.h"
#include "base/idiom.h"
#include "schema/schema.h"

/* PATCH /api/users/{id}: the rights that an administrator gives an account.  Not their own, so that
 * one always is left. */

static const char form[] =
    "{\"type\":\"object\",\"required\":[\"role\",\"disabled\"],\"properties\":{"
    "\"role\":{\"type\":\"string\",\"enum\":[\"reader\",\"editor\",\"admin\"],"
    "\"examples\":[\"editor\"]},"
    "\"disabled\":{\"type\":\"boolean\",\"examples\":[true],"
    "\"description\":\"Whether it is kept from signing in; true ends its sessions\"}}}";

static struct resource form_resource = {
    .title = STR_INIT("AccountRights"),
    .kept = {.version = STR_INIT("version"), .updated = STR_INIT("updatedAt")},
};

const struct resource *rights_form(void)
{
    schema_form_once(&form_resource, form);
    return &form_resource;
}

struct rights {
    struct write write; /* first */
    struct oid id;
    bool disables;
    struct assignments draft;
    struct profile profile; /* as it is afterwards */
    struct str tag;
    char room[PROFILE_NAME_MAX];
};

bool account_admin(struct request *request)
{
    if (request_visitor(request)->profile.role == ROLE_ADMIN)
        return true;
    problem_send(request, 403, STR("This needs the role admin"), NULL);
    return false;
}

static enum err account_admin_work(struct mongo_db *db, struct write *write)
{
    struct rights *rights = (struct rights *)write;
    const struct condition condition = {STR("_id"), OP_EQ, value_oid(rights->id)};
    const struct update update = {.collection = users.collection,
                                  .conditions = &condition,
                                  .condition_count = 1,
                                  .assignments = rights->draft.items,
                                  .assignment_count = rights->draft.count};
    struct value captured[PROFILE_FIELDS];
    struct found_document record = {
        .shape = &profile_shape, .captured = captured, .arena = &write->arena};
    enum err err = collection_modify(db, &update, &record);

    if (err != ERR_OK)
        return err;
    profile_take(captured, &rights->profile, NULL);
    if (rights->disables)
        session_remove_all(db, &rights->id);
    return ERR_OK;
}

static void account_admin_answer(struct write *write)
{
    account_send(write, 200, &((struct rights *)write)->profile);
}

static const struct write_kind rights_kind = {
    .size = sizeof(struct rights), .work = account_admin_work, .answer = account_admin_answer};

static bool account_admin_take(struct rights *rights, const json_t *root, struct problem *problem)
{
    struct write *write = &rights->write;
    struct assignments *draft = &rights->draft;
    const struct validation validation = {.resource = rights_form(),
                                          .mode = VALIDATE_PUT,
                                          .now_ms = write->request->arrived_ms,
                                          .arena = &write->arena,
                                          .problem = problem};
    const struct value *disabled;

    if (validate(&validation, root, draft) != ERR_OK)
        return false;
    disabled = assignments_value(draft, STR("disabled"));
    rights->disables = disabled != NULL && disabled->boolean;
    if (rights->disables)
        draft->items[draft->count++] =
            (struct assignment){STR("sessionEpoch"), ASSIGN_INC, value_int(1)};
    return true;
}

void user_rights_handle(void *context, struct request *request, const struct route *route,
                        struct str id)
{
    struct rights *rights;
    struct problem problem;
    struct oid oid;
    json_t *root;

    (void)route;
    if (!account_take(request, id, &oid) || !account_admin(request) || !take_no_query(request) ||
        (root = write_body(request, false, &problem)) == NULL)
        return;
    rights = write_new(&rights_kind, context, users_plan(), request);
    rights->id = oid;
    rights->write.tags = &rights->tag;
    if (!account_admin_take(rights, root, &problem)) {
        problem_send_invalid(request, &problem);
        write_done(&rights->write);
    } else if (account_is_own(request, &oid)) {
        problem_send(request, 409, STR("Another administrator has to change your rights"), NULL);
        write_done(&rights->write);
    } else {
        write_tag(&rights->write, user_tag(&oid, rights->room));
        write_start(&rights->write);
    }
    json_decref(root);
}
