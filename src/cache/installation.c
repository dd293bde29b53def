/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/installation.h"

#include <stdio.h>
#include <string.h>

#include "base/idiom.h"
#include "base/random.h"
#include "mongo/collection.h"

static const struct str collection = STR_INIT(INSTALLATION_COLLECTION);
static const struct str main_id = STR_INIT("installation");
static const struct str member_kind = STR_INIT("worker:");

enum { FORGOTTEN_MS = 60000 };

static const struct condition is_main = {
    STR_INIT("_id"), OP_EQ, {.type = VALUE_STRING, .string = STR_INIT("installation")}};

/* --- Reading --- */

enum { ID, OWN_ID, EPOCH, BEAT, UNTIL, HOST, PREFIX, REDIS, CONNECTED, FIELDS };

static const struct shape_field shape_fields[FIELDS] = {
    [ID] = {.name = STR_INIT("_id"), .capture = true},
    [OWN_ID] = {.name = STR_INIT("id"), .capture = true},
    [EPOCH] = {.name = STR_INIT("epoch"), .capture = true},
    [BEAT] = {.name = STR_INIT("beat"), .capture = true},
    [UNTIL] = {.name = STR_INIT("changingUntil"), .capture = true},
    [HOST] = {.name = STR_INIT("host"), .capture = true},
    [PREFIX] = {.name = STR_INIT("prefix"), .capture = true},
    [REDIS] = {.name = STR_INIT("redis"), .capture = true},
    [CONNECTED] = {.name = STR_INIT("connected"), .capture = true},
};
static const struct shape shape = SHAPE(shape_fields);

struct reading {
    struct installation *installation;
    struct installation_members *members;
    bool found;
};

static void take_text(const struct value *value, char to[static PLACE_MAX])
{
    struct str text = value->type == VALUE_STRING ? value->string : STR("?");

    snprintf(to, PLACE_MAX, "%.*s", (int)text.len, text.ptr);
}

static void take_main(struct reading *reading, const struct value *captured)
{
    struct installation *installation = reading->installation;

    if (captured[OWN_ID].type != VALUE_STRING ||
        captured[OWN_ID].string.len != INSTALLATION_ID_SIZE || captured[EPOCH].type != VALUE_INT ||
        captured[BEAT].type != VALUE_INT)
        return;
    memcpy(installation->id, captured[OWN_ID].string.ptr, INSTALLATION_ID_SIZE);
    installation->epoch = captured[EPOCH].integer;
    installation->beat = captured[BEAT].integer;
    installation->changing_until_ms =
        captured[UNTIL].type == VALUE_DATE ? captured[UNTIL].integer : 0;
    reading->found = true;
}

static bool take_document(void *context, const struct value *captured)
{
    struct reading *reading = context;
    struct str id = captured[ID].type == VALUE_STRING ? captured[ID].string : STR("");
    struct member_document *member;

    if (str_eq(id, main_id))
        take_main(reading, captured);
    if (reading->members == NULL || reading->members->count == MEMBERS_MAX ||
        !str_starts(id, member_kind) || id.len != member_kind.len + MEMBER_ID_SIZE ||
        captured[BEAT].type != VALUE_DATE)
        return true;
    member = &reading->members->list[reading->members->count++];
    memcpy(member->id, id.ptr + member_kind.len, MEMBER_ID_SIZE);
    take_text(&captured[HOST], member->host);
    take_text(&captured[PREFIX], member->prefix);
    take_text(&captured[REDIS], member->redis);
    member->connected = captured[CONNECTED].type == VALUE_BOOL && captured[CONNECTED].boolean;
    member->beat_ms = captured[BEAT].integer;
    return true;
}

static enum err make_main(struct mongo_db *db)
{
    char id[INSTALLATION_ID_SIZE];
    uint64_t random = random_u64();
    const struct assignment fields[] = {
        {STR("_id"), ASSIGN_SET, value_string(main_id)},
        {STR("id"), ASSIGN_SET, value_string(str_make(id, sizeof id))},
        {STR("epoch"), ASSIGN_SET, value_int(0)},
        {STR("beat"), ASSIGN_SET, value_int(0)},
    };
    enum err err;

    hex_encode(&random, sizeof random, id);
    err = collection_insert(db, collection, &(struct document){fields, COUNT(fields)});
    return err == ERR_EXISTS ? ERR_OK : err;
}

enum err installation_read(struct mongo_db *db, struct installation *installation,
                           struct installation_members *members)
{
    const struct find find = {.collection = collection, .shape = &shape};
    struct reading reading = {.installation = installation, .members = members};
    enum err err = ERR_OK;

    for (int i = 0; err == ERR_OK && !reading.found && i < 2; i++) {
        if (i > 0)
            err = make_main(db);
        if (members != NULL)
            members->count = 0;
        if (err == ERR_OK)
            err = collection_each(db, &find, take_document, &reading);
    }
    return err == ERR_OK && !reading.found ? ERR_PROTOCOL : err;
}

/* --- Beating --- */

static struct str document_id(const char id[static MEMBER_ID_SIZE],
                              char room[static MEMBER_ID_SIZE + 16])
{
    memcpy(room, member_kind.ptr, member_kind.len);
    memcpy(room + member_kind.len, id, MEMBER_ID_SIZE);
    return str_make(room, member_kind.len + MEMBER_ID_SIZE);
}

static enum err set_main(struct mongo_db *db, const struct condition *conditions, size_t count,
                         const struct assignment *fields, size_t field_count)
{
    return collection_update(db,
                             &(struct update){.collection = collection,
                                              .conditions = conditions,
                                              .condition_count = count,
                                              .assignments = fields,
                                              .assignment_count = field_count},
                             NULL);
}

enum err installation_beat(struct mongo_db *db, const struct member_document *self)
{
    char room[MEMBER_ID_SIZE + 16];
    const struct condition is_self = {STR("_id"), OP_EQ, value_string(document_id(self->id, room))};
    const struct assignment fields[] = {
        {STR("host"), ASSIGN_SET, value_string(str_from(self->host))},
        {STR("prefix"), ASSIGN_SET, value_string(str_from(self->prefix))},
        {STR("redis"), ASSIGN_SET, value_string(str_from(self->redis))},
        {STR("connected"), ASSIGN_SET, value_bool(self->connected)},
        {STR("beat"), ASSIGN_NOW, value_null()},
    };
    const struct assignment beat[] = {
        {STR("beat"), ASSIGN_INC, value_int(1)},
        {STR("prefix"), ASSIGN_SET, value_string(str_from(self->prefix))},
        {STR("redis"), ASSIGN_SET, value_string(str_from(self->redis))},
    };
    enum err err = set_main(db, &is_main, 1, beat, COUNT(beat));

    if (err != ERR_OK)
        return err;
    return collection_update(db,
                             &(struct update){.collection = collection,
                                              .conditions = &is_self,
                                              .condition_count = 1,
                                              .assignments = fields,
                                              .assignment_count = COUNT(fields),
                                              .upsert = true},
                             NULL);
}

/* With it go those that ended without a word. */
enum err installation_leave(struct mongo_db *db, const char id[static MEMBER_ID_SIZE])
{
    char room[MEMBER_ID_SIZE + 16];
    const struct condition is_self = {STR("_id"), OP_EQ, value_string(document_id(id, room))};
    int64_t now_ms = 0;
    enum err err = collection_delete(db, collection, &is_self, 1, false, NULL);

    if (err == ERR_OK)
        err = collection_server_time(db, &now_ms);
    if (err == ERR_OK) {
        const struct condition silent[] = {{STR("_id"), OP_PREFIX, value_string(member_kind)},
                                           {STR("beat"), OP_LT, value_date(now_ms - FORGOTTEN_MS)}};
        err = collection_delete(db, collection, silent, COUNT(silent), true, NULL);
    }
    return err;
}

/* --- Changes --- */

enum err installation_renew(struct mongo_db *db, const struct installation *seen, int64_t epoch,
                            int64_t beat)
{
    const struct condition conditions[] = {is_main, {STR("epoch"), OP_EQ, value_int(seen->epoch)}};
    const struct assignment fields[] = {{STR("epoch"), ASSIGN_SET, value_int(epoch)},
                                        {STR("beat"), ASSIGN_SET, value_int(beat)}};

    return set_main(db, conditions, COUNT(conditions), fields, COUNT(fields));
}

enum err installation_change(struct mongo_db *db, bool begin)
{
    struct installation now;
    int64_t now_ms = 0;
    enum err err = installation_read(db, &now, NULL);

    if (err == ERR_OK)
        err = collection_server_time(db, &now_ms);
    if (err == ERR_OK) {
        const struct assignment until = {STR("changingUntil"), begin ? ASSIGN_SET : ASSIGN_UNSET,
                                         value_date(now_ms + INSTALLATION_CHANGE_MS)};
        const struct assignment epoch = {STR("epoch"), ASSIGN_INC, value_int(1)};
        if (!begin)
            err = set_main(db, &is_main, 1, &epoch, 1);
        if (err == ERR_OK)
            err = set_main(db, &is_main, 1, &until, 1);
    }
    return err;
}

/* Sessions first: where this is interrupted, it is done again. */
enum err installation_restored(struct mongo_db *db, const struct installation *seen, int64_t epoch,
                               int64_t beat, struct str sessions, int64_t *ended)
{
    enum err err = collection_delete(db, sessions, NULL, 0, true, ended);

    return err == ERR_OK ? installation_renew(db, seen, epoch, beat) : err;
}
