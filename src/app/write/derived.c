/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/derived.h"

#include "base/hash.h"
#include "base/le.h"

enum { INTEGER_BITS = 53 }; /* that every client reads exactly */

/* A UUID of version 8 (RFC 9562 section 5.8). */
static struct value derived_uuid(const unsigned char digest[static SHA256_SIZE])
{
    struct value value = {.type = VALUE_UUID};

    memcpy(value.uuid, digest, UUID_SIZE);
    value.uuid[6] = (unsigned char)((value.uuid[6] & 0x0f) | 0x80);
    value.uuid[8] = (unsigned char)((value.uuid[8] & 0x3f) | 0x80);
    return value;
}

struct value derived_id(enum id_type type, const struct oid *oid, char room[static ID_TEXT_MAX])
{
    unsigned char digest[SHA256_SIZE];

    switch (type) {
    case ID_OBJECTID: return value_oid(*oid);
    case ID_STRING: oid_text(oid, room); return value_string(str_make(room, OID_HEX_SIZE));
    case ID_INTEGER:
    case ID_UUID: break;
    }
    sha256(str_make((const char *)oid->bytes, OID_SIZE), digest);
    return type == ID_UUID ? derived_uuid(digest)
                           : value_int((int64_t)(le_get(digest, 8) >> (64 - INTEGER_BITS)));
}
