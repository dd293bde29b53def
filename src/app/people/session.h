/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_SESSION_H
#define LARDER_APP_PEOPLE_SESSION_H

#include "app/plan.h"
#include "base/arena.h"
#include "cache/cache.h"
#include "mongo/collection.h"

/* Sessions: documents of "larder_sessions", {_id: SHA-256 of the token in hex, userId, epoch,
 * remember, createdAt, expiresAt, absoluteAt}.  Only the client that signed in has the token. After
 * a sign-out, {_id: "ended:<hash>", expiresAt} stays for the rest of the session's possible life,
 * so that the session is over even if a restore brings its document back.
 *
 * A session is an entry "session:<hash>" of the cache, for just under a minute; its fill updates
 * expiresAt if the document still exists, so activity prolongs a session, to the minute. A sign-out
 * is a write under the entry's tag, so the cache's promise covers it: a signed-out token is refused
 * at once, even if Redis was lost meanwhile. */

extern const struct bookkeeping sessions;
/* The schema of a sign-in's body. Made once a process; from any thread. */
const struct resource *signin_form(void);

enum {
    TOKEN_SIZE = 43, /* 32 random bytes in base64url */
    SESSION_HASH_SIZE = 64,
    SESSION_NAME_MAX = 80
};
static const int64_t session_idle_ms = INT64_C(30) * 60 * 1000;
static const int64_t session_absolute_ms = INT64_C(24) * 3600 * 1000;
static const int64_t session_remember_ms = INT64_C(30) * 24 * 3600 * 1000;

/* Makes a new token and its hash, which is what is stored. */
void session_token(char token[static TOKEN_SIZE], char hash[static SESSION_HASH_SIZE]);
/* Hashes a token. Returns false if text cannot be one. */
bool session_hash(struct str token, char hash[static SESSION_HASH_SIZE]);
/* "session:<hash>": the name of its entry, and its tag. */
struct str session_tag(const char hash[static SESSION_HASH_SIZE],
                       char room[static SESSION_NAME_MAX]);

/* On a thread: ends a session that could have lasted until until_ms. */
enum err session_end(struct mongo_db *db, const char hash[static SESSION_HASH_SIZE],
                     int64_t until_ms);
/* On a thread: removes the documents of a user's sessions, which the next epoch, or the user's end,
 * has ended. */
void session_remove_all(struct mongo_db *db, const struct oid *user);

struct session {
    struct oid user;
    int64_t epoch;
    bool remember;
    int64_t created_ms;
    int64_t expires_ms; /* without further activity */
};

struct session_read {
    struct cache_lookup lookup; /* first */
    struct app *app;
    char hash[SESSION_HASH_SIZE];
    char name[SESSION_NAME_MAX];
};
/* Sets all fields except done, context and room. Set read->hash before. */
void session_read_init(struct session_read *read, struct app *app);
bool session_parse(struct str json, struct session *session);

#endif
