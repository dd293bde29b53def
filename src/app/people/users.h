/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_USERS_H
#define LARDER_APP_PEOPLE_USERS_H

#include "app/plan.h"
#include "base/arena.h"
#include "base/buf.h"
#include "cache/cache.h"
#include "mongo/collection.h"

/* People: documents of "larder_users", {_id, name, email, passwordHash, role, loginCount,
 * lastLoginAt, sessionEpoch, createdAt, updatedAt, version}, optionally disabled, and madeBy if
 * another person made the account. A session is valid only while it has its user's sessionEpoch, so
 * incrementing that ends all sessions at once. */

extern const struct bookkeeping users;
/* The schema of the fields that a client may set, and a plan for writes. Made once a process; from
 * any thread. */
const struct resource *users_resource(void);
const struct plan *users_plan(void);
/* The schema of an administrator's change of an account; likewise. */
const struct resource *rights_form(void);

enum role { ROLE_READER, ROLE_EDITOR, ROLE_ADMIN, ROLE_COUNT };

/* "reader"; static. */
struct str role_name(enum role role);
/* Returns ROLE_COUNT if name is no role. */
enum role role_parse(struct str name);

struct profile {
    struct oid id;
    enum role role;
    bool disabled;  /* cannot sign in */
    bool self_made; /* the document names no owner */
    struct str name, email;
    int64_t session_epoch;
    int64_t login_count;
    int64_t last_login_ms; /* 0: never */
    int64_t created_ms, updated_ms;
};

/* The shape that captures a document's profile, in this order. */
extern const struct shape profile_shape;
enum { PROFILE_FIELDS = 12 };
/* Makes a profile from the captured values and borrows their strings. *hash (may be NULL): the
 * password's hash, or empty. */
void profile_take(const struct value captured[static PROFILE_FIELDS], struct profile *profile,
                  struct str *hash);
/* Finds the account that matches the conditions. Its strings and the password's hash (may be NULL)
 * are in the arena. On a thread. NOT_FOUND, or the database's error. */
enum err users_find(struct mongo_db *db, const struct condition *conditions, size_t count,
                    struct arena *arena, struct profile *profile, struct str *hash);
/* Creates the unique index on email, if it is missing; call before an email is stored. On a thread.
 * BUSY: it is being created; UNSUPPORTED: the database refuses it, for example because two
 * documents have the same email. */
enum err users_one_per_email(struct mongo_db *db);
/* The condition that an account still has this sessionEpoch. */
struct condition users_epoch_is(int64_t epoch);
/* Appends the profile as clients see it. */
void profile_json(const struct profile *profile, struct buf *out);
/* ,"name":"2026-11-23T17:00:00.000Z", or null for 0: never. */
void time_json(struct buf *out, const char *name, int64_t ms);

/* A profile through the cache, as "user:<id>" with a tag of the same name. */
enum { PROFILE_NAME_MAX = 32, VISITOR_MS = 54000 };
struct profile_read {
    struct cache_lookup lookup; /* first */
    struct app *app;
    struct oid id;
    char name[PROFILE_NAME_MAX], tag[PROFILE_NAME_MAX];
};
/* Sets all but done, context and room. */
void profile_read_init(struct profile_read *read, struct app *app, const struct oid *id);
/* The visitor's own profile, as "visitor:<id>" with that tag, used if the first is older than
 * VISITOR_MS. Cached for that time ±10 %, so that an account removed or demoted in MongoDB keeps
 * its rights for a minute at most. */
void visitor_read_init(struct profile_read *read, struct app *app, const struct oid *id);
/* Parses a cached profile; copies strings into the arena. False if it is none. */
bool profile_parse(struct str json, struct arena *arena, struct profile *profile);
/* "user:<id>" or, for an owner's documents, "owner:<id>". */
struct str user_tag(const struct oid *id, char room[static PROFILE_NAME_MAX]);
struct str owner_tag(const struct oid *id, char room[static PROFILE_NAME_MAX]);

#endif
