/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include "base/idiom.h"
#include "base/mem.h"

enum {
    HOST_MAX = 255,
    SECRET_MAX = 512,
    PATH_MAX_LEN = sizeof(((struct sockaddr_un *)0)->sun_path)
};

struct scheme {
    struct str name;
    bool tls, path;
};
static const struct scheme schemes[] = {
    {STR_INIT("redis://"), false, false},       {STR_INIT("rediss://"), true, false},
    {STR_INIT("valkey://"), false, false},      {STR_INIT("valkeys://"), true, false},
    {STR_INIT("unix://"), false, true},         {STR_INIT("redis+unix://"), false, true},
    {STR_INIT("redis-socket://"), false, true},
};

static const struct scheme *find_scheme(struct str text)
{
    for (size_t i = 0; i < COUNT(schemes); i++)
        if (text.len >= schemes[i].name.len &&
            str_eq_nocase(str_make(text.ptr, schemes[i].name.len), schemes[i].name))
            return &schemes[i];
    return NULL;
}

/* Percent-decodes into memory of its own; NULL when malformed, with a NUL, empty or too long. */
static char *decode(struct str text, size_t max)
{
    char *to = mem_zalloc(text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            if (text.len - i < 3 || hex_decode(str_make(text.ptr + i + 1, 2), &c, 1) != ERR_OK)
                goto bad;
            i += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f)
            goto bad;
        to[len++] = c;
    }
    if (len > 0 && len <= max)
        return to;
bad:
    mem_wipe(to, text.len + 1);
    free(to);
    return NULL;
}

/* The last '@' ends the user's part, so that an unescaped one in a password does no harm. */
static enum err parse_user(struct str *rest, struct redis_url *url, const char **why)
{
    size_t end = rest->len, colon;
    struct str part;

    while (end > 0 && rest->ptr[end - 1] != '@')
        end--;
    if (end == 0)
        return ERR_OK;
    part = str_make(rest->ptr, end - 1);
    *rest = str_from_offset(*rest, end);
    colon = str_find(part, ':');
    if (colon > 0 && (url->user = decode(str_make(part.ptr, colon), SECRET_MAX)) == NULL) {
        *why = "the user is not valid";
        return ERR_SYNTAX;
    }
    part = str_from_offset(part, colon + 1);
    if (part.len > 0 && (url->password = decode(part, SECRET_MAX)) == NULL) {
        *why = "the password is not valid (percent-encode special characters)";
        return ERR_SYNTAX;
    }
    if (url->user != NULL && url->password == NULL) {
        *why = "a user needs a password (a password alone stands behind a colon: "
               "redis://:password@host)";
        return ERR_SYNTAX;
    }
    return ERR_OK;
}

static enum err parse_db(struct str text, struct redis_url *url, const char **why)
{
    uint64_t db = 0;
    enum err err = text.len == 0 ? ERR_OK : str_uint(text, 0, REDIS_URL_DB_MAX, &db);

    if (err != ERR_OK)
        *why = "the database, behind the slash, must be a number from 0 to 15";
    url->db = (uint8_t)db;
    return err;
}

static enum err parse_port(struct str text, struct redis_url *url, const char **why)
{
    uint64_t port = REDIS_URL_PORT;
    enum err err = text.len == 0 ? ERR_OK : str_uint(text, 1, 65535, &port);

    if (err != ERR_OK)
        *why = "the port must be a number from 1 to 65535";
    url->port = (uint16_t)port;
    return err;
}

static bool is_host(const char *host)
{
    for (; *host != '\0'; host++)
        if (strchr("/?#[]@ \\", *host) != NULL)
            return false;
    return true;
}

static enum err parse_host(struct str text, struct redis_url *url, const char **why)
{
    struct str host = text, port = {NULL, 0};
    size_t end;

    if (text.len > 0 && text.ptr[0] == '[') {
        end = str_find(text, ']');
        host = str_make(text.ptr + 1, end > 0 ? end - 1 : 0);
        port = str_from_offset(text, end + 1);
        if (end == text.len || (port.len > 0 && port.ptr[0] != ':')) {
            *why = "an IPv6 address stands in brackets: [::1]:6379";
            return ERR_SYNTAX;
        }
        port = str_from_offset(port, 1);
    } else {
        end = str_find(text, ':');
        host.len = end;
        port = str_from_offset(text, end + 1);
    }
    url->host = host.len == 0 ? mem_strdup("127.0.0.1") : decode(host, HOST_MAX);
    if (url->host == NULL || !is_host(url->host)) {
        *why = "the host is not valid";
        return ERR_SYNTAX;
    }
    return parse_port(port, url, why);
}

/* What other clients take here, by its name. */
static enum err refuse_foreign(struct str rest, const char **why)
{
    if (str_find(rest, ',') < str_find(rest, '/'))
        *why = "this is a list: give one server (neither Sentinel nor Cluster is supported; name "
               "the primary)";
    else if (str_find(rest, '?') < rest.len)
        *why = "there must be no query (behind the question mark): the database stands behind the "
               "slash, redis://host:6379/0, and there are no options";
    else
        return ERR_OK;
    return ERR_SYNTAX;
}

static enum err parse_network(struct str rest, struct redis_url *url, const char **why)
{
    size_t slash = str_find(rest, '/');
    enum err err = refuse_foreign(rest, why);

    if (err == ERR_OK)
        err = parse_host(str_make(rest.ptr, slash), url, why);
    if (err == ERR_OK)
        err = parse_db(str_from_offset(rest, slash + 1), url, why);
    return err;
}

static enum err parse_path(struct str rest, struct redis_url *url, const char **why)
{
    size_t query = str_find(rest, '?');
    struct str option = str_from_offset(rest, query + 1);

    if (rest.len == 0 || rest.ptr[0] != '/' || str_find(rest, '#') < rest.len ||
        (url->path = decode(str_make(rest.ptr, query), PATH_MAX_LEN - 1)) == NULL) {
        *why = "the socket must be an absolute path of at most 107 bytes (percent-encode special "
               "characters)";
        return ERR_SYNTAX;
    }
    if (option.len == 0)
        return ERR_OK;
    if (!str_starts(option, STR("db="))) {
        *why = "the only option is db: unix:///run/redis.sock?db=0";
        return ERR_SYNTAX;
    }
    return parse_db(str_from_offset(option, 3), url, why);
}

enum err redis_url_parse(struct str text, struct redis_url *url, const char **why)
{
    const struct scheme *scheme = find_scheme(text);
    struct redis_url parsed = {.port = REDIS_URL_PORT};
    struct str rest;
    enum err err;

    if (text.len > REDIS_URL_MAX) {
        *why = "the URL is longer than 1024 bytes";
        return ERR_TOO_LARGE;
    }
    if (scheme == NULL) {
        *why = "the URL must begin with redis://, rediss://, valkey://, valkeys:// or unix://";
        return ERR_SYNTAX;
    }
#ifndef HAVE_HIREDIS_SSL
    if (scheme->tls) {
        *why = "TLS (rediss://, valkeys://) needs a build with hiredis_ssl (hiredis 1.0 or newer)";
        return ERR_UNSUPPORTED;
    }
#endif
    parsed.tls = scheme->tls;
    rest = str_from_offset(text, scheme->name.len);
    err = parse_user(&rest, &parsed, why);
    if (err == ERR_OK)
        err = scheme->path ? parse_path(rest, &parsed, why) : parse_network(rest, &parsed, why);
    if (err != ERR_OK)
        redis_url_free(&parsed);
    else
        *url = parsed;
    return err;
}

void redis_url_free(struct redis_url *url)
{
    if (url->password != NULL)
        mem_wipe(url->password, strlen(url->password));
    free(url->password);
    free(url->user);
    free(url->host);
    free(url->path);
    *url = (struct redis_url){0};
}

static char *copy(const char *text)
{
    return text != NULL ? mem_strdup(text) : NULL;
}

void redis_url_copy(struct redis_url *to, const struct redis_url *from)
{
    *to = *from;
    to->user = copy(from->user);
    to->password = copy(from->password);
    to->host = copy(from->host);
    to->path = copy(from->path);
}

bool redis_url_is_address(const char *host)
{
    struct in6_addr address;

    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

void redis_url_name(const struct redis_url *url, char *text, size_t size)
{
    bool ipv6 = url->host != NULL && strchr(url->host, ':') != NULL;

    if (url->path != NULL)
        snprintf(text, size, "unix:%s/%u", url->path, url->db);
    else
        snprintf(text, size, "%s%s%s:%u/%u", ipv6 ? "[" : "", url->host, ipv6 ? "]" : "",
                 (unsigned)url->port, (unsigned)url->db);
}
