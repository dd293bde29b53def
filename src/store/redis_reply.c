/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/redis_link.h"

#include "base/idiom.h"

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

struct str redis_words(struct str text)
{
    static const struct str repeated = STR_INIT(", with args beginning with");
    size_t at = 0;

    while (at < text.len && !str_starts(str_from_offset(text, at), repeated))
        at++;
    text.len = at;
    return text;
}

struct code {
    struct str prefix;
    enum err err;
};
static const struct code codes[] = {
    {STR_INIT("OOM "), ERR_READ_ONLY},         {STR_INIT("READONLY "), ERR_READ_ONLY},
    {STR_INIT("MISCONF "), ERR_READ_ONLY},     {STR_INIT("NOREPLICAS "), ERR_READ_ONLY},
    {STR_INIT("LOADING "), ERR_UNAVAILABLE},   {STR_INIT("BUSY "), ERR_UNAVAILABLE},
    {STR_INIT("MASTERDOWN"), ERR_UNAVAILABLE}, {STR_INIT("NOSCRIPT"), ERR_NOT_FOUND},
    {STR_INIT("NOPERM "), ERR_DENIED},         {STR_INIT("NOAUTH "), ERR_DENIED},
    {STR_INIT("WRONGPASS "), ERR_DENIED},
};

enum err redis_error(struct str text)
{
    /* Redis 6 wraps what a script met: "ERR Error running script (call to f_…): @user_script:1:
     * -OOM command not allowed …". */
    if (str_starts(text, STR("ERR Error running script"))) {
        size_t at = 0;
        while (at + 1 < text.len && !(text.ptr[at] == ' ' && text.ptr[at + 1] == '-'))
            at++;
        text = str_from_offset(text, at + 2);
    }
    for (size_t i = 0; i < COUNT(codes); i++)
        if (str_starts(text, codes[i].prefix))
            return codes[i].err;
    return ERR_PROTOCOL;
}
