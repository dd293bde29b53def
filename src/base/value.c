/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/value.h"

#include "store/driver.h"

struct oid oid_new(void)
{
    struct oid oid;
    bson_oid_t made;

    bson_oid_init(&made, NULL);
    memcpy(oid.bytes, made.bytes, sizeof oid.bytes);
    return oid;
}

enum err oid_parse(struct str text, struct oid *oid)
{
    return hex_decode(text, oid->bytes, sizeof oid->bytes);
}

void oid_text(const struct oid *oid, char text[static OID_HEX_SIZE])
{
    hex_encode(oid->bytes, sizeof oid->bytes, text);
}
