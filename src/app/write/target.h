/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_TARGET_H
#define LARDER_APP_WRITE_TARGET_H

#include "app/people/auth.h"
#include "app/write/validate.h"
#include "app/write/write.h"

/* One item that is changed or deleted.  Its partitions decide which lists contain it, and their
 * tags are fenced before the write: so the item is read first and judged, the write takes place
 * only while it is the same, and begins again when it is not.  After some tries of a write that
 * does not depend on the rest of the item, its partition is enough: then so many change it that it
 * is better to read it afterwards, with what others have made of it by then. */

struct target {
    const struct plan *plan;
    bool signed_in, admin; /* who asks */
    struct oid visitor;    /* where signed_in */
    int64_t now_ms;        /* wall clock: of the request */
    bool owned;            /* only who has made it, or an administrator, may */
    bool remove;
    struct str id; /* canonical; in room */
    char room[ID_TEXT_MAX];
    struct str match, none;   /* If-Match, If-None-Match, in arena; ptr NULL: not given */
    json_t *patch;            /* owned, or NULL: merged anew with what each try has read */
    struct assignments draft; /* else what is written */
    struct arena *arena;      /* of what such a draft has; borrowed */
    int tries;

    /* Of one try: */
    struct buf read_json, raw; /* as it was read */
    struct buf after, json;    /* as it is to be (empty: not known), and as it has become */
    char etag_room[ETAG_SIZE];
    struct str etag; /* as read, where match or none needs it; then as written */
    bool matched;    /* match: this very document, or none */
    unsigned status; /* of the answer when it is refused; 0: go on */
    struct str message;
    struct problem problem; /* texts lie in attempt */
    struct arena attempt;
};

void target_init(struct target *target, const struct plan *plan, const struct request *request,
                 const struct route *route, struct str id, struct arena *arena);
void target_free(struct target *target);
/* Before each try: forgets the one before. */
void target_reset(struct target *target);
struct value target_id(const struct target *target);

/* What is wrong with the patch of any document, found before one is read; see problem. */
enum err target_check(struct target *target);
/* On a thread: reads it.  ERR_NOT_FOUND. */
enum err target_read(struct mongo_db *db, struct target *target);
/* On a thread: raw and read_json have been set otherwise, as target_read would have. */
void target_found(struct target *target);
/* On a thread, since a document may have megabytes: whether what was read may be written to, by
 * rights, preconditions, and what it is; else status and message say why not.  What only this
 * needed is freed. */
void target_judge(struct target *target);
/* A visitor who may not see it gets a 404. */
void target_refuse(struct target *target, unsigned status, struct str message);
/* Adds all tags and totals that the write may move but the collection's: see write_room. */
void target_tags(const struct target *target, struct write *write);
/* On a thread: writes it, and counts it in the write's totals.  ERR_NOT_FOUND: it is not as it was
 * read.  ERR_EXISTS: problem has the fields, where they are known.  What was read is freed. */
enum err target_write(struct mongo_db *db, struct target *target, struct write *write);

#endif
