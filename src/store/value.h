/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_STORE_VALUE_H
#define LARDER_STORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Values that go into MongoDB and come from it, with their types; nothing of the driver's. */

enum { OID_SIZE = 12, OID_HEX_SIZE = 24 };
struct oid {
    unsigned char bytes[OID_SIZE];
};

enum value_type {
    VALUE_NONE, /* absent; never sent */
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_DOUBLE,
    VALUE_STRING,
    VALUE_BYTES,
    VALUE_DATE, /* milliseconds since 1970 */
    VALUE_OID,
    VALUE_STRINGS, /* an array of strings */
    VALUE_LIST,    /* an array of values, for OP_IN */
};

struct value {
    enum value_type type;
    union {
        bool boolean;
        int64_t integer; /* also the date */
        double number;
        struct str string; /* also the bytes */
        struct oid oid;
        struct {
            const struct str *items;
            size_t count;
        } strings;
        struct {
            const struct value *items;
            size_t count;
        } list;
    };
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
static inline struct value value_strings(const struct str *items, size_t count)
{
    return (struct value){.type = VALUE_STRINGS, .strings = {items, count}};
}
static inline struct value value_list(const struct value *items, size_t count)
{
    return (struct value){.type = VALUE_LIST, .list = {items, count}};
}

/* A new id (time, process, counter); from any thread. */
struct oid oid_new(void);
/* 24 hex digits of either case; ERR_SYNTAX otherwise. */
enum err oid_parse(struct str text, struct oid *oid);
/* 24 lower-case hex digits, no NUL. */
void oid_text(const struct oid *oid, char text[static OID_HEX_SIZE]);

#endif
