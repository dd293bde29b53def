/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/config.h"
#include "base/idiom.h"

/* A part is shown only where it has the form that it should have: what is in a wrong place may be a
 * password. */

static const char mask[] = "***";

static bool is_word(struct str s, const char *more)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!word && (c == '\0' || strchr(more, c) == NULL))
            return false;
    }
    return true;
}

static bool is_decimal(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

static bool is_address(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\0' || strchr("0123456789abcdefABCDEF:.", s.ptr[i]) == NULL)
            return false;
    return true;
}

/* "name", "name:port", "[address]" or "[address]:port", the port of digits alone. */
static bool is_host(struct str host)
{
    bool bracket = host.len > 0 && host.ptr[0] == '[';
    size_t end = str_find(host, bracket ? ']' : ':');
    struct str name = str_make(host.ptr, end), port = str_from_offset(host, end);

    if (bracket && (end == host.len || !is_address(str_from_offset(name, 1))))
        return false;
    port = str_from_offset(port, bracket);
    return (bracket || is_word(name, "._-")) &&
           (port.len == 0 || (port.ptr[0] == ':' && is_decimal(str_from_offset(port, 1))));
}

static bool are_hosts(struct str hosts)
{
    struct str host;

    while (str_split(&hosts, ',', &host))
        if (!is_host(host))
            return false;
    return true;
}

/* Takes off what precedes the first of these bytes. */
static struct str take_until(struct str *rest, const char *ends)
{
    struct str part = *rest;
    size_t len = 0;

    while (len < rest->len && (rest->ptr[len] == '\0' || strchr(ends, rest->ptr[len]) == NULL))
        len++;
    part.len = len;
    *rest = str_from_offset(*rest, len);
    return part;
}

/* A name without a password may itself be meant as one.  Everything up to the last @ belongs here:
 * it may be of a password that was not percent-encoded. */
static void mask_user(struct str *rest, struct buf *out)
{
    size_t at = rest->len, colon;
    struct str part;

    while (at > 0 && rest->ptr[at - 1] != '@')
        at--;
    if (at == 0)
        return;
    part = str_make(rest->ptr, at - 1);
    colon = str_find(part, ':');
    if (colon + 1 < part.len) {
        buf_append(out, part.ptr, colon);
        buf_char(out, ':');
    }
    buf_str(out, str_from(mask));
    buf_char(out, '@');
    *rest = str_from_offset(*rest, at);
}

/* The number of a database in Redis; a socket's path, the name of a database in MongoDB. */
static bool may_show_path(struct str scheme, struct str hosts, struct str path)
{
    static const struct str named[] = {STR_INIT("unix"), STR_INIT("redis+unix"),
                                       STR_INIT("redis-socket"), STR_INIT("mongodb"),
                                       STR_INIT("mongodb+srv")};

    for (size_t i = 0; i < COUNT(named); i++)
        if (str_eq_nocase(scheme, named[i]))
            return is_word(path, "/._-%") &&
                   (hosts.len == 0 || str_starts(named[i], STR("mongodb")));
    return is_decimal(str_from_offset(path, 1));
}

void config_mask_url(struct str url, struct buf *out)
{
    struct str scheme = str_make(url.ptr, str_find(url, ':')), hosts, path;
    struct str rest = str_from_offset(url, scheme.len);

    if (!is_word(scheme, "+-") || !str_starts(rest, STR("://"))) {
        buf_str(out, str_from(mask));
        return;
    }
    buf_append(out, url.ptr, scheme.len + 3);
    rest = str_from_offset(rest, 3);
    mask_user(&rest, out);
    hosts = take_until(&rest, "/?#");
    path = take_until(&rest, "?#");
    if (!are_hosts(hosts)) {
        buf_str(out, str_from(mask));
        return;
    }
    buf_str(out, hosts);
    buf_str(out, may_show_path(scheme, hosts, path) ? path : STR("/***"));
    if (rest.len > 0) {
        buf_char(out, rest.ptr[0]);
        buf_str(out, str_from(mask));
    }
}
