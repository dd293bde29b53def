/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_KEYSET_H
#define LARDER_MONGO_KEYSET_H

#include "mongo/bson_order.h"
#include "mongo/driver.h"
#include "mongo/statement.h"

/* Inside of mongo/: queries of a walk by (field, _id) or by _id alone. MongoDB's comparisons match
 * one type at a time, so a walk queries one bracket of types after the other. */

/* Brackets as a set of bits. */
#define BRACKET(bracket) (1u << (bracket))
enum { BRACKETS_ALL = (1u << BRACKETS) - 1 };
/* Brackets before and after this one, in the direction of the walk. */
static inline unsigned brackets_below(unsigned bracket)
{
    return (1u << bracket) - 1;
}
static inline unsigned brackets_before(unsigned bracket, bool up)
{
    return up ? brackets_below(bracket) : BRACKETS_ALL & ~brackets_below(bracket + 1);
}
static inline unsigned brackets_after(unsigned bracket, bool up)
{
    return brackets_before(bracket, !up);
}
/* The first of a set that is not empty. */
static inline unsigned brackets_first(unsigned set, bool up)
{
    return (unsigned)(up ? __builtin_ctz(set) : 31 - __builtin_clz(set));
}

/* Brackets that every server finds by an index on the field when queried together. */
enum {
    BRACKETS_INDEXED =
        BRACKETS_ALL & ~(BRACKET(BRACKET_MIN_KEY) | BRACKET(BRACKET_EMPTY) | BRACKET(BRACKET_NULL) |
                         BRACKET(BRACKET_NAN) | BRACKET(BRACKET_NUMBER) | BRACKET(BRACKET_ARRAY))
};
/* Brackets whose values cannot be compared: walked by _id alone. */
enum {
    BRACKETS_BY_ID = BRACKET(BRACKET_REGEX) | BRACKET(BRACKET_POINTER) | BRACKET(BRACKET_CODE) |
                     BRACKET(BRACKET_SCOPED_CODE)
};

/* Brackets with a single value. */
enum {
    BRACKETS_CONSTANT = BRACKET(BRACKET_MIN_KEY) | BRACKET(BRACKET_EMPTY) | BRACKET(BRACKET_NULL) |
                        BRACKET(BRACKET_NAN) | BRACKET(BRACKET_MAX_KEY)
};

struct keyset_range {
    struct str field; /* that the sort begins with */
    bool up;
    bool by_id;                 /* the field is _id */
    unsigned set;               /* the brackets asked for */
    const struct keyset *after; /* in the only bracket of the set; NULL: from its start */
};

/* Whether documents are walked by this sort. */
bool keyset_fits(const struct sort_key *sort, size_t count);
/* Whether the range needs a condition; the whole walk does not. */
static inline bool keyset_asks(const struct keyset_range *range)
{
    return range->set != BRACKETS_ALL || range->after != NULL;
}
/* Appends the conditions to an array that has index items.  By _id alone nothing comes after a
 * value of a bracket that holds one only: that is not to be asked. */
void keyset_append(bson_t *all, size_t index, const struct keyset_range *range);
/* {field: 1, _id: 1} */
void keyset_sort(bson_t *to, const struct keyset_range *range);

/* The value that a document is sorted by, borrowed from its bytes; VALUE_RAW of type undefined for
 * an empty array. ERR_PROTOCOL. */
struct keyset_place {
    enum bracket bracket;
    struct value value;
};
enum err keyset_place(struct str document, struct str field, bool up, struct keyset_place *place);

#endif
