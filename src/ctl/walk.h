/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_WALK_H
#define LARDER_CTL_WALK_H

#include "ctl/ctl.h"

/* Walks over the entries in Redis, for operators, with SCAN, a hundred keys at a time, so that a
 * server with millions of keys is not blocked. KEYS is never sent. */

enum { NAME_MAX_ = 1024, PATTERN_MAX = 200, CURSOR_MAX = 24 };

#define PATTERN_HELP                                                                               \
    "PATTERN is a glob over the entries' names, with or without the @hash that most end with:\n"   \
    "'product:*', 'products:*category=books*'.\n"

struct walk {
    struct ctl *ctl;
    const char *wanted;             /* the pattern as it was given */
    struct buf base, pattern, keys; /* keys: of one SCAN, each with a NUL behind it */
    char cursor[CURSOR_MAX];
    size_t count; /* of keys */
    bool tags;    /* see walk_tags */
    uint64_t entries;
    enum err (*each)(struct walk *walk); /* looks at keys and count */
};

/* Connects and appends the prefix of all entries, "larder:<epoch>:", to base. On false, the error
 * was printed. */
bool cache_open(struct ctl *ctl, struct buf *base);
/* Whether the name can be an entry's, not a tag's, fence's or lock's. */
bool name_is_entry(struct str name);
bool pattern_is_good(const char *pattern);
/* Whether a name matches a pattern, with or without its hash. */
bool name_fits(const char *pattern, struct str name);
/* Connects and appends the key of this entry; name may lack its hash. On false, the error was
 * printed. */
bool walk_find(struct ctl *ctl, const char *name, struct buf *key);
/* Opens Redis for a walk whose each() is set. */
bool walk_open(struct walk *walk, struct ctl *ctl, const char *pattern);
/* Calls each() with every batch of keys of matching entries. */
enum err walk_keys(struct walk *walk);
/* Calls each() with every batch of tag keys. Call before walk_keys. */
enum err walk_tags(struct walk *walk, enum err (*each)(struct walk *walk));
/* Returns the exit status. */
int walk_close(struct walk *walk, enum err err);

#endif
