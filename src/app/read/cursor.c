/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/cursor.h"

#include <math.h>

#include "base/hash.h"
#include "base/le.h"

enum {
    FORMAT = 1,
    ASKED_AT = 1,
    ID_AT = ASKED_AT + 8,
    TYPE_AT = ID_AT + OID_SIZE,
    VALUE_AT = TYPE_AT + 1,
    CHECK_SIZE = 4,
    CURSOR_BYTES_MAX = 1500
};

static void put_value(struct buf *out, const struct value *value)
{
    uint64_t bits = 0;

    switch (value->type) {
    case VALUE_STRING:
        buf_char(out, 's');
        buf_str(out, value->string);
        return;
    case VALUE_DOUBLE:
        memcpy(&bits, &value->number, sizeof bits);
        buf_char(out, 'd');
        break;
    case VALUE_DATE:
        bits = (uint64_t)value->integer;
        buf_char(out, 't');
        break;
    case VALUE_INT:
        bits = (uint64_t)value->integer;
        buf_char(out, 'i');
        break;
    case VALUE_BOOL:
        bits = value->boolean;
        buf_char(out, 'b');
        break;
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_BYTES:
    case VALUE_OID:
    case VALUE_STRINGS:
    case VALUE_LIST: buf_char(out, '-'); return;
    }
    buf_le(out, bits, sizeof bits);
}

static enum err get_value(char type, struct str bytes, struct value *value)
{
    uint64_t bits = bytes.len == 8 ? le_get(bytes.ptr, 8) : 0;

    *value = (struct value){.type = VALUE_NONE};
    if (type == 's') {
        *value = value_string(bytes);
        return str_is_utf8(bytes) ? ERR_OK : ERR_SYNTAX;
    }
    if (type == '-')
        return bytes.len == 0 ? ERR_OK : ERR_SYNTAX;
    if (bytes.len != 8)
        return ERR_SYNTAX;
    switch (type) {
    case 'd':
        value->type = VALUE_DOUBLE;
        memcpy(&value->number, &bits, sizeof bits);
        return ERR_OK;
    case 't': *value = value_date((int64_t)bits); return ERR_OK;
    case 'i': *value = value_int((int64_t)bits); return ERR_OK;
    case 'b': *value = value_bool(bits != 0); return ERR_OK;
    default: return ERR_SYNTAX;
    }
}

/* Whether a field of this type may have the value; any may be missing. */
static bool fits(const struct value *value, enum field_type type)
{
    switch (value->type) {
    case VALUE_NONE: return true;
    case VALUE_STRING:
        return type == FIELD_STRING && str_find(value->string, '\0') == value->string.len;
    case VALUE_DOUBLE:
        return (type == FIELD_NUMBER || type == FIELD_INT) && isfinite(value->number);
    case VALUE_INT: return type == FIELD_NUMBER || type == FIELD_INT;
    case VALUE_DATE: return type == FIELD_TIME;
    case VALUE_BOOL: return type == FIELD_BOOL;
    case VALUE_NULL:
    case VALUE_BYTES:
    case VALUE_OID:
    case VALUE_STRINGS:
    case VALUE_LIST: break;
    }
    return false;
}

void cursor_encode(const struct keyset *keyset, struct str asked, struct buf *out)
{
    struct buf bytes = BUF_INIT(CURSOR_BYTES_MAX);
    char *to;

    buf_char(&bytes, FORMAT);
    buf_le(&bytes, hash64(asked.ptr, asked.len), 8);
    buf_append(&bytes, keyset->id.bytes, OID_SIZE);
    put_value(&bytes, &keyset->value);
    buf_le(&bytes, hash64(bytes.ptr, bytes.len), CHECK_SIZE);
    to = bytes.err == ERR_OK ? buf_reserve(out, BASE64_SIZE(bytes.len)) : NULL;
    if (to != NULL) {
        base64url_encode(bytes.ptr, bytes.len, to);
        buf_commit(out, BASE64_SIZE(bytes.len));
    }
    buf_free(&bytes);
}

enum err cursor_decode(struct str text, struct str asked, enum field_type sort, struct arena *arena,
                       struct keyset *keyset)
{
    char *to = arena_alloc(arena, text.len);
    struct str bytes = {to, 0};
    size_t end;
    enum err err;

    if (base64url_decode(text, to, &bytes.len) != ERR_OK || bytes.len < VALUE_AT + CHECK_SIZE ||
        bytes.ptr[0] != FORMAT)
        return ERR_SYNTAX;
    end = bytes.len - CHECK_SIZE;
    if (le_get(bytes.ptr + end, CHECK_SIZE) != (hash64(bytes.ptr, end) & UINT32_MAX))
        return ERR_SYNTAX;
    if (le_get(bytes.ptr + ASKED_AT, 8) != hash64(asked.ptr, asked.len))
        return ERR_INVALID;
    memcpy(keyset->id.bytes, bytes.ptr + ID_AT, OID_SIZE);
    err = get_value(bytes.ptr[TYPE_AT], str_make(bytes.ptr + VALUE_AT, end - VALUE_AT),
                    &keyset->value);
    return err == ERR_OK && !fits(&keyset->value, sort) ? ERR_SYNTAX : err;
}
