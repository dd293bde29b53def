/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/cursor.h"

#include "base/hash.h"
#include "base/le.h"

enum {
    FORMAT = 2,
    ASKED_AT = 1,
    ID_AT = ASKED_AT + 8,
    HEAD_SIZE = 3, /* of a value: letter and length */
    CHECK_SIZE = 4,
    BYTES_MAX = CURSOR_TEXT_MAX * 3 / 4,
    VALUE_MAX = 800
};

/* --- Values: a letter, the length in two bytes, the bytes --- */

static const char letters[] = {
    [VALUE_NONE] = '-',   [VALUE_NULL] = '0',    [VALUE_BOOL] = 'b',   [VALUE_INT] = 'i',
    [VALUE_DOUBLE] = 'd', [VALUE_DECIMAL] = 'c', [VALUE_STRING] = 's', [VALUE_BYTES] = 'x',
    [VALUE_UUID] = 'u',   [VALUE_DATE] = 't',    [VALUE_OID] = 'o',    [VALUE_RAW] = 'r',
};

/* The bytes of a value; those of numbers are made in room. */
static struct str bytes_of(const struct value *value, char room[static 8])
{
    uint64_t bits = 0;

    switch (value->type) {
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_LIST:
    case VALUE_OBJECT: return STR("");
    case VALUE_BOOL: bits = value->boolean; break;
    case VALUE_INT:
    case VALUE_DATE: bits = (uint64_t)value->integer; break;
    case VALUE_DOUBLE: memcpy(&bits, &value->number, sizeof bits); break;
    case VALUE_DECIMAL:
    case VALUE_STRING:
    case VALUE_BYTES: return value->string;
    case VALUE_UUID: return str_make((const char *)value->uuid, UUID_SIZE);
    case VALUE_OID: return str_make((const char *)value->oid.bytes, OID_SIZE);
    case VALUE_RAW: return value->raw.bytes;
    }
    for (int i = 0; i < 8; i++)
        room[i] = (char)(bits >> 8 * i);
    return str_make(room, 8);
}

static void put_value(struct buf *out, const struct value *value)
{
    char room[8];
    struct str bytes = bytes_of(value, room);
    bool raw = value->type == VALUE_RAW;

    buf_char(out, letters[value->type]);
    buf_le(out, bytes.len + raw, 2);
    if (raw)
        buf_char(out, (char)value->raw.kind);
    buf_str(out, bytes);
}

/* A value of BSON's own types is looked at as a server's is: as the only field of a document. */
static enum err get_raw(struct str bytes, struct arena *arena, struct value *value)
{
    static const struct shape all = {.open = true};
    struct buf document = BUF_INIT(BYTES_MAX), json = BUF_INIT(1 << 20);
    enum err err;

    if (bytes.len == 0)
        return ERR_SYNTAX;
    buf_le(&document, bytes.len + sizeof "v" + 5, 4);
    buf_char(&document, bytes.ptr[0]);
    buf_append(&document, "v", sizeof "v");
    buf_str(&document, str_from_offset(bytes, 1));
    buf_char(&document, '\0');
    err = bson_json_write((const uint8_t *)document.ptr, document.len, &all, &json, NULL, NULL);
    if (err == ERR_OK)
        err = document_value(arena_str(arena, buf_view(&document)), STR("v"), true, value);
    buf_free(&document);
    buf_free(&json);
    return err == ERR_OK ? ERR_OK : ERR_SYNTAX;
}

static enum err get_text(char letter, struct str bytes, struct arena *arena, struct value *value)
{
    switch (letter) {
    case 's':
        *value = value_string(arena_str(arena, bytes)); /* UTF-8 or not, as it was found */
        return ERR_OK;
    case 'c':
        *value = value_decimal(arena_str(arena, bytes));
        return bytes.len <= DECIMAL_TEXT_MAX + 8 && str_is_utf8(bytes) ? ERR_OK : ERR_SYNTAX;
    case 'x': *value = value_bytes(arena_str(arena, bytes)); return ERR_OK;
    case 'r': return get_raw(bytes, arena, value);
    case '0': *value = value_null(); return bytes.len == 0 ? ERR_OK : ERR_SYNTAX;
    case '-': *value = (struct value){.type = VALUE_NONE}; return ERR_OK;
    default: return ERR_SYNTAX;
    }
}

static enum err get_fixed(char letter, struct str bytes, struct value *value)
{
    uint64_t bits = bytes.len == 8 ? le_get(bytes.ptr, 8) : 0;

    if (letter == 'o' && bytes.len == OID_SIZE) {
        value->type = VALUE_OID;
        memcpy(value->oid.bytes, bytes.ptr, OID_SIZE);
        return ERR_OK;
    }
    if (letter == 'u' && bytes.len == UUID_SIZE) {
        value->type = VALUE_UUID;
        memcpy(value->uuid, bytes.ptr, UUID_SIZE);
        return ERR_OK;
    }
    if (bytes.len != 8)
        return ERR_SYNTAX;
    switch (letter) {
    case 'b': *value = value_bool(bits != 0); return ERR_OK;
    case 'i': *value = value_int((int64_t)bits); return ERR_OK;
    case 't': *value = value_date((int64_t)bits); return ERR_OK;
    case 'd':
        value->type = VALUE_DOUBLE;
        memcpy(&value->number, &bits, sizeof bits);
        return ERR_OK;
    default: return ERR_SYNTAX;
    }
}

/* Takes one off the head of *rest. */
static enum err take_value(struct str *rest, struct arena *arena, struct value *value)
{
    struct str bytes;
    char letter;
    size_t len;

    if (rest->len < HEAD_SIZE)
        return ERR_SYNTAX;
    letter = rest->ptr[0];
    len = (size_t)le_get(rest->ptr + 1, 2);
    bytes = str_from_offset(*rest, HEAD_SIZE);
    if (bytes.len < len)
        return ERR_SYNTAX;
    *rest = str_from_offset(bytes, len);
    bytes.len = len;
    return memchr("oubitd", letter, 6) != NULL ? get_fixed(letter, bytes, value)
                                               : get_text(letter, bytes, arena, value);
}

/* --- The whole --- */

static size_t size_of(const struct value *value)
{
    char room[8];

    return bytes_of(value, room).len;
}

void cursor_encode(const struct keyset *keyset, struct str asked, struct buf *out)
{
    static const struct value none = {.type = VALUE_NONE};
    struct buf bytes = BUF_INIT(BYTES_MAX);
    char *to;

    buf_char(&bytes, FORMAT);
    buf_le(&bytes, hash64(asked.ptr, asked.len), 8);
    put_value(&bytes, &keyset->id);
    put_value(&bytes, size_of(&keyset->value) <= VALUE_MAX ? &keyset->value : &none);
    buf_le(&bytes, hash64(bytes.ptr, bytes.len), CHECK_SIZE);
    to = bytes.err == ERR_OK ? buf_reserve(out, BASE64_SIZE(bytes.len)) : NULL;
    if (to != NULL) {
        base64url_encode(bytes.ptr, bytes.len, to);
        buf_commit(out, BASE64_SIZE(bytes.len));
    }
    buf_free(&bytes);
}

enum err cursor_decode(struct str text, struct str asked, struct arena *arena,
                       struct keyset *keyset)
{
    char *to = arena_alloc(arena, text.len);
    struct str bytes = {to, 0}, rest;
    size_t end;

    if (base64url_decode(text, to, &bytes.len) != ERR_OK || bytes.len < ID_AT + CHECK_SIZE ||
        bytes.ptr[0] != FORMAT)
        return ERR_SYNTAX;
    end = bytes.len - CHECK_SIZE;
    if (le_get(bytes.ptr + end, CHECK_SIZE) != (hash64(bytes.ptr, end) & UINT32_MAX))
        return ERR_SYNTAX;
    if (le_get(bytes.ptr + ASKED_AT, 8) != hash64(asked.ptr, asked.len))
        return ERR_INVALID;
    rest = str_make(bytes.ptr + ID_AT, end - ID_AT);
    if (take_value(&rest, arena, &keyset->id) != ERR_OK ||
        take_value(&rest, arena, &keyset->value) != ERR_OK || rest.len > 0 ||
        keyset->id.type == VALUE_NONE)
        return ERR_SYNTAX;
    return ERR_OK;
}
