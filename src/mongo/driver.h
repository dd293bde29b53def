/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_DRIVER_H
#define LARDER_MONGO_DRIVER_H

/* Inside of mongo/: libmongoc and libbson, whose inline functions our warnings are not for. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <mongoc/mongoc.h>

#include "base/err.h"
#include "base/str.h"
#pragma GCC diagnostic pop

/* What a job works with. */
struct mongo_db {
    mongoc_client_t *client;
    const char *name;
    int64_t deadline_ms; /* 0: none */
    struct str comment;  /* of each operation; empty: none */
};

/* {…, comment: "…"}, where there is one: of a command, or of the options of one. */
void driver_comment(bson_t *opts, const struct mongo_db *db);

/* Once a process or more often, before anything else here: the driver's warnings go to our log, and
 * its counters have no name in /dev/shm, where a killed process would leave them. */
void driver_start(void);
/* Whether the driver's warnings of this thread are kept from the log: while it reads a URI they
 * hold parts of it. */
void driver_silence(bool silent);
/* One client for each thread, unless the URI says how many.  NULL when the
 * driver cannot use the URI; the caller destroys it. */
mongoc_client_pool_t *driver_pool(const mongoc_uri_t *uri, unsigned threads);

/* What a reply means that says that the write was made, but that no majority is known to have it.
 */
enum err mongo_unconfirmed(void);
/* Whether the error that this thread has met last is no reason to think that the server is away:
 * it has answered. */
bool mongo_error_was_answer(void);
void mongo_error_forget(void);
/* What the driver's error means; see collection.h.  Logs it with the server's words, and counts it,
 * unless it is an ordinary answer (a duplicate, a document that breaks a rule). */
enum err mongo_error(const bson_error_t *error, bool write, const char *operation);
/* The same without a log line and uncounted; and for a server's code alone. */
enum err mongo_error_kind(const bson_error_t *error, bool write);
enum err mongo_server_code(uint32_t code, bool write);

#endif
