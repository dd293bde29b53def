/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/mongo_uri.h"

#include <string.h>

#include "base/idiom.h"
#include "base/log.h"
#include "base/str.h"
#include "mongo/mongo_common.h"

enum { WTIMEOUT_MS = 3000 };

static const struct {
    const char *option;
    int32_t ms;
} times[] = {
    {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 2000},
    {MONGOC_URI_CONNECTTIMEOUTMS, 1000},
    {MONGOC_URI_SOCKETTIMEOUTMS, 5000},
    {MONGOC_URI_WAITQUEUETIMEOUTMS, 2000},
};

static const char *const insecure[] = {
    MONGOC_URI_TLSALLOWINVALIDCERTIFICATES,
    MONGOC_URI_TLSALLOWINVALIDHOSTNAMES,
    MONGOC_URI_TLSINSECURE,
};

/* A write that fewer have is acknowledged before a read by majority sees it: what is read then
 * would be kept as if it were newer. */
static void set_concerns(mongoc_uri_t *uri)
{
    int32_t given = mongoc_uri_get_option_as_int32(uri, MONGOC_URI_WTIMEOUTMS, 0);
    mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
    mongoc_write_concern_t *written = mongoc_write_concern_new();

    mongoc_uri_set_read_prefs_t(uri, primary);
    mongoc_read_prefs_destroy(primary);
    mongoc_write_concern_set_wmajority(written, given > 0 ? given : WTIMEOUT_MS);
    mongoc_uri_set_write_concern(uri, written);
    mongoc_write_concern_destroy(written);
    if (!mongoc_uri_has_option(uri, MONGOC_URI_READCONCERNLEVEL)) {
        mongoc_read_concern_t *majority = mongoc_read_concern_new();
        mongoc_read_concern_set_level(majority, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
        mongoc_uri_set_read_concern(uri, majority);
        mongoc_read_concern_destroy(majority);
    }
}

/* The driver's own words, and its messages while it reads a URI, may hold a password. */
static mongoc_uri_t *read_uri(const char *text)
{
    bson_error_t error;
    mongoc_uri_t *uri;

    driver_silence(true);
    uri = mongoc_uri_new_with_error(text, &error);
    driver_silence(false);
    return uri;
}

static bool is_option(const mongoc_uri_t *uri, const char *name)
{
    return mongoc_uri_option_is_int32(name) || mongoc_uri_option_is_int64(name) ||
           mongoc_uri_option_is_bool(name) || mongoc_uri_option_is_utf8(name) ||
           mongoc_uri_has_option(uri, name);
}

/* A word of letters, which is all that an option's name ever is. */
static bool is_word(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((name.ptr[i] < 'a' || name.ptr[i] > 'z') && (name.ptr[i] < 'A' || name.ptr[i] > 'Z'))
            return false;
    return name.len > 0;
}

/* What the driver passes over is mostly a slip of the pen, and worth a line. */
static void warn_unknown(const mongoc_uri_t *uri, struct str text)
{
    static const char *const others[] = {"authmechanismproperties",
                                         "authsource",
                                         "authmechanism",
                                         "readpreference",
                                         "readpreferencetags",
                                         "compressors",
                                         "w",
                                         "ssl",
                                         "tls",
                                         "journal",
                                         "gssapiservicename"};
    struct str rest = text, option;
    size_t at = text.len;
    char name[64];

    while (at > 0 && text.ptr[at - 1] != '@') /* a password may hold a question mark */
        at--;
    rest = str_from_offset(text, at);
    rest = str_from_offset(rest, str_find(rest, '?') + 1);
    while (rest.len > 0 && str_split(&rest, '&', &option)) {
        size_t i = 0, len = str_find(option, '=');
        if (len >= sizeof name || !is_word(str_make(option.ptr, len)))
            continue;
        memcpy(name, option.ptr, len);
        name[len] = '\0';
        while (i < COUNT(others) && !str_eq_nocase(str_from(name), str_from(others[i])))
            i++;
        if (i == COUNT(others) && !is_option(uri, name))
            log_warn("mongo", "an option of MONGODB_URI is not known", LOG_CSTR("option", name));
    }
}

enum err mongo_uri_parse(const char *text, mongoc_uri_t **out, const char **why)
{
    mongoc_uri_t *uri = NULL;

    if (strnlen(text, MONGO_URI_MAX + 1) <= MONGO_URI_MAX)
        uri = read_uri(text);
    if (uri == NULL) {
        *why = "not a MongoDB URI (mongodb://user:password@host:port/database?options; percent-"
               "encode special characters)";
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < COUNT(insecure); i++) {
        if (mongoc_uri_get_option_as_bool(uri, insecure[i], false)) {
            *why = "certificates must be verified: take tlsInsecure and tlsAllowInvalid… out and "
                   "name your authority by tlsCAFile";
            mongoc_uri_destroy(uri);
            return ERR_UNSUPPORTED;
        }
    }
    warn_unknown(uri, str_from(text));
    for (size_t i = 0; i < COUNT(times); i++)
        if (!mongoc_uri_has_option(uri, times[i].option))
            mongoc_uri_set_option_as_int32(uri, times[i].option, times[i].ms);
    set_concerns(uri);
    mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
    mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false);
    if (!mongoc_uri_has_option(uri, MONGOC_URI_APPNAME))
        mongoc_uri_set_appname(uri, "larder");
    *out = uri;
    return ERR_OK;
}
