/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_DRIVER_H
#define LARDER_MONGO_DRIVER_H

/* Inside of mongo/: includes libmongoc and libbson, with warnings off for their inline functions.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <mongoc/mongoc.h>

#include "base/err.h"
#include "base/str.h"
#pragma GCC diagnostic pop

/* A job's client. */
struct mongo_db {
    mongoc_client_t *client;
    const char *name;
    int64_t deadline_ms; /* 0: none */
    struct str comment;  /* of each operation; empty: none */
};

/* {…, comment: "…"}, where there is one: of a command, or of the options of one. */
void driver_comment(bson_t *opts, const struct mongo_db *db);

/* Call before anything else here; repeated calls are harmless. Sends the driver's warnings to the
 * log, and keeps its counters out of /dev/shm, where a killed process would leave them. */
void driver_start(void);
/* Keeps this thread's driver warnings out of the log: while a URI is parsed they contain parts of
 * it. */
void driver_silence(bool silent);
/* One client for each thread, unless the URI says how many.  NULL when the
 * driver cannot use the URI; the caller destroys it. */
mongoc_client_pool_t *driver_pool(const mongoc_uri_t *uri, unsigned threads);

/* The meaning of a reply that the write was made, but no majority is known to have it.
 */
enum err mongo_unconfirmed(void);
/* Whether this thread's last error was an answer of the server, so that it is reachable. */
bool mongo_error_was_answer(void);
void mongo_error_forget(void);
/* Maps a driver's error to an enum err; see collection.h. Logs and counts it, unless it is an
 * ordinary answer (a duplicate, a document that breaks a rule). */
enum err mongo_error(const bson_error_t *error, bool write, const char *operation);
/* The same without logging and counting; and for a server's error code. */
enum err mongo_error_kind(const bson_error_t *error, bool write);
enum err mongo_server_code(uint32_t code, bool write);

#endif
