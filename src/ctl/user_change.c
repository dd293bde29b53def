/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "app/people/session.h"
#include "base/clock.h"
#include "base/email.h"
#include "ctl/ctl_write.h"
#include "ctl/person.h"

/* larderctl user passwd, role, disable, enable and delete.  Each shows whose account it changes,
 * and is a write like any other, so that it holds everywhere at once. */

struct change {
    struct str who; /* as it was given: an email or an id */
    struct condition which;
    char room[EMAIL_MAX];
    struct arena arena;
    struct profile profile;
    struct assignment assignments[4];
    size_t count;
    bool removes, ends_sessions;
};

static bool take_who(struct change *change, const char *text)
{
    struct str email;
    struct oid id;

    change->who = str_from(text);
    if (oid_parse(change->who, &id) == ERR_OK)
        change->which = (struct condition){STR("_id"), OP_EQ, value_oid(id)};
    else if (email_normalise(change->who, change->room, &email) == ERR_OK)
        change->which = (struct condition){STR("email"), OP_EQ, value_string(email)};
    else
        return false;
    return true;
}

static bool is_by_id(const struct change *change)
{
    return change->which.value.type == VALUE_OID;
}

static void set(struct change *change, struct str field, enum assign_op op, struct value value)
{
    change->assignments[change->count++] = (struct assignment){field, op, value};
}

/* --- In MongoDB --- */

static enum err user_change_find(struct mongo_db *db, void *context)
{
    struct change *change = context;

    return users_find(db, &change->which, 1, &change->arena, &change->profile, NULL);
}

static enum err user_change_work(struct mongo_db *db, void *context)
{
    const struct change *change = context;
    const struct condition condition = {STR("_id"), OP_EQ, value_oid(change->profile.id)};
    const struct update update = {.collection = users.collection,
                                  .conditions = &condition,
                                  .condition_count = 1,
                                  .assignments = change->assignments,
                                  .assignment_count = change->count};
    enum err err = change->removes ? collection_remove(db, users.collection, &condition, 1)
                                   : collection_modify(db, &update, NULL);

    if (err == ERR_OK && change->ends_sessions)
        session_remove_all(db, &change->profile.id);
    return err;
}

/* --- Steps --- */

static void show(const struct change *change)
{
    const struct profile *profile = &change->profile;
    char id[OID_HEX_SIZE], since[CLOCK_ISO_SIZE];

    oid_text(&profile->id, id);
    clock_iso(profile->created_ms, since);
    printf("%.*s <%.*s>, id %.*s, %.*s since %.*s%s%s\n", (int)profile->name.len, profile->name.ptr,
           (int)profile->email.len, profile->email.ptr, OID_HEX_SIZE, id,
           (int)role_name(profile->role).len, role_name(profile->role).ptr, CLOCK_ISO_SIZE, since,
           profile->self_made ? ", signed up by themselves" : "",
           profile->disabled ? ", disabled" : "");
}

/* Opens what is needed and finds the account. */
static bool user_change_begin(struct ctl *ctl, struct change *change)
{
    enum err err;

    arena_init(&change->arena, NULL, 0);
    if (!ctl_open_all(ctl))
        return false;
    err = mongo_run(ctl->backend.mongo, user_change_find, change);
    if (err == ERR_OK)
        show(change);
    else if (err == ERR_NOT_FOUND)
        ctl_error("there is no account %.*s", (int)change->who.len, change->who.ptr);
    else
        ctl_error("MongoDB: %s", err_text(err));
    return err == ERR_OK;
}

static int user_change_finish(struct ctl *ctl, struct change *change, const char *what)
{
    char room[PROFILE_NAME_MAX];
    struct str tag = user_tag(&change->profile.id, room);
    enum err err;

    set(change, STR("updatedAt"), ASSIGN_SET, value_date(clock_wall_ms()));
    set(change, STR("version"), ASSIGN_INC, value_int(1));
    err = ctl_write(ctl, &tag, 1, user_change_work, change);
    if (err == ERR_OK)
        printf("%.*s %s\n", (int)change->who.len, change->who.ptr, what);
    else
        ctl_error("%.*s was not changed: %s", (int)change->who.len, change->who.ptr, err_text(err));
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

static int user_change_end(struct change *change, int status)
{
    arena_reset(&change->arena);
    return status;
}

/* --- Commands --- */

static int run_passwd(struct ctl *ctl, int argc, char **argv)
{
    struct change change = {.ends_sessions = true};
    char hash[PASSWORD_HASH_SIZE];

    if (argc != 1 || !take_who(&change, argv[0]))
        return ctl_usage("user passwd takes the email or the id of an account");
    if (!person_password(hash))
        return CTL_FAILED;
    set(&change, STR("passwordHash"), ASSIGN_SET, value_string(str_from(hash)));
    set(&change, STR("sessionEpoch"), ASSIGN_INC, value_int(1));
    return user_change_end(&change,
                           user_change_begin(ctl, &change)
                               ? user_change_finish(ctl, &change,
                                                    "has a new password, and is signed out "
                                                    "everywhere")
                               : CTL_FAILED);
}

/* Anybody can sign up with anybody's email: by that alone such an account is given no rights. */
static bool may_have(const struct change *change, enum role role)
{
    if (role == ROLE_READER || is_by_id(change) || !change->profile.self_made)
        return true;
    ctl_error("nobody has shown that this email is theirs: to give that account the role, name it "
              "by its id");
    return false;
}

static int run_role(struct ctl *ctl, int argc, char **argv)
{
    struct change change = {.count = 0};
    enum role role = argc == 2 ? role_parse(str_from(argv[1])) : ROLE_COUNT;

    if (role == ROLE_COUNT || !take_who(&change, argv[0]))
        return ctl_usage("user role takes the email or the id of an account, and reader, editor or "
                         "admin");
    set(&change, STR("role"), ASSIGN_SET, value_string(role_name(role)));
    return user_change_end(&change, user_change_begin(ctl, &change) && may_have(&change, role)
                                        ? user_change_finish(ctl, &change, "has that role now")
                                        : CTL_FAILED);
}

static int run_able(struct ctl *ctl, int argc, char **argv, bool disabled)
{
    struct change change = {.ends_sessions = disabled};

    if (argc != 1 || !take_who(&change, argv[0]))
        return ctl_usage("user %s takes the email or the id of an account",
                         disabled ? "disable" : "enable");
    set(&change, STR("disabled"), ASSIGN_SET, value_bool(disabled));
    if (disabled)
        set(&change, STR("sessionEpoch"), ASSIGN_INC, value_int(1));
    return user_change_end(
        &change, user_change_begin(ctl, &change)
                     ? user_change_finish(ctl, &change,
                                          disabled ? "is disabled, and signed out everywhere"
                                                   : "may sign in again")
                     : CTL_FAILED);
}

static int run_disable(struct ctl *ctl, int argc, char **argv)
{
    return run_able(ctl, argc, argv, true);
}

static int run_enable(struct ctl *ctl, int argc, char **argv)
{
    return run_able(ctl, argc, argv, false);
}

static int run_delete(struct ctl *ctl, int argc, char **argv)
{
    struct change change = {.removes = true, .ends_sessions = true};

    if (argc != 1 || !take_who(&change, argv[0]))
        return ctl_usage("user delete takes the email or the id of an account");
    return user_change_end(&change, user_change_begin(ctl, &change)
                                        ? user_change_finish(ctl, &change, "is deleted")
                                        : CTL_FAILED);
}

#define WHO_HELP "Shows whose account it is first.  Holds for its next request, on all hosts.\n"

const struct command command_user_passwd = {
    .name = "user passwd",
    .args = "EMAIL|ID",
    .summary = "gives an account a new password and ends its sessions",
    .help = PASSWORD_HELP,
    .run = run_passwd,
};

const struct command command_user_role = {
    .name = "user role",
    .args = "EMAIL|ID ROLE",
    .summary = "makes an account a reader, editor or admin",
    .help = WHO_HELP "An account that somebody has made for themselves is to be named by its id:\n"
                     "nobody has shown that its email is theirs.\n",
    .run = run_role,
};

const struct command command_user_disable = {
    .name = "user disable",
    .args = "EMAIL|ID",
    .summary = "ends the sessions of an account and lets it sign in no more",
    .help = WHO_HELP,
    .run = run_disable,
};

const struct command command_user_enable = {
    .name = "user enable",
    .args = "EMAIL|ID",
    .summary = "lets an account sign in again",
    .help = WHO_HELP,
    .run = run_enable,
};

const struct command command_user_delete = {
    .name = "user delete",
    .args = "EMAIL|ID",
    .summary = "removes an account and its sessions",
    .help = WHO_HELP "What it has made stays.\n",
    .run = run_delete,
};
