/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/bson_update.h"

#include "store/query.h"

static bool is_int(const bson_iter_t *iter)
{
    return BSON_ITER_HOLDS_INT32(iter) || BSON_ITER_HOLDS_INT64(iter);
}

static bool add(bson_t *to, const struct assignment *change, const bson_iter_t *old)
{
    struct value sum = change->value;

    if (old != NULL && sum.type == VALUE_DOUBLE && BSON_ITER_HOLDS_DOUBLE(old))
        sum.number += bson_iter_double(old);
    else if (old != NULL &&
             (sum.type != VALUE_INT || !is_int(old) ||
              __builtin_add_overflow(sum.integer, bson_iter_as_int64(old), &sum.integer)))
        return false;
    query_value(to, change->field, &sum);
    return true;
}

/* One field as it is afterwards; old is what it was, or NULL. */
static bool put(bson_t *to, const struct assignment *change, const bson_iter_t *old)
{
    switch (change->op) {
    case ASSIGN_SET: query_value(to, change->field, &change->value); return true;
    case ASSIGN_UNSET: return true;
    case ASSIGN_INC: return add(to, change, old);
    case ASSIGN_SET_ON_INSERT: return old == NULL || bson_append_iter(to, NULL, 0, old);
    case ASSIGN_NOW: return false;
    }
    return false;
}

bool bson_update(bson_t *to, struct str data, const struct assignment *assignments, size_t count)
{
    bson_iter_t iter;
    bson_t from;

    if (!bson_init_static(&from, (const uint8_t *)data.ptr, data.len) ||
        !bson_iter_init(&iter, &from))
        return false;
    while (bson_iter_next(&iter)) {
        struct str field = str_make(bson_iter_key(&iter), bson_iter_key_len(&iter));
        const struct assignment *change = assignment_find(assignments, count, field);
        if (change != NULL ? !put(to, change, &iter) : !bson_append_iter(to, NULL, 0, &iter))
            return false;
    }
    if (iter.err_off != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct str field = assignments[i].field;
        if (!bson_iter_init_find_w_len(&iter, &from, field.ptr, (int)field.len) &&
            !put(to, &assignments[i], NULL))
            return false;
    }
    return true;
}
