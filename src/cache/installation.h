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
 * id is made once.  epoch is raised when what Redis holds may be of another time than the database:
 * it is part of the names in Redis from then on.  beat is raised by each worker's heartbeat, in
 * Redis too (cache/member.h): a database whose beat is behind that of Redis has gone back.
 * changingUntil lets workers with another Redis start, while nobody keeps anything.
 *
 * All of it is to be called in a mongo_job's work. */

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

/* Reads it, and makes it where there is none.  members may be NULL. */
enum err installation_read(struct mongo_db *db, struct installation *installation,
                           struct installation_members *members);
/* Raises the beat, and sets the document of this worker, at MongoDB's time. */
enum err installation_beat(struct mongo_db *db, const struct member_document *self);
/* Removes a worker's document. */
enum err installation_leave(struct mongo_db *db, const char id[static MEMBER_ID_SIZE]);
/* Sets the epoch, unless it is another than seen by now, and the beat. */
enum err installation_renew(struct mongo_db *db, const struct installation *seen, int64_t epoch,
                            int64_t beat);
/* Lets a change of the servers' addresses begin, for INSTALLATION_CHANGE_MS, or ends it; then there
 * is another epoch. */
enum err installation_change(struct mongo_db *db, bool begin);
/* The same as is done when a database is found to have gone back: another epoch, and no session
 * that was begun before. */
enum err installation_restored(struct mongo_db *db, const struct installation *seen, int64_t epoch,
                               int64_t beat, struct str sessions, int64_t *ended);

#endif
