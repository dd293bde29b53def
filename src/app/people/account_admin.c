/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/account.h"
#include "app/people/people.h"
#include "app/people/session.h"
#include "base/idiom.h"

/* PATCH /api/users/{id}: what an administrator says an account may do.  Not their own, so that one
 * always is left. */

static const struct field fields[] = {
    {.name = STR_INIT("role"),
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 10,
     .help = "reader, editor or admin",
     .example = "\"editor\"",
     .pattern = "^(reader|editor|admin)$"},
    {.name = STR_INIT("disabled"),
     .type = FIELD_BOOL,
     .flags = FIELD_REQUIRED,
     .help = "Whether it is kept from signing in; true ends its sessions",
     .example = "true"},
    {.name = STR_INIT("updatedAt"), .type = FIELD_TIME, .flags = FIELD_SERVER},
    {.name = STR_INIT("version"), .type = FIELD_INT, .flags = FIELD_SERVER | FIELD_HIDDEN},
};
const struct resource account_rights = {
    .title = STR_INIT("AccountRights"), .fields = fields, .field_count = COUNT(fields)};

struct rights {
    struct write write; /* first */
    struct oid id;
    bool disables;
    struct draft draft;
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

static enum err work(struct mongo_db *db, struct write *write)
{
    struct rights *rights = (struct rights *)write;
    const struct condition condition = {STR("_id"), OP_EQ, value_oid(rights->id)};
    const struct update update = {.collection = users.name,
                                  .conditions = &condition,
                                  .condition_count = 1,
                                  .assignments = rights->draft.items,
                                  .assignment_count = rights->draft.count};
    struct value captured[PROFILE_FIELDS];
    struct record record = {.shape = &profile_shape, .captured = captured, .arena = &write->arena};
    enum err err = collection_modify(db, &update, &record);

    if (err != ERR_OK)
        return err;
    profile_take(captured, &rights->profile, NULL);
    if (rights->disables)
        session_remove_all(db, &rights->id);
    return ERR_OK;
}

static void answer(struct write *write)
{
    account_send(write, 200, &((struct rights *)write)->profile);
}

static bool take(struct rights *rights, const json_t *root, struct problem *problem)
{
    struct write *write = &rights->write;
    struct draft *draft = &rights->draft;
    const struct value *role, *disabled;

    if (validate(&account_rights, root, VALIDATE_CHANGE, write->request->arrived_ms, &write->arena,
                 problem, draft) != ERR_OK)
        return false;
    role = draft_value(draft, STR("role"));
    if (role != NULL && role_parse(role->string) == ROLE_COUNT) {
        problem_add(problem, STR("role"), STR("must be reader, editor or admin"));
        return false;
    }
    disabled = draft_value(draft, STR("disabled"));
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
    if (!take_id(request, id, &oid) || !account_may(request, &oid) || !account_admin(request) ||
        !take_no_query(request) || (root = write_body(request, false, &problem)) == NULL)
        return;
    rights = write_new(sizeof *rights, context, &users_plan, request);
    rights->id = oid;
    rights->write.tags = &rights->tag;
    rights->write.work = work;
    rights->write.answer = answer;
    if (!take(rights, root, &problem)) {
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
