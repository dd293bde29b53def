/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_WRITE_TARGET_H
#define LARDER_APP_WRITE_TARGET_H

#include "app/people/auth.h"
#include "app/write/validate.h"
#include "app/write/write.h"

/* One item to change or delete. Its partitions decide which lists contain it, and their tags are
 * fenced before the write. So the item is read and checked first; the write applies only to the
 * unchanged item, and starts again if it changed. After some tries, a write that does not depend on
 * the rest of the item requires only its partition to be unchanged. */

struct target {
    const struct plan *plan;
    bool signed_in, admin; /* the visitor */
    struct oid visitor;    /* if signed_in */
    int64_t now_ms;        /* wall clock, of the request */
    bool owned;            /* only its owner or an administrator may change it */
    bool remove;
    struct str id; /* canonical; in room */
    char room[ID_TEXT_MAX];
    struct str match, none;   /* If-Match, If-None-Match, in arena; ptr NULL: not given */
    json_t *patch;            /* owned; merged anew with the item of each try; or NULL */
    struct assignments draft; /* without a patch: what is written */
    struct arena *arena;      /* of the draft; borrowed */
    int tries;

    /* Of one try: */
    struct buf read_json, raw; /* as it was read */
    struct buf after, json;    /* as it shall be (empty: unknown), and as it was written */
    char etag_room[ETAG_SIZE];
    struct str etag; /* as read, if match or none needs it; then as written */
    bool matched;    /* If-Match matched: write this very document or fail */
    unsigned status; /* of a refusal; 0: not refused */
    struct str message;
    struct problem problem; /* texts are in attempt */
    struct arena attempt;
};

void target_init(struct target *target, const struct plan *plan, const struct request *request,
                 const struct route *route, struct str id, struct arena *arena);
void target_free(struct target *target);
/* Resets all of the last try. Call before each try. */
void target_reset(struct target *target);
struct value target_id(const struct target *target);

/* Checks the patch before the document is read. ERR_INVALID: see problem. */
enum err target_check(struct target *target);
/* On a thread: reads the item. ERR_NOT_FOUND. */
enum err target_read(struct mongo_db *db, struct target *target);
/* On a thread, instead of target_read: raw and read_json were set by the caller. */
void target_found(struct target *target);
/* Checks the read item against rights, preconditions and patch; sets status and message if it is
 * refused. On a thread, since a document may have megabytes. Frees what only this step needs. */
void target_judge(struct target *target);
/* Sets a refusal; a visitor who may not see the item gets 404. */
void target_refuse(struct target *target, unsigned status, struct str message);
/* Adds all tags and totals that the write may move, except the collection's. See write_room. */
void target_tags(const struct target *target, struct write *write);
/* On a thread: writes the item and counts it in the write's totals. ERR_NOT_FOUND: it changed since
 * it was read. ERR_EXISTS: problem has the fields, if known. Frees what was read. */
enum err target_write(struct mongo_db *db, struct target *target, struct write *write);

#endif
