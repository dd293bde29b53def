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

/* larderctl user add and list; and admin add, which is user add with that role. */

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

static bool user_parse(int argc, char **argv, const struct option *known, struct wish *wish)
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

    if (!user_parse(argc, argv, options, &wish))
        return ctl_usage("user add takes --email, --name, and --role reader, editor or admin");
    if (wish.name == NULL)
        wish.name = wish.email != NULL ? wish.email : "";
    return person_add(ctl, wish.email, wish.name, wish.role);
}

static int run_admin(struct ctl *ctl, int argc, char **argv)
{
    struct wish wish = {.name = "Administrator", .role = ROLE_ADMIN};

    if (!user_parse(argc, argv, options + 1, &wish))
        return ctl_usage("admin add takes --email and --name only");
    return person_add(ctl, wish.email, wish.name, wish.role);
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

    return collection_each(db,
                           &(struct find){.collection = users.collection,
                                          .sort = &by_email,
                                          .sort_count = 1,
                                          .shape = &profile_shape},
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

#define ADD_HELP "Exits 3 and changes nothing when the email is known already.\n"

const struct command command_admin_add = {
    .name = "admin add",
    .args = "--email EMAIL [--name NAME]",
    .summary = "creates an administrator",
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

const struct command command_user_list = {
    .name = "user list",
    .args = "",
    .summary = "lists all accounts",
    .help = "Id, role, last sign-in, how many there were, and the email of each.\n",
    .run = run_list,
};
