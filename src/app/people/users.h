/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_USERS_H
#define LARDER_APP_PEOPLE_USERS_H

#include "app/plan.h"
#include "base/arena.h"
#include "base/buf.h"
#include "cache/cache.h"
#include "mongo/collection.h"

/* People: documents of "larder_users", {_id, name, email, passwordHash, role, loginCount,
 * lastLoginAt, sessionEpoch, createdAt, updatedAt, version}, of some also disabled, and madeBy: who
 * made it, where that was not its owner.  A session is good only while it carries its user's
 * sessionEpoch: raising that ends all of them at once. */

extern const struct bookkeeping users;
/* What a client may set of an account, and a plan that only names what a write is about.  Made once
 * a process; from any thread. */
const struct resource *users_resource(void);
const struct plan *users_plan(void);
/* What an administrator says of an account; likewise. */
const struct resource *rights_form(void);

enum role { ROLE_READER, ROLE_EDITOR, ROLE_ADMIN, ROLE_COUNT };

/* "reader"; static. */
struct str role_name(enum role role);
/* ROLE_COUNT for what is none. */
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

/* What a document's profile is read by: captured in its order. */
extern const struct shape profile_shape;
enum { PROFILE_FIELDS = 12 };
/* From the captured values, whose strings it borrows; *hash (may be NULL) is the password's, and
 * empty when there is none. */
void profile_take(const struct value captured[static PROFILE_FIELDS], struct profile *profile,
                  struct str *hash);
/* The one that meets the conditions.  Its strings, and the password's hash (may be NULL), are the
 * arena's.  On a thread; NOT_FOUND, or the database's error. */
enum err users_find(struct mongo_db *db, const struct condition *conditions, size_t count,
                    struct arena *arena, struct profile *profile, struct str *hash);
/* Makes the index by which no two people have one email, unless it is there: to be called before an
 * email is stored.  On a thread; BUSY: it is being made; UNSUPPORTED: the database does not take
 * it, as where two documents have one email already. */
enum err users_one_per_email(struct mongo_db *db);
/* That an account is still in this epoch of its sessions. */
struct condition users_epoch_is(int64_t epoch);
/* As a client sees it. */
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
/* The same of somebody who asks, as "visitor:<id>" with that tag, for when the first is older than
 * VISITOR_MS: kept for as long ±10 %, so that an account that others remove or demote in MongoDB
 * keeps its rights for a minute at most. */
void visitor_read_init(struct profile_read *read, struct app *app, const struct oid *id);
/* The cached profile; strings are copied into the arena.  false when it is none. */
bool profile_parse(struct str json, struct arena *arena, struct profile *profile);
/* "user:<id>" or, for an owner's documents, "owner:<id>". */
struct str user_tag(const struct oid *id, char room[static PROFILE_NAME_MAX]);
struct str owner_tag(const struct oid *id, char room[static PROFILE_NAME_MAX]);

#endif
