/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/session.h"

#include <jansson.h>

#include "app/people/users.h"
#include "app/read/filling.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "base/random.h"

/* MongoDB removes what has expired; until it does, the look-up's conditions hold. */
static const struct index indexes[] = {
    {.name = STR_INIT("user"), .keys = STR_INIT("userId")},
    {.name = STR_INIT("expires"), .keys = STR_INIT("expiresAt"), .expire_after_s = 1},
};
const struct bookkeeping sessions = {STR_INIT("larder_sessions"), indexes, COUNT(indexes)};

enum { TOKEN_BYTES = 32 };
_Static_assert(BASE64_SIZE(TOKEN_BYTES) == TOKEN_SIZE, "a token's length");

bool session_hash(struct str token, char hash[static SESSION_HASH_SIZE])
{
    unsigned char digest[SHA256_SIZE];

    if (token.len != TOKEN_SIZE)
        return false;
    sha256(token, digest);
    hex_encode(digest, sizeof digest, hash);
    return true;
}

void session_token(char token[static TOKEN_SIZE], char hash[static SESSION_HASH_SIZE])
{
    unsigned char bytes[TOKEN_BYTES];

    random_bytes(bytes, sizeof bytes);
    base64url_encode(bytes, sizeof bytes, token);
    mem_wipe(bytes, sizeof bytes);
    (void)session_hash(str_make(token, TOKEN_SIZE), hash);
}

struct str session_tag(const char hash[static SESSION_HASH_SIZE],
                       char room[static SESSION_NAME_MAX])
{
    static const struct str kind = STR_INIT("session:");

    memcpy(room, kind.ptr, kind.len);
    memcpy(room + kind.len, hash, SESSION_HASH_SIZE);
    return str_make(room, kind.len + SESSION_HASH_SIZE);
}

void session_remove_all(struct mongo_db *db, const struct oid *user)
{
    const struct condition theirs = {STR("userId"), OP_EQ, value_oid(*user)};

    (void)collection_delete(db, sessions.collection, &theirs, 1, true, NULL);
}

/* --- The fill --- */

enum { USER, EPOCH, REMEMBER, CREATED, EXPIRES, ABSOLUTE, FIELDS };

static const struct shape_field shape_fields[FIELDS] = {
    [USER] = {.name = STR_INIT("userId"), .capture = true},
    [EPOCH] = {.name = STR_INIT("epoch"), .capture = true},
    [REMEMBER] = {.name = STR_INIT("remember"), .capture = true},
    [CREATED] = {.name = STR_INIT("createdAt"), .capture = true},
    [EXPIRES] = {.name = STR_INIT("expiresAt"), .capture = true},
    [ABSOLUTE] = {.name = STR_INIT("absoluteAt"), .capture = true},
};
static const struct shape shape = SHAPE(shape_fields);

/* A document that is not as it was stored here is no session. */
static bool is_sound(const struct value captured[static FIELDS])
{
    return captured[USER].type == VALUE_OID && captured[EPOCH].type == VALUE_INT &&
           captured[REMEMBER].type == VALUE_BOOL && captured[CREATED].type == VALUE_DATE &&
           captured[EXPIRES].type == VALUE_DATE && captured[ABSOLUTE].type == VALUE_DATE;
}

struct found {
    struct value *captured;
    bool there, ended;
};

static bool take_document(void *context, const struct value *captured)
{
    struct found *found = context;

    if (is_sound(captured)) {
        memcpy(found->captured, captured, FIELDS * sizeof *captured);
        found->there = true;
    } else {
        found->ended = true;
    }
    return true;
}

static struct str ended_id(const char hash[static SESSION_HASH_SIZE],
                           char room[static SESSION_NAME_MAX])
{
    static const struct str kind = STR_INIT("ended:");

    memcpy(room, kind.ptr, kind.len);
    memcpy(room + kind.len, hash, SESSION_HASH_SIZE);
    return str_make(room, kind.len + SESSION_HASH_SIZE);
}

/* One question for what clients have made up: for the session and for what ends it. */
static enum err session_find(struct mongo_db *db, const char hash[static SESSION_HASH_SIZE],
                             int64_t now_ms, struct value captured[static FIELDS])
{
    char room[SESSION_NAME_MAX];
    struct value ids[] = {value_string(str_make(hash, SESSION_HASH_SIZE)),
                          value_string(ended_id(hash, room))};
    const struct condition either = {STR("_id"), OP_IN, value_list(ids, COUNT(ids))};
    const struct find find = {.collection = sessions.collection,
                              .conditions = &either,
                              .condition_count = 1,
                              .shape = &shape};
    struct found found = {.captured = captured};
    enum err err = collection_each(db, &find, take_document, &found);

    if (err != ERR_OK)
        return err;
    return found.there && !found.ended && captured[EXPIRES].integer > now_ms &&
                   captured[ABSOLUTE].integer > now_ms
               ? ERR_OK
               : ERR_NOT_FOUND;
}

/* One that is to be remembered has its whole life from the start; another is moved on, where the
 * document still is as it was found: a session that was ended meanwhile stays ended. */
static enum err slide(struct mongo_db *db, const char hash[static SESSION_HASH_SIZE],
                      int64_t now_ms, struct value captured[static FIELDS])
{
    const struct condition conditions[] = {
        {STR("_id"), OP_EQ, value_string(str_make(hash, SESSION_HASH_SIZE))},
        {STR("expiresAt"), OP_GT, value_date(now_ms)},
        {STR("absoluteAt"), OP_GT, value_date(now_ms)},
    };
    const struct assignment next = {STR("expiresAt"), ASSIGN_SET,
                                    value_date(now_ms + session_idle_ms)};
    int64_t changed = 0;
    enum err err = collection_update(db,
                                     &(struct update){.collection = sessions.collection,
                                                      .conditions = conditions,
                                                      .condition_count = COUNT(conditions),
                                                      .assignments = &next,
                                                      .assignment_count = 1,
                                                      .max_time_ms = READ_MS},
                                     &changed);

    if (err == ERR_OK && changed == 0)
        err = ERR_NOT_FOUND;
    if (err == ERR_OK)
        captured[EXPIRES] = next.value;
    return err == ERR_UNKNOWN ? ERR_TIMEOUT : err;
}

enum err session_end(struct mongo_db *db, const char hash[static SESSION_HASH_SIZE],
                     int64_t until_ms)
{
    const struct condition is = {STR("_id"), OP_EQ,
                                 value_string(str_make(hash, SESSION_HASH_SIZE))};
    char room[SESSION_NAME_MAX];
    const struct assignment fields[] = {
        {STR("_id"), ASSIGN_SET, value_string(ended_id(hash, room))},
        {STR("expiresAt"), ASSIGN_SET, value_date(until_ms)}};
    enum err err =
        collection_insert(db, sessions.collection, &(struct document){fields, COUNT(fields)});

    if (err == ERR_OK || err == ERR_EXISTS)
        err = collection_remove(db, sessions.collection, &is, 1);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err session_ask(struct mongo_db *db, struct filling *filling)
{
    struct value captured[FIELDS];
    char user[OID_HEX_SIZE];
    int64_t expires_ms, now_ms = clock_wall_ms();
    enum err err = session_find(db, filling->key, now_ms, captured);

    if (err == ERR_OK && !captured[REMEMBER].boolean)
        err = slide(db, filling->key, now_ms, captured);
    if (err != ERR_OK)
        return err;
    expires_ms = captured[EXPIRES].integer < captured[ABSOLUTE].integer
                     ? captured[EXPIRES].integer
                     : captured[ABSOLUTE].integer;
    oid_text(&captured[USER].oid, user);
    buf_printf(&filling->plain,
               "{\"userId\":\"%.*s\",\"epoch\":%lld,\"remember\":%s,\"createdAt\":%lld,"
               "\"expiresAt\":%lld}",
               OID_HEX_SIZE, user, (long long)captured[EPOCH].integer,
               captured[REMEMBER].boolean ? "true" : "false", (long long)captured[CREATED].integer,
               (long long)expires_ms);
    return ERR_OK;
}

static void fill(struct cache_lookup *lookup, struct cache_fill *cache_fill)
{
    struct session_read *read = (struct session_read *)lookup;
    struct filling *filling = filling_new(read->app, cache_fill, session_ask);

    _Static_assert((int)SESSION_HASH_SIZE <= (int)FILLING_KEY_MAX, "it fits");
    memcpy(filling->key, read->hash, SESSION_HASH_SIZE);
    filling_start(filling);
}

void session_read_init(struct session_read *read, struct app *app)
{
    static const struct cache_class class = {.ttl_ms = VISITOR_MS, .guessed = true};

    read->app = app;
    read->lookup = (struct cache_lookup){
        .name = session_tag(read->hash, read->name), .tag_count = 1, .class = &class, .fill = fill};
    read->lookup.tags[0] = read->lookup.name;
}

bool session_parse(struct str text, struct session *session)
{
    json_t *root = json_loadb(text.ptr, text.len, 0, NULL);
    const json_t *user = json_object_get(root, "userId");
    bool good = oid_parse(str_make(json_string_value(user), json_string_length(user)),
                          &session->user) == ERR_OK;

    session->epoch = json_integer_value(json_object_get(root, "epoch"));
    session->remember = json_is_true(json_object_get(root, "remember"));
    session->created_ms = json_integer_value(json_object_get(root, "createdAt"));
    session->expires_ms = json_integer_value(json_object_get(root, "expiresAt"));
    json_decref(root);
    return good;
}
