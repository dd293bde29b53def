/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/users.h"

#include <jansson.h>

#include "app/index_making.h"
#include "app/read/filling.h"
#include "base/clock.h"
#include "base/email.h"
#include "base/idiom.h"
#include "base/json_writer.h"
#include "base/password.h"
#include "schema/schema.h"

/* What clients may set; "password" is not stored, its hash is. */
static const char form[] =
    "{\"type\":\"object\",\"required\":[\"name\",\"email\",\"password\"],\"properties\":{"
    "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":100,\"examples\":[\"Ada\"]},"
    "\"email\":{\"type\":\"string\",\"minLength\":3,\"maxLength\":254,"
    "\"pattern\":\"^[!#-'*+./0-9=?A-Z^-~-]+@[!#-'*+./0-9=?A-Z^-~-]+$\","
    "\"examples\":[\"ada@example.org\"]},"
    "\"password\":{\"type\":\"string\",\"minLength\":8,\"maxLength\":1024,"
    "\"pattern\":\"^[^\\\\u0000-\\\\u001f\\\\u007f]*$\",\"description\":\"At most 1,024 bytes\","
    "\"examples\":[\"correct horse battery\"]}}}";
_Static_assert(EMAIL_MAX == 254 && PASSWORD_MIN == 8 && PASSWORD_MAX == 1024, "as the form has it");

static const struct index indexes[] = {
    {.name = STR_INIT("email"), .keys = STR_INIT("email"), .unique = true}};
const struct bookkeeping users = {STR_INIT("larder_users"), indexes, COUNT(indexes)};

static struct resource resource = {
    .name = STR_INIT("users"),
    .singular = STR_INIT("user"),
    .title = STR_INIT("User"),
    .absent = STR_INIT("User not found"),
    .path = STR_INIT("/api/users"),
    .item_path = STR_INIT("/api/users/{id}"),
    .collection = STR_INIT("larder_users"),
    .kept = {.version = STR_INIT("version"),
             .created = STR_INIT("createdAt"),
             .updated = STR_INIT("updatedAt")},
};
static const struct plan plan = {.resource = &resource};

const struct resource *users_resource(void)
{
    schema_form_once(&resource, form);
    return &resource;
}

const struct plan *users_plan(void)
{
    (void)users_resource();
    return &plan;
}

static const struct str role_names[ROLE_COUNT] = {
    [ROLE_READER] = STR_INIT("reader"),
    [ROLE_EDITOR] = STR_INIT("editor"),
    [ROLE_ADMIN] = STR_INIT("admin"),
};

struct str role_name(enum role role)
{
    return role_names[role];
}

enum role role_parse(struct str name)
{
    int role = 0;

    while (role < ROLE_COUNT && !str_eq(name, role_names[role]))
        role++;
    return (enum role)role;
}

/* --- From and to documents --- */

enum { ID, NAME, EMAIL, HASH, ROLE, LOGINS, LAST_LOGIN, EPOCH, CREATED, UPDATED, DISABLED, MADE };

static const struct shape_field shape_fields[PROFILE_FIELDS] = {
    [ID] = {.name = STR_INIT("_id"), .capture = true},
    [NAME] = {.name = STR_INIT("name"), .capture = true},
    [EMAIL] = {.name = STR_INIT("email"), .capture = true},
    [HASH] = {.name = STR_INIT("passwordHash"), .capture = true, .hidden = true},
    [ROLE] = {.name = STR_INIT("role"), .capture = true},
    [LOGINS] = {.name = STR_INIT("loginCount"), .capture = true},
    [LAST_LOGIN] = {.name = STR_INIT("lastLoginAt"), .capture = true},
    [EPOCH] = {.name = STR_INIT("sessionEpoch"), .capture = true, .hidden = true},
    [CREATED] = {.name = STR_INIT("createdAt"), .capture = true},
    [UPDATED] = {.name = STR_INIT("updatedAt"), .capture = true},
    [DISABLED] = {.name = STR_INIT("disabled"), .capture = true},
    [MADE] = {.name = STR_INIT("madeBy"), .capture = true, .hidden = true},
};
const struct shape profile_shape = SHAPE(shape_fields);

static struct str text_of(const struct value *value)
{
    return value->type == VALUE_STRING ? value->string : STR("");
}

static int64_t number_of(const struct value *value)
{
    const double end = 9223372036854775808.0; /* 2^63 */

    if (value->type == VALUE_DOUBLE)
        return value->number >= -end && value->number < end ? (int64_t)value->number : 0;
    return value->type == VALUE_INT || value->type == VALUE_DATE ? value->integer : 0;
}

void profile_take(const struct value captured[static PROFILE_FIELDS], struct profile *profile,
                  struct str *hash)
{
    enum role role = role_parse(text_of(&captured[ROLE]));

    *profile = (struct profile){
        .id = captured[ID].type == VALUE_OID ? captured[ID].oid : (struct oid){{0}},
        .role = role < ROLE_COUNT ? role : ROLE_READER,
        .disabled = captured[DISABLED].type == VALUE_BOOL && captured[DISABLED].boolean,
        .self_made = captured[MADE].type != VALUE_STRING,
        .name = text_of(&captured[NAME]),
        .email = text_of(&captured[EMAIL]),
        .session_epoch = number_of(&captured[EPOCH]),
        .login_count = number_of(&captured[LOGINS]),
        .last_login_ms = number_of(&captured[LAST_LOGIN]),
        .created_ms = number_of(&captured[CREATED]),
        .updated_ms = number_of(&captured[UPDATED]),
    };
    if (hash != NULL)
        *hash = text_of(&captured[HASH]);
}

enum err users_find(struct mongo_db *db, const struct condition *conditions, size_t count,
                    struct arena *arena, struct profile *profile, struct str *hash)
{
    struct value captured[PROFILE_FIELDS];
    struct found_document record = {.shape = &profile_shape, .captured = captured, .arena = arena};
    enum err err = collection_find_one(db, users.collection, conditions, count, 0, &record);

    if (err == ERR_OK)
        profile_take(captured, profile, hash);
    return err;
}

static void users_take_index(void *context, const struct index_spec *found)
{
    bool *there = context;

    *there = *there || (found->unique && index_serves(found, &indexes[0]));
}

enum err users_one_per_email(struct mongo_db *db)
{
    bool there = false;
    unsigned refused = 0;
    enum err err = collection_indexes(db, users.collection, users_take_index, &there);

    if (err != ERR_OK || there)
        return err;
    err = indexes_ensure(db, users.collection, users.indexes, users.index_count, &refused);
    if (err == ERR_UNKNOWN) /* of the index: nothing else was tried */
        return ERR_BUSY;
    return err == ERR_OK && refused > 0 ? ERR_UNSUPPORTED : err;
}

/* Where none is stored, it is the first one. */
struct condition users_epoch_is(int64_t epoch)
{
    static const struct value first[] = {{.type = VALUE_INT, .integer = 0}, {.type = VALUE_NULL}};

    if (epoch == 0)
        return (struct condition){STR("sessionEpoch"), OP_IN, value_list(first, COUNT(first))};
    return (struct condition){STR("sessionEpoch"), OP_EQ, value_int(epoch)};
}

void time_json(struct buf *out, const char *name, int64_t ms)
{
    char text[CLOCK_ISO_SIZE];

    clock_iso(ms, text);
    buf_printf(out, ",\"%s\":", name);
    if (ms == 0)
        buf_literal(out, "null");
    else
        buf_printf(out, "\"%.*s\"", CLOCK_ISO_SIZE, text);
}

void profile_json(const struct profile *profile, struct buf *out)
{
    char id[OID_HEX_SIZE];

    oid_text(&profile->id, id);
    buf_printf(out, "{\"_id\":\"%.*s\",\"name\":", OID_HEX_SIZE, id);
    json_put_string(out, profile->name);
    buf_literal(out, ",\"email\":");
    json_put_string(out, profile->email);
    buf_literal(out, ",\"role\":");
    json_put_string(out, role_name(profile->role));
    buf_literal(out, ",\"loginCount\":");
    buf_int(out, profile->login_count);
    time_json(out, "lastLoginAt", profile->last_login_ms);
    time_json(out, "createdAt", profile->created_ms);
    time_json(out, "updatedAt", profile->updated_ms);
    if (profile->disabled)
        buf_literal(out, ",\"disabled\":true");
    buf_char(out, '}');
}

/* --- Through the cache --- */

/* What a client may see, and what only the server may. */
static enum err users_ask(struct mongo_db *db, struct filling *filling)
{
    struct condition condition = {STR("_id"), OP_EQ, value_oid(filling->id)};
    struct arena arena;
    struct profile profile;
    enum err err;

    arena_init(&arena, NULL, 0);
    err = users_find(db, &condition, 1, &arena, &profile, NULL);
    if (err == ERR_OK) {
        buf_literal(&filling->plain, "{\"sessionEpoch\":");
        buf_int(&filling->plain, profile.session_epoch);
        buf_literal(&filling->plain, ",\"profile\":");
        profile_json(&profile, &filling->plain);
        buf_char(&filling->plain, '}');
    }
    arena_reset(&arena);
    return err;
}

static void fill(struct cache_lookup *lookup, struct cache_fill *cache_fill)
{
    struct profile_read *read = (struct profile_read *)lookup;
    struct filling *filling = filling_new(read->app, cache_fill, users_ask);

    filling->id = read->id;
    filling_start(filling);
}

static struct str tag(struct str kind, const struct oid *id, char room[static PROFILE_NAME_MAX])
{
    memcpy(room, kind.ptr, kind.len);
    oid_text(id, room + kind.len);
    return str_make(room, kind.len + OID_HEX_SIZE);
}

struct str user_tag(const struct oid *id, char room[static PROFILE_NAME_MAX])
{
    return tag(STR("user:"), id, room);
}

struct str owner_tag(const struct oid *id, char room[static PROFILE_NAME_MAX])
{
    return tag(STR("owner:"), id, room);
}

static void read_init(struct profile_read *read, struct app *app, const struct oid *id,
                      struct str kind, const struct cache_class *class)
{
    read->app = app;
    read->id = *id;
    read->lookup = (struct cache_lookup){
        .name = tag(kind, id, read->name), .tag_count = 1, .class = class, .fill = fill};
    read->lookup.tags[0] = user_tag(id, read->tag);
}

void profile_read_init(struct profile_read *read, struct app *app, const struct oid *id)
{
    static const struct cache_class class = {.ttl_ms = 1800000, .guessed = true};

    read_init(read, app, id, STR("user:"), &class);
}

void visitor_read_init(struct profile_read *read, struct app *app, const struct oid *id)
{
    static const struct cache_class class = {.ttl_ms = VISITOR_MS, .guessed = true};

    read_init(read, app, id, STR("visitor:"), &class);
}

static struct str json_text(const json_t *object, const char *name, struct arena *arena)
{
    const json_t *json = json_object_get(object, name);

    return arena_str(arena, str_make(json_string_value(json), json_string_length(json)));
}

static int64_t json_time(const json_t *object, const char *name, struct arena *arena)
{
    int64_t ms = 0;

    (void)clock_parse_iso(json_text(object, name, arena), &ms);
    return ms;
}

bool profile_parse(struct str text, struct arena *arena, struct profile *profile)
{
    json_t *root = json_loadb(text.ptr, text.len, 0, NULL);
    const json_t *json = json_object_get(root, "profile");
    bool good;

    *profile = (struct profile){
        .role = role_parse(json_text(json, "role", arena)),
        .disabled = json_is_true(json_object_get(json, "disabled")),
        .name = json_text(json, "name", arena),
        .email = json_text(json, "email", arena),
        .session_epoch = json_integer_value(json_object_get(root, "sessionEpoch")),
        .login_count = json_integer_value(json_object_get(json, "loginCount")),
        .last_login_ms = json_time(json, "lastLoginAt", arena),
        .created_ms = json_time(json, "createdAt", arena),
        .updated_ms = json_time(json, "updatedAt", arena),
    };
    good = oid_parse(json_text(json, "_id", arena), &profile->id) == ERR_OK &&
           profile->role < ROLE_COUNT;
    json_decref(root);
    return good;
}
