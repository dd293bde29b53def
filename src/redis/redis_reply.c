/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_reply.h"

#include "base/idiom.h"
#include "redis/redis_library.h"

static const redisReply *reply_of(const struct redis_value *value)
{
    return (const redisReply *)(const void *)value;
}

enum redis_type redis_type(const struct redis_value *value)
{
    static const enum redis_type types[] = {
        [REDIS_REPLY_STRING] = REDIS_STRING,   [REDIS_REPLY_ARRAY] = REDIS_ARRAY,
        [REDIS_REPLY_INTEGER] = REDIS_INTEGER, [REDIS_REPLY_NIL] = REDIS_NIL,
        [REDIS_REPLY_STATUS] = REDIS_STATUS,   [REDIS_REPLY_ERROR] = REDIS_ERROR,
    };
    int type;

    if (value == NULL)
        return REDIS_NIL;
    type = reply_of(value)->type;
    return type > 0 && (size_t)type < COUNT(types) ? types[type] : REDIS_OTHER;
}

struct str redis_str(const struct redis_value *value)
{
    enum redis_type type = redis_type(value);

    if (type != REDIS_STRING && type != REDIS_STATUS && type != REDIS_ERROR)
        return (struct str){NULL, 0};
    return str_make(reply_of(value)->str, (size_t)reply_of(value)->len);
}

int64_t redis_int(const struct redis_value *value)
{
    return redis_type(value) == REDIS_INTEGER ? reply_of(value)->integer : 0;
}

size_t redis_count(const struct redis_value *value)
{
    return redis_type(value) == REDIS_ARRAY ? reply_of(value)->elements : 0;
}

const struct redis_value *redis_item(const struct redis_value *value, size_t i)
{
    if (i >= redis_count(value))
        return NULL;
    return (const struct redis_value *)(const void *)reply_of(value)->element[i];
}
