/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/keyset.h"

#include <math.h>
#include <stdio.h>

#include "base/idiom.h"
#include "mongo/bson_path.h"
#include "mongo/bson_put.h"
#include "mongo/bson_value.h"

enum { KEY_SIZE = 12, TYPES_MAX = 4 };

/* $type's numbers; those without are found otherwise. */
static const struct {
    int count, types[TYPES_MAX];
} bracket_types[BRACKETS] = {
    [BRACKET_MIN_KEY] = {1, {-1}},     [BRACKET_EMPTY] = {1, {6}},
    [BRACKET_NULL] = {1, {10}},        [BRACKET_NUMBER] = {4, {1, 16, 18, 19}},
    [BRACKET_STRING] = {2, {2, 14}},   [BRACKET_OBJECT] = {1, {3}},
    [BRACKET_BINARY] = {1, {5}},       [BRACKET_OID] = {1, {7}},
    [BRACKET_BOOL] = {1, {8}},         [BRACKET_DATE] = {1, {9}},
    [BRACKET_TIMESTAMP] = {1, {17}},   [BRACKET_REGEX] = {1, {11}},
    [BRACKET_POINTER] = {1, {12}},     [BRACKET_CODE] = {1, {13}},
    [BRACKET_SCOPED_CODE] = {1, {15}}, [BRACKET_MAX_KEY] = {1, {127}},
};
enum { ARRAY_TYPE = 4, UNDEFINED_TYPE = 6 };

/* --- Clauses: {field: {operator: value}} and the like, as the next item of an array --- */

struct clauses {
    bson_t *array;
    size_t count;
    struct str field;
};

static void begin_item(struct clauses *to, bson_t *item)
{
    char key[KEY_SIZE];
    int len = snprintf(key, sizeof key, "%u", (unsigned)to->count++);

    bson_append_document_begin(to->array, key, len, item);
}

static void end_item(struct clauses *to, bson_t *item)
{
    bson_append_document_end(to->array, item);
}

/* An item that is itself a list: {$or: […]}. */
struct branch {
    struct clauses clauses;
    bson_t item, array;
};

static void begin_branch(struct clauses *to, const char *operator, struct branch * branch)
{
    begin_item(to, &branch->item);
    bson_append_array_unsafe_begin(&branch->item, operator, - 1, &branch->array);
    branch->clauses = (struct clauses){&branch->array, 0, to->field};
}

static void end_branch(struct clauses *to, struct branch *branch)
{
    bson_append_array_end(&branch->item, &branch->array);
    end_item(to, &branch->item);
}

/* field: {outer: {operator: value}}; outer may be NULL. */
static void keyset_put(bson_t *item, struct str field, const char *outer, const char *operator,
                       const struct value * value)
{
    bson_t ops, inner;

    bson_append_document_begin(item, field.ptr, (int)field.len, &ops);
    if (outer == NULL) {
        bson_put_value(&ops, str_from(operator), value);
    } else {
        bson_append_document_begin(&ops, outer, -1, &inner);
        bson_put_value(&inner, str_from(operator), value);
        bson_append_document_end(&ops, &inner);
    }
    bson_append_document_end(item, &ops);
}

static void keyset_add(struct clauses *to, const char *outer, const char *operator,
                       const struct value * value)
{
    bson_t item;

    begin_item(to, &item);
    keyset_put(&item, to->field, outer, operator, value);
    end_item(to, &item);
}

/* Some item of the field's array is such.  (Said twice in the negative: DocumentDB's own index
 * crashes its server when it is asked for $elemMatch with $type.) */
static void add_item(struct clauses *to, const char *operator, const struct value * value)
{
    struct branch neither;
    bson_t item, ops, inner;

    begin_branch(to, "$nor", &neither);
    begin_item(&neither.clauses, &item);
    bson_append_document_begin(&item, to->field.ptr, (int)to->field.len, &ops);
    bson_append_document_begin(&ops, "$not", -1, &inner);
    keyset_put(&inner, STR("$elemMatch"), NULL, operator, value);
    bson_append_document_end(&ops, &inner);
    bson_append_document_end(&item, &ops);
    end_item(&neither.clauses, &item);
    end_branch(to, &neither);
}

struct types {
    struct value items[BRACKETS * TYPES_MAX];
    struct value list;
};

/* $type's list; false when it is empty. */
static bool list_types(struct types *types, unsigned set)
{
    size_t count = 0;

    for (unsigned bracket = 0; bracket < BRACKETS; bracket++)
        for (int i = 0; (set & BRACKET(bracket)) != 0 && i < bracket_types[bracket].count; i++)
            types->items[count++] = value_int(bracket_types[bracket].types[i]);
    types->list = value_list(types->items, count);
    return count > 0;
}

static void add_types(struct clauses *to, unsigned set)
{
    struct types types;

    if (list_types(&types, set))
        keyset_add(to, NULL, "$type", &types.list);
}

static const struct value array_type = {.type = VALUE_INT, .integer = ARRAY_TYPE};
static const struct value undefined_type = {.type = VALUE_INT, .integer = UNDEFINED_TYPE};
static const struct value none = {.type = VALUE_NULL};
static const struct value zero = {.type = VALUE_INT, .integer = 0};
static const struct value nan_value = {.type = VALUE_DOUBLE, .number = NAN};
static const struct value least_number = {.type = VALUE_DOUBLE, .number = -INFINITY};

static bool is_dotted(struct str field)
{
    return str_find(field, '.') < field.len;
}

static bool has(unsigned set, enum bracket bracket)
{
    return (set & BRACKET(bracket)) != 0;
}

/* --- What is asked for --- */

/* An array of no documents along the path is missing, and not equal to null.  (Not as $or: that
 * would be one thing to DocumentDB.) */
static void add_null_or_missing(struct clauses *to)
{
    const struct value yes = value_bool(true);
    struct branch neither, both;

    begin_branch(to, "$nor", &neither);
    begin_branch(&neither.clauses, "$and", &both);
    keyset_add(&both.clauses, NULL, "$ne", &none);
    keyset_add(&both.clauses, NULL, "$exists", &yes);
    end_branch(&neither.clauses, &both);
    end_branch(to, &neither);
}

/* Alternatives: an array along the path has an item that is no document (or there is a scalar), so
 * that it is sorted as missing, while a question for null does not find it. */
static void add_plain_items(struct clauses *any, bool leave_out)
{
    const unsigned plain = BRACKETS_ALL & ~BRACKET(BRACKET_OBJECT);
    struct str path = any->field;
    size_t len = str_find(path, '.');

    while (len < path.len) {
        any->field = str_make(path.ptr, len);
        add_types(any, plain);
        if (leave_out)
            keyset_add(any, "$elemMatch", "$type", &array_type);
        else
            add_item(any, "$type", &array_type);
        len++;
        len += str_find(str_from_offset(path, len), '.');
    }
    any->field = path;
}

static void add_empty(struct clauses *to)
{
    const struct value empty = value_list(NULL, 0);
    struct branch both;

    begin_branch(to, "$and", &both);
    keyset_add(&both.clauses, NULL, "$eq", &empty);
    keyset_add(&both.clauses, NULL, "$size", &zero);
    end_branch(to, &both);
}

/* Alternatives: the document has a value of one of these brackets. */
static void add_members(struct clauses *any, unsigned set)
{
    const unsigned odd = BRACKET(BRACKET_NULL) | BRACKET(BRACKET_NAN) | BRACKET(BRACKET_NUMBER);

    /* Not all numbers by their types: DocumentDB's index then leaves out the decimal NaN. */
    add_types(any, set & ~odd);
    if (has(set, BRACKET_NAN))
        keyset_add(any, NULL, "$eq", &nan_value);
    if (has(set, BRACKET_NUMBER))
        keyset_add(any, NULL, "$gte", &least_number);
    if (has(set, BRACKET_NULL) && is_dotted(any->field)) {
        add_null_or_missing(any);
        add_plain_items(any, false);
    } else if (has(set, BRACKET_NULL)) {
        keyset_add(any, NULL, "$eq", &none);
    }
    if (has(set, BRACKET_EMPTY))
        add_empty(any);
    if (has(set, BRACKET_ARRAY))
        add_item(any, "$type", &array_type);
}

static void add_set(struct clauses *all, unsigned set)
{
    bool several = has(set, BRACKET_EMPTY) || (has(set, BRACKET_NULL) && is_dotted(all->field));
    bool single = !several && (set & (set - 1)) == 0;
    struct branch any;

    if (set == BRACKETS_ALL)
        return;
    if (single) {
        add_members(all, set);
        return;
    }
    begin_branch(all, "$or", &any);
    add_members(&any.clauses, set);
    end_branch(all, &any);
}

/* --- What is left out, all of it as alternatives of one $nor --- */

/* To some servers null is equal to undefined. */
static void add_null_alone(struct clauses *any)
{
    struct branch both;

    begin_branch(any, "$and", &both);
    keyset_add(&both.clauses, NULL, "$eq", &none);
    keyset_add(&both.clauses, "$not", "$type", &undefined_type);
    end_branch(any, &both);
}

/* An array is sorted by one of its items: those that have one in a bracket before were there. */
static void leave_out_before(struct clauses *any, const struct keyset_range *range)
{
    unsigned done = brackets_before(brackets_first(range->set, range->up), range->up);
    bool dotted = is_dotted(range->field);

    add_types(any, done & ~BRACKET(BRACKET_NUMBER));
    if (has(done, BRACKET_NAN))
        keyset_add(any, NULL, "$eq", &nan_value);
    if (has(done, BRACKET_NUMBER))
        keyset_add(any, NULL, "$gte", &least_number);
    if (has(done, BRACKET_ARRAY))
        keyset_add(any, "$elemMatch", "$type", &array_type);
    if (dotted && has(done, BRACKET_EMPTY))
        keyset_add(any, NULL, "$size", &zero);
    if (dotted && has(done, BRACKET_NULL)) {
        add_null_alone(any);
        add_plain_items(any, true);
    }
}

/* {field: {$eq: value}, _id: {operator: id}}; the field's part only if there is a value. */
static void add_tie(struct clauses *any, const struct value *value, const char *outer,
                    const char *operator, const struct value * id)
{
    bson_t item;

    begin_item(any, &item);
    if (value != NULL)
        keyset_put(&item, any->field, outer, "$eq", value);
    keyset_put(&item, STR("_id"), NULL, operator, id);
    end_item(any, &item);
}

/* Of the documents with the value (NULL: of all) those whose _ids come before the place or at it.
 */
static void leave_out_ids(struct clauses *any, const struct keyset_range *range,
                          const struct value *value, const char *outer)
{
    const unsigned numbers = BRACKET(BRACKET_NAN) | BRACKET(BRACKET_NUMBER);
    const struct value *id = &range->after->id;
    enum bracket bracket = bson_value_bracket(id);
    unsigned done = brackets_before(bracket, range->up);
    struct types types;

    if (has(BRACKETS_CONSTANT, bracket))
        done |= BRACKET(bracket);
    else
        add_tie(any, value, outer, range->up ? "$lte" : "$gte", id);
    if ((done & numbers) == BRACKET(BRACKET_NAN))
        add_tie(any, value, outer, "$eq", &nan_value);
    if ((done & numbers) == BRACKET(BRACKET_NUMBER))
        add_tie(any, value, outer, "$gte", &least_number);
    if (list_types(&types, (done & numbers) == numbers ? done : done & ~numbers))
        add_tie(any, value, outer, "$type", &types.list);
}

/* What was there up to the place that the walk has come to. */
static void leave_out_behind(struct clauses *any, const struct keyset_range *range,
                             enum bracket bracket)
{
    const struct value *value = &range->after->value;
    const char *outer = bracket == BRACKET_ARRAY ? "$elemMatch" : NULL;

    if (has(BRACKETS_CONSTANT | BRACKETS_BY_ID, bracket)) {
        leave_out_ids(any, range, NULL, NULL);
    } else {
        keyset_add(any, outer, range->up ? "$lt" : "$gt", value);
        leave_out_ids(any, range, value, outer);
    }
}

/* --- Both --- */

static void add_asked(struct clauses *all, const struct keyset_range *range, enum bracket bracket)
{
    const char *forward = range->up ? "$gte" : "$lte";

    if (range->after == NULL || has(BRACKETS_CONSTANT | BRACKETS_BY_ID, bracket))
        add_set(all, range->set);
    else if (bracket == BRACKET_ARRAY)
        add_item(all, forward, &range->after->value);
    else
        keyset_add(all, NULL, forward, &range->after->value);
}

void keyset_append(bson_t *all, size_t index, const struct keyset_range *range)
{
    enum bracket bracket = brackets_first(range->set, range->up);
    struct clauses to = {all, index, range->field};
    struct branch neither;

    if (range->by_id && range->after != NULL) {
        keyset_add(&to, NULL, range->up ? "$gt" : "$lt", &range->after->id);
        return;
    }
    add_asked(&to, range, bracket);
    if (range->by_id || (range->after == NULL && brackets_before(bracket, range->up) == 0))
        return;
    begin_branch(&to, "$nor", &neither);
    leave_out_before(&neither.clauses, range);
    if (range->after != NULL)
        leave_out_behind(&neither.clauses, range, bracket);
    if (range->set == BRACKET(BRACKET_NULL) && !range->up)
        keyset_add(&neither.clauses, NULL, "$type", &undefined_type);
    end_branch(&to, &neither);
}

bool keyset_fits(const struct sort_key *sort, size_t count)
{
    return count > 0 && count <= 2 && str_eq(sort[count - 1].field, STR("_id")) &&
           sort[0].direction == sort[count - 1].direction;
}

/* Documents of one value come in the order of their _ids.  The field is named all the same: without
 * it DocumentDB takes an index for that order that has null, missing and null in an array apart. */
void keyset_sort(bson_t *to, const struct keyset_range *range)
{
    const unsigned alike = BRACKETS_CONSTANT | BRACKETS_BY_ID;
    bool single = (range->set & (range->set - 1)) == 0;
    bool ids_first = range->by_id || (single && (range->set & alike) != 0);
    int direction = range->up ? 1 : -1;

    if (ids_first)
        bson_append_int32(to, "_id", -1, direction);
    if (!range->by_id)
        bson_append_int32(to, range->field.ptr, (int)range->field.len, direction);
    if (!ids_first)
        bson_append_int32(to, "_id", -1, direction);
}

/* --- The place of a document --- */

struct best {
    struct keyset_place *place;
    struct bson_element element;
    bool any, up;
};

/* A value without an element: it is missing, or an array of nothing. */
static void offer_constant(struct best *best, enum bracket bracket, struct value value)
{
    struct keyset_place *place = best->place;

    if (best->any && (best->up ? place->bracket <= bracket : place->bracket >= bracket))
        return;
    best->any = true;
    *place = (struct keyset_place){bracket, value};
}

static void offer(void *context, const struct bson_element *element, bool item)
{
    struct best *best = context;
    struct keyset_place *place = best->place;
    enum bracket bracket;

    if (element == NULL) {
        offer_constant(best, BRACKET_NULL, value_null());
        return;
    }
    if (element->kind == KIND_ARRAY && !item) {
        if (element->len == 5)
            offer_constant(best, BRACKET_EMPTY,
                           (struct value){.type = VALUE_RAW, .raw = {.kind = KIND_UNDEFINED}});
        return;
    }
    bracket = bson_bracket(element);
    if (best->any) {
        int order = bracket != place->bracket         ? (bracket < place->bracket ? -1 : 1)
                    : has(BRACKETS_CONSTANT, bracket) ? 0
                                                      : bson_order(element, &best->element);
        if (best->up ? order >= 0 : order <= 0)
            return;
    }
    best->any = true;
    best->element = *element;
    *place = (struct keyset_place){bracket, bson_scalar(element)};
    if (element->kind == KIND_SYMBOL)
        place->value = value_string(str_make((const char *)element->data + 4, element->len - 5));
}

enum err keyset_place(struct str document, struct str field, bool up, struct keyset_place *place)
{
    struct best best = {.place = place, .up = up};

    *place = (struct keyset_place){BRACKET_NULL, value_null()};
    return bson_path_each(document, field, offer, &best) ? ERR_OK : ERR_PROTOCOL;
}
