/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/method.h"

#include "base/idiom.h"

static const struct {
    enum method method;
    struct str name;
} methods[] = {
    {METHOD_GET, STR_INIT("GET")},         {METHOD_HEAD, STR_INIT("HEAD")},
    {METHOD_POST, STR_INIT("POST")},       {METHOD_PUT, STR_INIT("PUT")},
    {METHOD_PATCH, STR_INIT("PATCH")},     {METHOD_DELETE, STR_INIT("DELETE")},
    {METHOD_OPTIONS, STR_INIT("OPTIONS")},
};

static const struct {
    unsigned status;
    struct str phrase;
} phrases[] = {
    {200, STR_INIT("OK")},
    {201, STR_INIT("Created")},
    {204, STR_INIT("No Content")},
    {207, STR_INIT("Multi-Status")},
    {304, STR_INIT("Not Modified")},
    {400, STR_INIT("Bad Request")},
    {401, STR_INIT("Unauthorized")},
    {403, STR_INIT("Forbidden")},
    {404, STR_INIT("Not Found")},
    {405, STR_INIT("Method Not Allowed")},
    {409, STR_INIT("Conflict")},
    {410, STR_INIT("Gone")},
    {411, STR_INIT("Length Required")},
    {412, STR_INIT("Precondition Failed")},
    {413, STR_INIT("Content Too Large")},
    {415, STR_INIT("Unsupported Media Type")},
    {422, STR_INIT("Unprocessable Content")},
    {429, STR_INIT("Too Many Requests")},
    {431, STR_INIT("Request Header Fields Too Large")},
    {500, STR_INIT("Internal Server Error")},
    {503, STR_INIT("Service Unavailable")},
};

enum method method_parse(struct str name)
{
    for (size_t i = 0; i < COUNT(methods); i++)
        if (str_eq(methods[i].name, name))
            return methods[i].method;
    return METHOD_NONE;
}

struct str method_name(enum method method)
{
    for (size_t i = 0; i < COUNT(methods); i++)
        if (methods[i].method == method)
            return methods[i].name;
    return STR("");
}

struct str status_phrase(unsigned status)
{
    for (size_t i = 0; i < COUNT(phrases); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return STR("Unknown");
}
