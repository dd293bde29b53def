/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/people/activity.h"
#include "base/clock.h"
#include "base/email.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "ctl/person.h"
#include "ctl/write.h"

/* larderctl user add, passwd, role and list; and admin add, which is user add with that role. */

/* --- add --- */

struct wish {
    const char *email, *name;
    enum role role;
};

/* From the second on: those of who cannot choose the role. */
static const struct option options[] = {{"role", required_argument, NULL, 'r'},
                                        {"email", required_argument, NULL, 'e'},
                                        {"name", required_argument, NULL, 'n'},
                                        {0}};

static bool parse(int argc, char **argv, const struct option *known, struct wish *wish)
{
    int c;

    optind = 0;
    while ((c = getopt_long(argc + 1, argv - 1, "", known, NULL)) != -1) {
        switch (c) {
        case 'e': wish->email = optarg; break;
        case 'n': wish->name = optarg; break;
        case 'r': wish->role = role_parse(str_from(optarg)); break;
        default: return false;
        }
    }
    return optind == argc + 1 && wish->role != ROLE_COUNT;
}

static int run_add(struct ctl *ctl, int argc, char **argv)
{
    struct wish wish = {.role = ROLE_READER};

    if (!parse(argc, argv, options, &wish))
        return ctl_usage("user add takes --email, --name, and --role reader, editor or admin");
    if (wish.name == NULL)
        wish.name = wish.email != NULL ? wish.email : "";
    return person_add(ctl, wish.email, wish.name, wish.role);
}

static int run_admin(struct ctl *ctl, int argc, char **argv)
{
    struct wish wish = {.name = "Administrator", .role = ROLE_ADMIN};

    if (!parse(argc, argv, options + 1, &wish))
        return ctl_usage("admin add takes --email and --name only");
    return person_add(ctl, wish.email, wish.name, wish.role);
}

/* --- Changing one --- */

struct change {
    struct str email;
    struct oid id;
    struct assignment assignments[4];
    size_t count;
};

static enum err find(struct mongo_db *db, void *context)
{
    struct change *change = context;
    struct condition condition = {STR("email"), OP_EQ, value_string(change->email)};
    struct profile profile;
    struct arena arena;
    enum err err;

    arena_init(&arena, NULL, 0);
    err = users_find(db, &condition, 1, &arena, &profile, NULL);
    if (err == ERR_OK)
        change->id = profile.id;
    arena_reset(&arena);
    return err;
}

static enum err work(struct mongo_db *db, void *context)
{
    const struct change *change = context;
    struct condition condition = {STR("_id"), OP_EQ, value_oid(change->id)};

    return collection_modify(db,
                             &(struct update){.collection = users.collection,
                                              .conditions = &condition,
                                              .condition_count = 1,
                                              .assignments = change->assignments,
                                              .assignment_count = change->count},
                             NULL);
}

static void set(struct change *change, struct str field, enum assign_op op, struct value value)
{
    change->assignments[change->count++] = (struct assignment){field, op, value};
}

/* Written like any change of a profile, so that it holds everywhere at once. */
static int change_user(struct ctl *ctl, struct change *change, const char *what)
{
    char room[PROFILE_NAME_MAX];
    struct str tag;
    enum err err;

    set(change, STR("updatedAt"), ASSIGN_SET, value_date(clock_wall_ms()));
    set(change, STR("version"), ASSIGN_INC, value_int(1));
    err = mongo_run(ctl->backend.mongo, find, change);
    if (err == ERR_OK) {
        tag = user_tag(&change->id, room);
        err = ctl_write(ctl, &tag, 1, work, change);
    }
    if (err == ERR_NOT_FOUND)
        ctl_error("there is no account %.*s", (int)change->email.len, change->email.ptr);
    else if (err != ERR_OK)
        ctl_error("%.*s was not changed: %s", (int)change->email.len, change->email.ptr,
                  err_text(err));
    else
        printf("%.*s %s\n", (int)change->email.len, change->email.ptr, what);
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

static int run_passwd(struct ctl *ctl, int argc, char **argv)
{
    char room[EMAIL_MAX], hash[PASSWORD_HASH_SIZE];
    struct change change = {0};

    if (argc != 1 || email_normalise(str_from(argv[0]), room, &change.email) != ERR_OK)
        return ctl_usage("user passwd takes the email of an account");
    if (!person_password(hash) || !ctl_open_all(ctl))
        return CTL_FAILED;
    set(&change, STR("passwordHash"), ASSIGN_SET, value_string(str_from(hash)));
    set(&change, STR("sessionEpoch"), ASSIGN_INC, value_int(1));
    return change_user(ctl, &change, "has a new password, and is signed out everywhere");
}

static int run_role(struct ctl *ctl, int argc, char **argv)
{
    char room[EMAIL_MAX];
    struct change change = {0};
    enum role role = argc == 2 ? role_parse(str_from(argv[1])) : ROLE_COUNT;

    if (role == ROLE_COUNT || email_normalise(str_from(argv[0]), room, &change.email) != ERR_OK)
        return ctl_usage("user role takes the email of an account, and reader, editor or admin");
    if (!ctl_open_all(ctl))
        return CTL_FAILED;
    set(&change, STR("role"), ASSIGN_SET, value_string(role_name(role)));
    return change_user(ctl, &change, "has that role now");
}

/* --- list --- */

/* What Redis has counted may be newer than what was read. */
static void take_last(void *context, const struct redis_value *reply)
{
    int64_t *last_ms = context, told;

    if (str_int(redis_str(reply), 0, INT64_MAX, &told) == ERR_OK && told > *last_ms)
        *last_ms = told;
}

struct listing {
    struct profile *people;
    size_t count, size;
    struct arena arena;
};

static bool take_person(void *context, const struct value *captured)
{
    struct listing *listing = context;
    struct profile profile;

    if (listing->count == listing->size) {
        listing->size = 2 * listing->size + 64;
        listing->people = mem_realloc(listing->people, listing->size * sizeof *listing->people);
    }
    profile_take(captured, &profile, NULL);
    profile.email = arena_str(&listing->arena, profile.email);
    profile.name = arena_str(&listing->arena, profile.name);
    listing->people[listing->count++] = profile;
    return true;
}

static enum err read_all(struct mongo_db *db, void *context)
{
    static const struct sort_key by_email = {STR_INIT("email"), 1};

    return collection_each(
        db,
        &(struct find){
            .collection = users.collection, .sort = &by_email, .sort_count = 1, .shape = &profile_shape},
        take_person, context);
}

static void print_person(struct ctl *ctl, struct profile *profile, bool redis)
{
    char text[CLOCK_ISO_SIZE + 1] = "never", id[OID_HEX_SIZE];
    struct str prefix = str_from(config_text(ctl->config, CONFIG_PREFIX));
    struct buf key;

    oid_text(&profile->id, id);
    if (redis) {
        (void)ctl_redis(ctl, 3,
                        (const struct str[]){STR("HGET"), activity_key(prefix, &profile->id, &key),
                                             STR("lastLoginAt")},
                        take_last, &profile->last_login_ms);
        buf_free(&key);
    }
    if (profile->last_login_ms > 0)
        clock_iso(profile->last_login_ms, text);
    printf("%.*s  %-6.*s  %-*.*s  %5lld  %.*s\n", OID_HEX_SIZE, id,
           (int)role_name(profile->role).len, role_name(profile->role).ptr, CLOCK_ISO_SIZE,
           CLOCK_ISO_SIZE, text, (long long)profile->login_count, (int)profile->email.len,
           profile->email.ptr);
}

static int run_list(struct ctl *ctl, int argc, char **argv)
{
    struct listing listing = {0};
    bool redis;
    enum err err;

    (void)argv;
    if (argc != 0)
        return ctl_usage("user list takes nothing");
    if (!ctl_open_servers(ctl))
        return CTL_FAILED;
    arena_init(&listing.arena, NULL, 0);
    err = mongo_run(ctl->backend.mongo, read_all, &listing);
    redis = err == ERR_OK && ctl_redis_ready(ctl);
    for (size_t i = 0; i < listing.count; i++)
        print_person(ctl, &listing.people[i], redis);
    if (err != ERR_OK)
        ctl_error("MongoDB: %s", err_text(err));
    arena_reset(&listing.arena);
    free(listing.people);
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

#define PASSWORD_HELP                                                                              \
    "Asks for the password on a terminal, twice, and else reads one line from standard input.\n"
#define ADD_HELP "Exits 3 and changes nothing when the email is known already.\n"

const struct command command_admin_add = {
    .name = "admin add",
    .args = "--email EMAIL [--name NAME]",
    .summary = "makes a person who may do everything",
    .help = PASSWORD_HELP ADD_HELP,
    .run = run_admin,
};

const struct command command_user_add = {
    .name = "user add",
    .args = "--email EMAIL [--name NAME] [--role ROLE]",
    .summary = "makes an account with the role reader, editor or admin",
    .help = PASSWORD_HELP ADD_HELP,
    .run = run_add,
};

const struct command command_user_passwd = {
    .name = "user passwd",
    .args = "EMAIL",
    .summary = "gives an account a new password and ends its sessions",
    .help = PASSWORD_HELP,
    .run = run_passwd,
};

const struct command command_user_role = {
    .name = "user role",
    .args = "EMAIL ROLE",
    .summary = "makes an account a reader, editor or admin",
    .help = "Holds for the account's next request, on all hosts.\n",
    .run = run_role,
};

const struct command command_user_list = {
    .name = "user list",
    .args = "",
    .summary = "lists all accounts",
    .help = "Id, role, last sign-in, how many there were, and the email of each.\n",
    .run = run_list,
};
