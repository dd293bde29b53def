/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/idiom.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/driver.h"

/* read: what it means for a question; write: for an order, which may have been carried out.
 * Names and numbers: https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml */
struct code {
    uint32_t code;
    enum err read, write;
};
static const struct code codes[] = {
    {6, ERR_UNAVAILABLE, ERR_UNKNOWN},         /* HostUnreachable, as mongos tells it */
    {7, ERR_UNAVAILABLE, ERR_UNKNOWN},         /* HostNotFound */
    {13, ERR_DENIED, ERR_DENIED},              /* Unauthorized */
    {18, ERR_DENIED, ERR_DENIED},              /* AuthenticationFailed */
    {50, ERR_TIMEOUT, ERR_UNKNOWN},            /* MaxTimeMSExpired */
    {64, ERR_UNAVAILABLE, ERR_UNKNOWN},        /* WriteConcernFailed */
    {89, ERR_UNAVAILABLE, ERR_UNKNOWN},        /* NetworkTimeout */
    {91, ERR_UNAVAILABLE, ERR_UNKNOWN},        /* ShutdownInProgress */
    {100, ERR_UNAVAILABLE, ERR_UNKNOWN},       /* UnsatisfiableWriteConcern */
    {112, ERR_CONFLICT, ERR_CONFLICT},         /* WriteConflict */
    {189, ERR_UNAVAILABLE, ERR_UNKNOWN},       /* PrimarySteppedDown */
    {262, ERR_TIMEOUT, ERR_UNKNOWN},           /* ExceededTimeLimit */
    {8000, ERR_DENIED, ERR_DENIED},            /* Atlas: authentication */
    {9001, ERR_UNAVAILABLE, ERR_UNKNOWN},      /* SocketException */
    {10107, ERR_UNAVAILABLE, ERR_UNAVAILABLE}, /* NotWritablePrimary */
    {11000, ERR_EXISTS, ERR_EXISTS},           /* DuplicateKey */
    {11001, ERR_EXISTS, ERR_EXISTS},
    {11600, ERR_UNAVAILABLE, ERR_UNKNOWN}, /* InterruptedAtShutdown */
    {11602, ERR_UNAVAILABLE, ERR_UNKNOWN}, /* InterruptedDueToReplStateChange */
    {12582, ERR_EXISTS, ERR_EXISTS},
    {13435, ERR_UNAVAILABLE, ERR_UNAVAILABLE}, /* NotPrimaryNoSecondaryOk */
    {13436, ERR_UNAVAILABLE, ERR_UNAVAILABLE}, /* NotPrimaryOrSecondary */
};

enum err mongo_server_code(uint32_t code, bool write)
{
    for (size_t i = 0; i < COUNT(codes); i++)
        if (codes[i].code == code)
            return write ? codes[i].write : codes[i].read;
    return ERR_INTERNAL;
}

/* Errors from before anything was sent. */
static bool is_unsent(const bson_error_t *error)
{
    return error->domain == MONGOC_ERROR_SERVER_SELECTION ||
           (error->domain == MONGOC_ERROR_STREAM &&
            (error->code == MONGOC_ERROR_STREAM_NAME_RESOLUTION ||
             error->code == MONGOC_ERROR_STREAM_CONNECT ||
             error->code == MONGOC_ERROR_STREAM_NOT_ESTABLISHED));
}

enum err mongo_error_kind(const bson_error_t *error, bool write)
{
    if ((error->domain == MONGOC_ERROR_CLIENT && error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE) ||
        error->domain == MONGOC_ERROR_SCRAM || error->domain == MONGOC_ERROR_SASL)
        return ERR_DENIED;
    if (error->domain == MONGOC_ERROR_WRITE_CONCERN)
        return ERR_UNKNOWN;
    if (is_unsent(error))
        return ERR_UNAVAILABLE;
    if (error->domain == MONGOC_ERROR_STREAM)
        return write ? ERR_UNKNOWN : ERR_UNAVAILABLE;
    if (error->domain == MONGOC_ERROR_PROTOCOL)
        return write ? ERR_UNKNOWN : ERR_PROTOCOL;
    return mongo_server_code(error->code, write);
}

enum err mongo_error(const bson_error_t *error, bool write, const char *operation)
{
    enum err err = mongo_error_kind(error, write);

    if (err == ERR_EXISTS)
        return err;
    metric_inc(METRIC_MONGO_ERRORS);
    log_write(err == ERR_UNAVAILABLE ? LOG_DEBUG : LOG_WARN, "mongo", "operation failed",
              (const struct log_field[]){LOG_CSTR("operation", operation), LOG_ERR(err),
                                         LOG_INT("code", error->code),
                                         LOG_CSTR("reason", error->message)},
              4);
    return err;
}
