/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/people/attempts.h"

#include "base/clock.h"
#include "base/idiom.h"

static const struct index indexes[] = {
    {.name = STR_INIT("until"), .keys = STR_INIT("until"), .expire_after_s = 1},
};

const struct bookkeeping attempts = {
    .collection = STR_INIT("larder_attempts"),
    .indexes = indexes,
    .index_count = COUNT(indexes),
};

static enum err update(struct mongo_db *db, const struct condition *conditions,
                       size_t condition_count, const struct assignment *assignments,
                       size_t assignment_count, bool upsert, int64_t *changed)
{
    return collection_update(db,
                             &(struct update){.collection = attempts.collection,
                                              .conditions = conditions,
                                              .condition_count = condition_count,
                                              .assignments = assignments,
                                              .assignment_count = assignment_count,
                                              .upsert = upsert},
                             changed);
}

static struct condition account_is(const struct attempt *attempt)
{
    return (struct condition){STR("_id"), OP_EQ, value_string(attempt->account)};
}

/* EXISTS: the account has a document, but no place in it, or its window is over. */
static enum err take_place(struct mongo_db *db, const struct attempt *attempt, int64_t now_ms)
{
    const struct condition free_place[] = {account_is(attempt),
                                           {STR("until"), OP_GT, value_date(now_ms)},
                                           {STR("taken"), OP_LT, value_int(attempt->limit)}};
    const struct assignment one_more[] = {
        {STR("taken"), ASSIGN_INC, value_int(1)},
        {STR("failed"), ASSIGN_SET_ON_INSERT, value_int(0)},
        {STR("until"), ASSIGN_SET_ON_INSERT, value_date(now_ms + attempt->window_ms)}};

    return update(db, free_place, COUNT(free_place), one_more, COUNT(one_more), true, NULL);
}

/* The first of a new window, where the one before is over. */
static enum err begin_anew(struct mongo_db *db, const struct attempt *attempt, int64_t now_ms,
                           int64_t *changed)
{
    const struct condition over[] = {account_is(attempt),
                                     {STR("until"), OP_LTE, value_date(now_ms)}};
    const struct assignment first[] = {
        {STR("taken"), ASSIGN_SET, value_int(1)},
        {STR("failed"), ASSIGN_SET, value_int(0)},
        {STR("until"), ASSIGN_SET, value_date(now_ms + attempt->window_ms)}};

    return update(db, over, COUNT(over), first, COUNT(first), false, changed);
}

static enum err look(struct mongo_db *db, struct attempt *attempt, int64_t now_ms)
{
    enum { FAILED, UNTIL, FIELDS };
    static const struct shape_field fields[FIELDS] = {
        [FAILED] = {.name = STR_INIT("failed"), .capture = true},
        [UNTIL] = {.name = STR_INIT("until"), .capture = true}};
    static const struct shape shape = SHAPE(fields);
    struct condition condition = account_is(attempt);
    struct value captured[FIELDS];
    struct found_document record = {.shape = &shape, .captured = captured};
    enum err err = collection_find_one(db, attempts.collection, &condition, 1, 0, &record);

    if (err == ERR_NOT_FOUND)
        return ERR_OK; /* it has gone meanwhile */
    if (err == ERR_OK && captured[FAILED].type == VALUE_INT && captured[UNTIL].type == VALUE_DATE) {
        attempt->locked = captured[FAILED].integer >= attempt->limit;
        attempt->left_ms = captured[UNTIL].integer - now_ms;
    }
    return err;
}

/* Others may have made the document, or a place, between two of the questions. */
enum err attempts_take(struct mongo_db *db, struct attempt *attempt)
{
    int64_t now_ms = clock_wall_ms(), changed = 0;
    enum err err = take_place(db, attempt, now_ms);

    attempt->locked = false;
    if (err != ERR_EXISTS)
        return err;
    err = begin_anew(db, attempt, now_ms, &changed);
    if (err == ERR_OK && changed == 0)
        err = take_place(db, attempt, now_ms);
    if (err != ERR_EXISTS)
        return err;
    err = look(db, attempt, now_ms);
    return err == ERR_OK ? ERR_NOT_FOUND : err;
}

enum err attempts_give(struct mongo_db *db, const struct attempt *attempt)
{
    const struct condition taken[] = {account_is(attempt), {STR("taken"), OP_GT, value_int(0)}};
    const struct assignment one_less = {STR("taken"), ASSIGN_INC, value_int(-1)};

    return update(db, taken, COUNT(taken), &one_less, 1, false, NULL);
}

enum err attempts_fail(struct mongo_db *db, const struct attempt *attempt)
{
    const struct condition none[] = {account_is(attempt), {STR("failed"), OP_EQ, value_int(0)}};
    const struct assignment first[] = {
        {STR("failed"), ASSIGN_SET, value_int(1)},
        {STR("until"), ASSIGN_SET, value_date(clock_wall_ms() + attempt->window_ms)}};
    const struct assignment one_more = {STR("failed"), ASSIGN_INC, value_int(1)};
    int64_t changed = 0;
    enum err err = update(db, none, COUNT(none), first, COUNT(first), false, &changed);

    return err == ERR_OK && changed == 0 ? update(db, none, 1, &one_more, 1, false, NULL) : err;
}
