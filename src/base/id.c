/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/id.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

enum { INTEGER_BITS = 53 }; /* that every client reads exactly */

/* --- From a client's text --- */

static enum err parse_objectid(struct str text, char *room, struct str *id)
{
    struct oid oid;

    if (oid_parse(text, &oid) != ERR_OK)
        return ERR_SYNTAX;
    oid_text(&oid, room);
    *id = str_make(room, OID_HEX_SIZE);
    return ERR_OK;
}

static enum err parse_string(struct str text, char *room, struct str *id)
{
    (void)room;
    if (text.len == 0 || text.len > ID_TEXT_MAX || !str_is_utf8(text))
        return ERR_SYNTAX;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return ERR_SYNTAX;
    *id = text;
    return ERR_OK;
}

static struct str integer_text(int64_t integer, char *room)
{
    bool negative = integer < 0;
    uint64_t size = negative ? 0 - (uint64_t)integer : (uint64_t)integer;
    char digits[DECIMAL_MAX];
    struct str text = str_decimal(size, digits);

    room[0] = '-';
    memcpy(room + negative, text.ptr, text.len);
    return str_make(room, text.len + negative);
}

static enum err parse_integer(struct str text, char *room, struct str *id)
{
    int64_t integer;

    if (str_int(text, INT64_MIN, INT64_MAX, &integer) != ERR_OK)
        return ERR_SYNTAX;
    *id = integer_text(integer, room);
    return ERR_OK;
}

static enum err parse_uuid(struct str text, char *room, struct str *id)
{
    unsigned char uuid[UUID_SIZE];

    if (uuid_parse(text, uuid) != ERR_OK)
        return ERR_SYNTAX;
    uuid_text(uuid, room);
    *id = str_make(room, UUID_TEXT_SIZE);
    return ERR_OK;
}

static const struct {
    enum err (*parse)(struct str text, char *room, struct str *id);
    struct str rule;
} types[] = {
    [ID_OBJECTID] = {parse_objectid, STR_INIT("must be 24 hex digits")},
    [ID_STRING] = {parse_string,
                   STR_INIT("must be a string of 1 to 200 bytes without control characters")},
    [ID_INTEGER] = {parse_integer, STR_INIT("must be a whole number of 64 bits")},
    [ID_UUID] = {parse_uuid, STR_INIT("must be a UUID: 8-4-4-4-12 hex digits")},
};

enum err id_parse(enum id_type type, struct str text, char room[static ID_TEXT_MAX], struct str *id)
{
    return types[type].parse(text, room, id);
}

struct str id_rule(enum id_type type)
{
    return types[type].rule;
}

/* --- From and to values --- */

struct value id_value(enum id_type type, struct str id)
{
    struct value value = {.type = VALUE_NONE};

    switch (type) {
    case ID_OBJECTID:
        value.type = VALUE_OID;
        (void)oid_parse(id, &value.oid);
        break;
    case ID_STRING: value = value_string(id); break;
    case ID_INTEGER:
        value.type = VALUE_INT;
        (void)str_int(id, INT64_MIN, INT64_MAX, &value.integer);
        break;
    case ID_UUID:
        value.type = VALUE_UUID;
        (void)uuid_parse(id, value.uuid);
        break;
    }
    return value;
}

/* MongoDB finds 5 where 5.0 is stored. */
static struct str whole_text(double number, char *room)
{
    const double end = 9223372036854775808.0; /* 2^63 */

    if (number >= -end && number < end && floor(number) == number)
        return integer_text((int64_t)number, room);
    return STR("");
}

struct str id_text(enum id_type type, const struct value *value, char room[static ID_TEXT_MAX])
{
    struct str id = STR("");

    switch (type) {
    case ID_OBJECTID:
        if (value->type == VALUE_OID) {
            oid_text(&value->oid, room);
            id = str_make(room, OID_HEX_SIZE);
        }
        break;
    case ID_STRING:
        if (value->type == VALUE_STRING)
            (void)parse_string(value->string, room, &id);
        break;
    case ID_INTEGER:
        if (value->type == VALUE_INT)
            id = integer_text(value->integer, room);
        else if (value->type == VALUE_DOUBLE)
            id = whole_text(value->number, room);
        break;
    case ID_UUID:
        if (value->type == VALUE_UUID) {
            uuid_text(value->uuid, room);
            id = str_make(room, UUID_TEXT_SIZE);
        }
        break;
    }
    return id;
}

struct value id_new(enum id_type type, char room[static ID_TEXT_MAX])
{
    struct oid oid = oid_new();
    struct value value = value_oid(oid);
    uint64_t bits;

    switch (type) {
    case ID_OBJECTID: break;
    case ID_STRING:
        oid_text(&oid, room);
        value = value_string(str_make(room, OID_HEX_SIZE));
        break;
    case ID_INTEGER:
        random_bytes(&bits, sizeof bits);
        value = value_int((int64_t)(bits >> (64 - INTEGER_BITS)));
        break;
    case ID_UUID:
        value.type = VALUE_UUID;
        uuid_new(value.uuid);
        break;
    }
    return value;
}
