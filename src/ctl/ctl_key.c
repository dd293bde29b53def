/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>

#include "app/people/session.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "ctl/ctl_write.h"
#include "ctl/person.h"

/* larderctl key add, list and revoke: API keys, for programs.  A key is an account without a
 * password and the one session that it has, so all that holds for sessions holds for keys: only a
 * hash of it is kept, its role is its account's, and it ends at once. */

enum { DAY_MS = 86400000, DAYS_MAX = 3650, NAME_ROOM = 80 };

/* --- add --- */

struct key {
    enum role role;
    struct str name;
    int64_t life_ms, now_ms;
    struct oid id;
    char token[TOKEN_SIZE], hash[SESSION_HASH_SIZE];
    char email[NAME_ROOM];
};

/* "90d" or "12h". */
static bool parse_life(const char *text, int64_t *life_ms)
{
    struct str s = str_from(text);
    int64_t unit_ms = s.len > 0 && s.ptr[s.len - 1] == 'h' ? DAY_MS / 24 : DAY_MS;
    uint64_t count;

    if (s.len < 2 || (s.ptr[s.len - 1] != 'd' && s.ptr[s.len - 1] != 'h'))
        return false;
    s.len--;
    if (str_uint(s, 1, (uint64_t)(DAYS_MAX * (int64_t)DAY_MS / unit_ms), &count) != ERR_OK)
        return false;
    *life_ms = (int64_t)count * unit_ms;
    return true;
}

static bool key_parse(int argc, char **argv, struct key *key)
{
    static const struct option options[] = {{"role", required_argument, NULL, 'r'},
                                            {"expires", required_argument, NULL, 'e'},
                                            {"name", required_argument, NULL, 'n'},
                                            {0}};
    bool good = true;
    int c;

    optind = 0;
    while ((c = getopt_long(argc + 1, argv - 1, "", options, NULL)) != -1) {
        switch (c) {
        case 'r': key->role = role_parse(str_from(optarg)); break;
        case 'e': good = parse_life(optarg, &key->life_ms) && good; break;
        case 'n': key->name = str_from(optarg); break;
        default: return false;
        }
    }
    return good && optind == argc + 1 && key->role != ROLE_COUNT && key->life_ms > 0 &&
           person_name_is_good(key->name);
}

/* The account first: a session of none is nobody's. */
static enum err key_insert(struct mongo_db *db, void *context)
{
    const struct key *key = context;
    const struct value until = value_date(key->now_ms + key->life_ms);
    const struct assignment account[] = {
        {STR("_id"), ASSIGN_SET, value_oid(key->id)},
        {STR("name"), ASSIGN_SET, value_string(key->name)},
        {STR("email"), ASSIGN_SET, value_string(str_from(key->email))},
        {STR("role"), ASSIGN_SET, value_string(role_name(key->role))},
        {STR("loginCount"), ASSIGN_SET, value_int(0)},
        {STR("sessionEpoch"), ASSIGN_SET, value_int(0)},
        {STR("createdAt"), ASSIGN_SET, value_date(key->now_ms)},
        {STR("updatedAt"), ASSIGN_SET, value_date(key->now_ms)},
        {STR("version"), ASSIGN_SET, value_int(1)},
        {STR("madeBy"), ASSIGN_SET, value_string(STR("operator"))},
        {STR("keyUntil"), ASSIGN_SET, until},
    };
    const struct assignment session[] = {
        {STR("_id"), ASSIGN_SET, value_string(str_make(key->hash, SESSION_HASH_SIZE))},
        {STR("userId"), ASSIGN_SET, value_oid(key->id)},
        {STR("epoch"), ASSIGN_SET, value_int(0)},
        {STR("remember"), ASSIGN_SET, value_bool(true)},
        {STR("createdAt"), ASSIGN_SET, value_date(key->now_ms)},
        {STR("expiresAt"), ASSIGN_SET, until},
        {STR("absoluteAt"), ASSIGN_SET, until},
    };
    enum err err =
        collection_insert(db, users.collection, &(struct document){account, COUNT(account)});

    return err == ERR_OK ? collection_insert(db, sessions.collection,
                                             &(struct document){session, COUNT(session)})
                         : err;
}

static int run_add(struct ctl *ctl, int argc, char **argv)
{
    struct key key = {.role = ROLE_COUNT, .name = STR("API key"), .now_ms = clock_wall_ms()};
    char id[OID_HEX_SIZE];
    enum err err;

    if (!key_parse(argc, argv, &key))
        return ctl_usage("key add takes --role reader, editor or admin, --expires 90d or 12h, and "
                         "--name");
    if (!ctl_open_mongo(ctl))
        return CTL_FAILED;
    key.id = oid_new();
    oid_text(&key.id, id);
    snprintf(key.email, sizeof key.email, "key-%.*s@larder.invalid", OID_HEX_SIZE, id);
    session_token(key.token, key.hash);
    err = mongo_run(ctl->backend.mongo, key_insert, &key);
    if (err != ERR_OK) {
        ctl_error("the key was not made: MongoDB: %s", err_text(err));
        return CTL_FAILED;
    }
    fprintf(stderr, "key %.*s; it is shown this once:\n", OID_HEX_SIZE, id);
    printf("%.*s\n", TOKEN_SIZE, key.token);
    mem_wipe(key.token, sizeof key.token);
    return CTL_OK;
}

/* --- list --- */

enum { SHAPE_ID, SHAPE_NAME, SHAPE_ROLE, SHAPE_UNTIL, SHAPE_FIELDS };
static const struct shape_field shape_fields[SHAPE_FIELDS] = {
    [SHAPE_ID] = {.name = STR_INIT("_id"), .capture = true},
    [SHAPE_NAME] = {.name = STR_INIT("name"), .capture = true},
    [SHAPE_ROLE] = {.name = STR_INIT("role"), .capture = true},
    [SHAPE_UNTIL] = {.name = STR_INIT("keyUntil"), .capture = true},
};
static const struct shape shape = SHAPE(shape_fields);
static const struct condition is_key = {
    STR_INIT("keyUntil"), OP_EXISTS, {.type = VALUE_BOOL, .boolean = true}};

static bool print_key(void *context, const struct value *captured)
{
    const int64_t *now_ms = context;
    char id[OID_HEX_SIZE], until[CLOCK_ISO_SIZE];

    if (captured[SHAPE_ID].type != VALUE_OID || captured[SHAPE_UNTIL].type != VALUE_DATE ||
        captured[SHAPE_ROLE].type != VALUE_STRING || captured[SHAPE_NAME].type != VALUE_STRING)
        return true;
    oid_text(&captured[SHAPE_ID].oid, id);
    clock_iso(captured[SHAPE_UNTIL].integer, until);
    printf("%.*s  %-6.*s  %s %.*s  %.*s\n", OID_HEX_SIZE, id, (int)captured[SHAPE_ROLE].string.len,
           captured[SHAPE_ROLE].string.ptr,
           captured[SHAPE_UNTIL].integer > *now_ms ? "until" : "ended", CLOCK_ISO_SIZE, until,
           (int)captured[SHAPE_NAME].string.len, captured[SHAPE_NAME].string.ptr);
    return true;
}

static enum err print_all(struct mongo_db *db, void *context)
{
    return collection_each(db,
                           &(struct find){.collection = users.collection,
                                          .conditions = &is_key,
                                          .condition_count = 1,
                                          .shape = &shape},
                           print_key, context);
}

static int run_list(struct ctl *ctl, int argc, char **argv)
{
    int64_t now_ms = clock_wall_ms();
    enum err err;

    (void)argv;
    if (argc != 0)
        return ctl_usage("key list takes nothing");
    if (!ctl_open_mongo(ctl))
        return CTL_FAILED;
    err = mongo_run(ctl->backend.mongo, print_all, &now_ms);
    if (err != ERR_OK)
        ctl_error("MongoDB: %s", err_text(err));
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

/* --- revoke --- */

static enum err remove_key(struct mongo_db *db, void *context)
{
    const struct oid *id = context;
    const struct condition this_key[] = {{STR("_id"), OP_EQ, value_oid(*id)}, is_key};
    enum err err = collection_remove(db, users.collection, this_key, COUNT(this_key));

    if (err == ERR_OK)
        session_remove_all(db, id);
    return err;
}

static int run_revoke(struct ctl *ctl, int argc, char **argv)
{
    char room[PROFILE_NAME_MAX];
    struct oid id;
    struct str tag;
    enum err err;

    if (argc != 1 || oid_parse(str_from(argv[0]), &id) != ERR_OK)
        return ctl_usage("key revoke takes the id of a key, as key list shows it");
    if (!ctl_open_all(ctl))
        return CTL_FAILED;
    tag = user_tag(&id, room);
    err = ctl_write(ctl, &tag, 1, remove_key, &id);
    if (err == ERR_OK)
        printf("%s is revoked\n", argv[0]);
    else if (err == ERR_NOT_FOUND)
        ctl_error("there is no key %s", argv[0]);
    else
        ctl_error("%s was not revoked: %s", argv[0], err_text(err));
    return err == ERR_OK ? CTL_OK : CTL_FAILED;
}

const struct command command_key_add = {
    .name = "key add",
    .args = "--role ROLE --expires TIME [--name NAME]",
    .summary = "makes an API key for a program",
    .help =
        "TIME is days or hours: 90d, 12h.  The key goes to standard output, once; it is sent as\n"
        "Authorization: Bearer KEY.\n",
    .run = run_add,
};

const struct command command_key_list = {
    .name = "key list",
    .args = "",
    .summary = "lists the API keys",
    .help = "Id, role, end and name of each; the keys themselves are kept nowhere.\n",
    .run = run_list,
};

const struct command command_key_revoke = {
    .name = "key revoke",
    .args = "ID",
    .summary = "ends an API key, at once and on all hosts",
    .help = "",
    .run = run_revoke,
};
