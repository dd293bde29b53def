/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_REDIS_REDIS_URL_H
#define LARDER_REDIS_REDIS_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Where Redis is and how to sign in there. */
enum { REDIS_URL_MAX = 1024, REDIS_URL_PORT = 6379, REDIS_URL_DB_MAX = 15 };

struct redis_url {
    char *user;     /* NULL: none */
    char *password; /* NULL: none */
    char *host;     /* name or address, an IPv6 one without its brackets; NULL with a path */
    char *path;     /* of a Unix socket; NULL with a host */
    uint16_t port;
    uint8_t db;
    bool tls;
};

/* redis://[[user]:password@][host][:port][/db], the same with rediss:// (TLS), valkey:// and
 * valkeys:// (TLS), and unix://[[user]:password@]/path[?db=n], also spelled redis+unix or
 * redis-socket; the scheme in any case.
 * "redis://:secret@" is a password alone.  User, password, path are percent-decoded.  On success
 * *url is the caller's, for redis_url_free.  ERR_SYNTAX, ERR_RANGE (port, db), ERR_TOO_LARGE, or
 * ERR_UNSUPPORTED for TLS where the build has none; *why is then a static text that holds nothing
 * of the URL. */
enum err redis_url_parse(struct str text, struct redis_url *url, const char **why);
/* Wipes the password; a zeroed struct is allowed. */
void redis_url_free(struct redis_url *url);
/* A deep copy, to be freed of its own. */
void redis_url_copy(struct redis_url *to, const struct redis_url *from);
/* Whether the host is an address already, and no name to be looked up. */
bool redis_url_is_address(const char *host);
/* "host:port/db" or "unix:/path/db" for logs, cut to size, always terminated; never a secret. */
void redis_url_name(const struct redis_url *url, char *text, size_t size);

#endif
