/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_error.h"

#include "base/idiom.h"

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

/* Redis 6 says first where in a script it was: "ERR Error running script (call to f_...):
 * @user_script:1: @user_script: 1: -OOM command not allowed"; what pcall() caught begins at the
 * second
 * "@user_script". */
static bool redis_error_is_wrapped(struct str text)
{
    return str_starts(text, STR("ERR Error running script")) ||
           str_starts(text, STR("@user_script: "));
}

enum err redis_error(struct str text)
{
    if (redis_error_is_wrapped(text)) {
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
