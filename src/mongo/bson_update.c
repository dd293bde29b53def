/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/bson_update.h"

#include "mongo/bson_put.h"
#include "mongo/bson_value.h"
#include "mongo/mongo_query.h"

/* The assignments, seen from inside of the embedded document at a path. */
struct changes {
    const struct assignment *all;
    size_t count;
    struct str path; /* with the dot at its end; empty for the document itself */
    unsigned depth;
};

/* A name of the first level; whole: the path ends with it. */
struct step {
    struct str name;
    bool whole;
};

static bool is_inside(const struct changes *changes, const struct assignment *change)
{
    return change->field.len > changes->path.len && str_starts(change->field, changes->path);
}

static struct step step_of(const struct changes *changes, const struct assignment *change)
{
    struct str rest = str_from_offset(change->field, changes->path.len);
    size_t len = str_find(rest, '.');

    return (struct step){str_make(rest.ptr, len), len == rest.len};
}

/* The first assignment of this name, or NULL. */
static const struct assignment *bson_update_find(const struct changes *changes, struct str name)
{
    for (size_t i = 0; i < changes->count; i++)
        if (is_inside(changes, &changes->all[i]) &&
            str_eq(step_of(changes, &changes->all[i]).name, name))
            return &changes->all[i];
    return NULL;
}

/* --- One field --- */

static bool is_int(const bson_iter_t *iter)
{
    return BSON_ITER_HOLDS_INT32(iter) || BSON_ITER_HOLDS_INT64(iter);
}

static bool is_number(const bson_iter_t *iter)
{
    return is_int(iter) || BSON_ITER_HOLDS_DOUBLE(iter);
}

/* A sum of integers stays an int64 where it was one; with a double it is one. */
static bool bson_update_add(bson_t *to, struct str name, const struct value *by,
                            const bson_iter_t *old)
{
    struct value sum = *by;

    if (old == NULL) {
        bson_put_value(to, name, by);
        return true;
    }
    if (!is_number(old) || (by->type != VALUE_INT && by->type != VALUE_DOUBLE))
        return false;
    if (by->type == VALUE_DOUBLE || BSON_ITER_HOLDS_DOUBLE(old)) {
        double more = by->type == VALUE_DOUBLE ? by->number : (double)by->integer;
        sum = value_double(bson_iter_as_double(old) + more);
        bson_put_value(to, name, &sum);
        return true;
    }
    if (__builtin_add_overflow(by->integer, bson_iter_as_int64(old), &sum.integer))
        return false;
    if (BSON_ITER_HOLDS_INT64(old) || by->integer < INT32_MIN || by->integer > INT32_MAX)
        bson_append_int64(to, name.ptr, (int)name.len, sum.integer);
    else
        bson_put_value(to, name, &sum);
    return true;
}

/* One field as it is afterwards; old is what it was, or NULL. */
static bool bson_update_put(bson_t *to, struct str name, const struct assignment *change,
                            const bson_iter_t *old)
{
    switch (change->op) {
    case ASSIGN_SET: bson_put_value(to, name, &change->value); return true;
    case ASSIGN_UNSET: return true;
    case ASSIGN_INC: return bson_update_add(to, name, &change->value, old);
    case ASSIGN_SET_ON_INSERT: return old == NULL || bson_append_iter(to, NULL, 0, old);
    case ASSIGN_NOW: return false;
    }
    return false;
}

/* --- Embedded documents --- */

static bool put_fields(bson_t *to, bson_iter_t *iter, const struct changes *changes);

static struct changes inside(const struct changes *changes, const struct assignment *change,
                             struct str name)
{
    return (struct changes){.all = changes->all,
                            .count = changes->count,
                            .path = str_make(change->field.ptr, changes->path.len + name.len + 1),
                            .depth = changes->depth + 1};
}

/* Whether something is made there: nothing is for the sake of taking something away. */
static bool makes(const struct changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        if (is_inside(changes, &changes->all[i]) && changes->all[i].op != ASSIGN_UNSET)
            return true;
    return false;
}

static bool put_embedded(bson_t *to, struct str name, const struct changes *changes,
                         const bson_iter_t *old)
{
    bson_iter_t iter;
    bson_t inner;
    bool good;

    if (changes->depth > BSON_DEPTH_MAX || (old != NULL && !BSON_ITER_HOLDS_DOCUMENT(old)))
        return false;
    if (old == NULL && !makes(changes))
        return true;
    if (old != NULL && !bson_iter_recurse(old, &iter))
        return false;
    bson_append_document_begin(to, name.ptr, (int)name.len, &inner);
    good = put_fields(&inner, old != NULL ? &iter : NULL, changes);
    bson_append_document_end(to, &inner);
    return good;
}

static bool put_change(bson_t *to, const struct changes *changes, const struct assignment *change,
                       const bson_iter_t *old)
{
    struct step step = step_of(changes, change);
    struct changes inner;

    if (step.whole)
        return bson_update_put(to, step.name, change, old);
    inner = inside(changes, change, step.name);
    return put_embedded(to, step.name, &inner, old);
}

/* Servers agree on the place of new fields when they come in the order of their names and of the
 * operators alike. */
struct added {
    struct str name;
    enum assign_op op;
};

static bool is_in_order(struct added *last, struct str name, enum assign_op op)
{
    bool good = last->name.len == 0 || (str_cmp(last->name, name) < 0 && last->op <= op);

    *last = (struct added){name, op};
    return good;
}

static bool put_new(bson_t *to, const struct changes *changes, const bson_t *made)
{
    struct added last = {{NULL, 0}, ASSIGN_SET};
    bson_iter_t there;

    for (size_t i = 0; i < changes->count; i++) {
        const struct assignment *change = &changes->all[i];
        struct step step;
        uint32_t len = to->len;
        if (!is_inside(changes, change))
            continue;
        step = step_of(changes, change);
        if (bson_update_find(changes, step.name) != change ||
            bson_iter_init_find_w_len(&there, made, step.name.ptr, (int)step.name.len))
            continue;
        if (!put_change(to, changes, change, NULL) ||
            (to->len > len && !is_in_order(&last, step.name, change->op)))
            return false;
    }
    return true;
}

/* iter is before the first of what was there, or NULL. */
static bool put_fields(bson_t *to, bson_iter_t *iter, const struct changes *changes)
{
    bson_t before = BSON_INITIALIZER; /* the names that were there */
    bool good = true;

    while (good && iter != NULL && bson_iter_next(iter)) {
        struct str name = str_make(bson_iter_key(iter), bson_iter_key_len(iter));
        const struct assignment *change = bson_update_find(changes, name);
        if (change == NULL) {
            good = bson_append_iter(to, NULL, 0, iter);
            continue;
        }
        bson_append_null(&before, name.ptr, (int)name.len);
        good = put_change(to, changes, change, iter);
    }
    good = good && (iter == NULL || iter->err_off == 0) && put_new(to, changes, &before);
    bson_destroy(&before);
    return good;
}

bool bson_update(bson_t *to, struct str data, const struct assignment *assignments, size_t count)
{
    const struct changes changes = {.all = assignments, .count = count};
    bson_iter_t iter;
    bson_t from;

    return bson_init_static(&from, (const uint8_t *)data.ptr, data.len) &&
           bson_iter_init(&iter, &from) && put_fields(to, &iter, &changes);
}
