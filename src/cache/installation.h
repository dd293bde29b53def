/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_INSTALLATION_H
#define LARDER_CACHE_INSTALLATION_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "mongo/mongo.h"

/* Which cache a database has: documents of "larder_installation".
 *
 *   {_id: "installation", id, epoch, beat, prefix, redis, changingUntil}
 *   {_id: "worker:<id>", host, prefix, redis, connected, beat}      each worker that runs
 *
 * id is made once.  epoch grows when the entries in Redis may not match the database any more;
 * names in Redis carry it. Each worker's heartbeat raises beat, in Redis too (cache/member.h): if
 * the database's beat is behind that of Redis, a backup was restored. Until changingUntil, workers
 * with another Redis may start, and caching is off.
 *
 * Call all functions inside a mongo_job's work. */

#define INSTALLATION_COLLECTION "larder_installation"

enum {
    INSTALLATION_ID_SIZE = 16,
    MEMBER_ID_SIZE = 16,
    MEMBERS_MAX = 300,
    PLACE_MAX = 200,
    INSTALLATION_CHANGE_MS = 15 * 60000
};

struct installation {
    char id[INSTALLATION_ID_SIZE];
    int64_t epoch, beat;
    int64_t changing_until_ms; /* by MongoDB's clock; 0: no change is under way */
};

/* A worker's document. */
struct member_document {
    char id[MEMBER_ID_SIZE];
    char host[PLACE_MAX], prefix[PLACE_MAX], redis[PLACE_MAX]; /* each with a NUL */
    bool connected;                                            /* to its Redis */
    int64_t beat_ms;                                           /* by MongoDB's clock */
};

struct installation_members {
    struct member_document list[MEMBERS_MAX];
    size_t count;
};

/* Reads the installation, creating it if there is none. members may be NULL. */
enum err installation_read(struct mongo_db *db, struct installation *installation,
                           struct installation_members *members);
/* Raises the beat and updates this worker's document with MongoDB's time. */
enum err installation_beat(struct mongo_db *db, const struct member_document *self);
/* Removes a worker's document. */
enum err installation_leave(struct mongo_db *db, const char id[static MEMBER_ID_SIZE]);
/* Sets epoch and beat, unless the epoch changed since it was seen. */
enum err installation_renew(struct mongo_db *db, const struct installation *seen, int64_t epoch,
                            int64_t beat);
/* Begins a change of the servers' addresses, for INSTALLATION_CHANGE_MS, or ends it with a new
 * epoch. */
enum err installation_change(struct mongo_db *db, bool begin);
/* Handles a restored backup: sets a new epoch and ends all sessions. *ended is their number. */
enum err installation_restored(struct mongo_db *db, const struct installation *seen, int64_t epoch,
                               int64_t beat, struct str sessions, int64_t *ended);

#endif
