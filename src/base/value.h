/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_VALUE_H
#define LARDER_BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Typed values for MongoDB, independent of its driver.  All pointers in a value are borrowed. */

enum { OID_SIZE = 12, OID_HEX_SIZE = 24, UUID_SIZE = 16, UUID_TEXT_SIZE = 36 };
struct oid {
    unsigned char bytes[OID_SIZE];
};

enum value_type {
    VALUE_NONE, /* absent; never sent */
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT, /* int32 where it fits, else int64 */
    VALUE_DOUBLE,
    VALUE_DECIMAL, /* Decimal128, as text: -?digits[.digits], or as libbson writes it */
    VALUE_STRING,
    VALUE_BYTES, /* binary of subtype 0 */
    VALUE_UUID,  /* binary of subtype 4 and 16 bytes */
    VALUE_DATE,  /* milliseconds since 1970 */
    VALUE_OID,
    VALUE_LIST,   /* an array */
    VALUE_OBJECT, /* an embedded document */
    VALUE_RAW,    /* any other: its type and bytes as BSON has them */
};

struct member;

struct value {
    enum value_type type;
    union {
        bool boolean;
        int64_t integer; /* also the date */
        double number;
        struct str string; /* also the bytes, and the text of a decimal */
        struct oid oid;
        unsigned char uuid[UUID_SIZE];
        struct {
            const struct value *items;
            size_t count;
        } list;
        struct {
            const struct member *members;
            size_t count;
        } object;
        struct {
            struct str bytes;   /* what follows the name in BSON */
            unsigned char kind; /* of BSON: 0x0b is a regular expression */
        } raw;
    };
};

struct member {
    struct str name;
    struct value value;
};

static inline struct value value_null(void)
{
    return (struct value){.type = VALUE_NULL};
}
static inline struct value value_bool(bool boolean)
{
    return (struct value){.type = VALUE_BOOL, .boolean = boolean};
}
static inline struct value value_int(int64_t integer)
{
    return (struct value){.type = VALUE_INT, .integer = integer};
}
static inline struct value value_double(double number)
{
    return (struct value){.type = VALUE_DOUBLE, .number = number};
}
static inline struct value value_decimal(struct str text)
{
    return (struct value){.type = VALUE_DECIMAL, .string = text};
}
static inline struct value value_string(struct str string)
{
    return (struct value){.type = VALUE_STRING, .string = string};
}
static inline struct value value_bytes(struct str bytes)
{
    return (struct value){.type = VALUE_BYTES, .string = bytes};
}
static inline struct value value_date(int64_t wall_ms)
{
    return (struct value){.type = VALUE_DATE, .integer = wall_ms};
}
static inline struct value value_oid(struct oid oid)
{
    return (struct value){.type = VALUE_OID, .oid = oid};
}
static inline struct value value_list(const struct value *items, size_t count)
{
    return (struct value){.type = VALUE_LIST, .list = {items, count}};
}
static inline struct value value_object(const struct member *members, size_t count)
{
    return (struct value){.type = VALUE_OBJECT, .object = {members, count}};
}

/* A new id (time, process, counter; https://www.mongodb.com/docs/manual/reference/bson-types); from
 * any thread. */
struct oid oid_new(void);
/* 24 hex digits of either case; ERR_SYNTAX otherwise. */
enum err oid_parse(struct str text, struct oid *oid);
/* 24 lower-case hex digits, no NUL. */
void oid_text(const struct oid *oid, char text[static OID_HEX_SIZE]);

/* 8-4-4-4-12 hex digits of either case (RFC 9562 section 4); ERR_SYNTAX otherwise. */
enum err uuid_parse(struct str text, unsigned char uuid[static UUID_SIZE]);
/* Lower case, no NUL. */
void uuid_text(const unsigned char uuid[static UUID_SIZE], char text[static UUID_TEXT_SIZE]);
/* Makes a random UUID (version 4). */
void uuid_new(unsigned char uuid[static UUID_SIZE]);

/* -?digits[.digits] of at most DECIMAL_DIGITS_MAX digits; ERR_SYNTAX otherwise. */
enum { DECIMAL_DIGITS_MAX = 34, DECIMAL_TEXT_MAX = DECIMAL_DIGITS_MAX + 3 };
enum err decimal_check(struct str text);

#endif
