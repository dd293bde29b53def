/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_WALK_H
#define LARDER_CTL_WALK_H

#include "ctl/ctl.h"

/* The entries in Redis, for operators.  Their keys are walked with SCAN, a hundred at a time, so
 * that a server with millions of others is not held up; KEYS is never sent. */

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

/* Connects, and appends what the names of entries begin with, "larder:<epoch>:", to base.  false:
 * what is wrong is printed. */
bool cache_open(struct ctl *ctl, struct buf *base);
/* Whether it may be an entry's: what keeps entries right lies beside them. */
bool name_is_entry(struct str name);
bool pattern_is_good(const char *pattern);
/* Whether a name fits a pattern, with or without the hash that it ends with. */
bool name_fits(const char *pattern, struct str name);
/* Connects, and appends the key of the entry of this name, which may lack its hash.  false: it has
 * said what is wrong. */
bool walk_find(struct ctl *ctl, const char *name, struct buf *key);
/* Opens Redis for a walk whose each() is set. */
bool walk_open(struct walk *walk, struct ctl *ctl, const char *pattern);
/* Calls each() with every lot of keys that are entries' and fit the pattern. */
enum err walk_keys(struct walk *walk);
/* Calls each() with every lot of tags' keys, before the walk over the entries. */
enum err walk_tags(struct walk *walk, enum err (*each)(struct walk *walk));
/* Gives the exit status. */
int walk_close(struct walk *walk, enum err err);

#endif
