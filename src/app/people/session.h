/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_SESSION_H
#define LARDER_APP_PEOPLE_SESSION_H

#include "app/plan.h"
#include "base/arena.h"
#include "cache/cache.h"
#include "mongo/collection.h"

/* Sessions: documents of "larder_sessions", {_id: SHA-256 of the token in hex, userId, epoch,
 * remember, createdAt, expiresAt, absoluteAt}.  Only the client that signed in has the token.  Of
 * one that was signed out {_id: "ended:<hash>", expiresAt} stays as long as it could have lasted,
 * so that it has ended also where its document is put back.
 *
 * A session is looked up as an entry "session:<hash>" of the cache, for most of a minute; its fill
 * moves expiresAt where the document still exists, so activity prolongs a session, to the minute.
 * Signing out is a write on the entry's tag: what holds for every entry holds here, and nobody who
 * has signed out is let in again, by whatever way Redis was lost and found meanwhile. */

extern const struct bookkeeping sessions;
/* What a client signs in with: a document only.  Made once a process; from any thread. */
const struct resource *signin_form(void);

enum {
    TOKEN_SIZE = 43, /* 32 random bytes in base64url */
    SESSION_HASH_SIZE = 64,
    SESSION_NAME_MAX = 80
};
static const int64_t session_idle_ms = INT64_C(30) * 60 * 1000;
static const int64_t session_absolute_ms = INT64_C(24) * 3600 * 1000;
static const int64_t session_remember_ms = INT64_C(30) * 24 * 3600 * 1000;

/* A new token and what is stored of it. */
void session_token(char token[static TOKEN_SIZE], char hash[static SESSION_HASH_SIZE]);
/* false: it cannot be a token. */
bool session_hash(struct str token, char hash[static SESSION_HASH_SIZE]);
/* "session:<hash>": the name of its entry, and its tag. */
struct str session_tag(const char hash[static SESSION_HASH_SIZE],
                       char room[static SESSION_NAME_MAX]);

/* On a thread: ends one that could have lasted until then. */
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
    int64_t expires_ms; /* if nothing more is done with it */
};

struct session_read {
    struct cache_lookup lookup; /* first */
    struct app *app;
    char hash[SESSION_HASH_SIZE];
    char name[SESSION_NAME_MAX];
};
/* Sets all but done, context and room; read->hash is set before. */
void session_read_init(struct session_read *read, struct app *app);
bool session_parse(struct str json, struct session *session);

#endif
