/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/keyset.h"

#include <math.h>
#include <stdio.h>

#include "base/idiom.h"
#include "store/bson_path.h"
#include "store/bson_value.h"
#include "store/query.h"

enum { KEY_SIZE = 12, TYPES_MAX = 4 };

/* $type's numbers; those without are told otherwise. */
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
enum { ARRAY_TYPE = 4 };

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

/* {field: {outer: {middle: {operator: value}}}}; outer and middle may be NULL. */
static void add(struct clauses *to, const char *outer, const char *middle, const char *operator,
                const struct value * value)
{
    const char *const names[] = {outer, middle};
    bson_t item, levels[1 + COUNT(names)];
    size_t depth = 0;

    begin_item(to, &item);
    bson_append_document_begin(&item, to->field.ptr, (int)to->field.len, &levels[0]);
    for (size_t i = 0; i < COUNT(names); i++) {
        if (names[i] == NULL)
            continue;
        bson_append_document_begin(&levels[depth], names[i], -1, &levels[depth + 1]);
        depth++;
    }
    query_value(&levels[depth], str_from(operator), value);
    for (; depth > 0; depth--)
        bson_append_document_end(&levels[depth - 1], &levels[depth]);
    bson_append_document_end(&item, &levels[0]);
    end_item(to, &item);
}

/* Some item of the field's array is such.  (Said twice in the negative: DocumentDB's own index
 * crashes its server when it is asked for $elemMatch with $type.) */
static void add_item(struct clauses *to, const char *operator, const struct value * value)
{
    struct branch branch;

    begin_branch(to, "$nor", &branch);
    add(&branch.clauses, "$not", "$elemMatch", operator, value);
    end_branch(to, &branch);
}

/* The field has no such value.  (Not as $not: DocumentDB's index would take NaN for one.) */
static void add_none(struct clauses *to, const char *operator, const struct value * value)
{
    struct branch branch;

    begin_branch(to, "$nor", &branch);
    add(&branch.clauses, NULL, NULL, operator, value);
    end_branch(to, &branch);
}

static void add_no_item(struct clauses *to, const char *operator, const struct value * value)
{
    add(to, "$not", "$elemMatch", operator, value);
}

/* {field: {$type: […]}}, or {field: {$not: {$type: […]}}}. */
static void add_types(struct clauses *to, const char *outer, unsigned set)
{
    struct value types[BRACKETS * TYPES_MAX], list;
    size_t count = 0;

    for (unsigned bracket = 0; bracket < BRACKETS; bracket++)
        for (int i = 0; (set & BRACKET(bracket)) != 0 && i < bracket_types[bracket].count; i++)
            types[count++] = value_int(bracket_types[bracket].types[i]);
    list = value_list(types, count);
    if (count > 0)
        add(to, outer, NULL, "$type", &list);
}

static const struct value array_type = {.type = VALUE_INT, .integer = ARRAY_TYPE};

static struct value lowest(void)
{
    return value_double(-INFINITY);
}

static bool is_dotted(struct str field)
{
    return str_find(field, '.') < field.len;
}

/* --- What is in a set, and what is in another --- */

static bool has(unsigned set, enum bracket bracket)
{
    return (set & BRACKET(bracket)) != 0;
}

/* An array of no documents along the path is missing, and not equal to null.  (Not as $or: that
 * would be one thing to DocumentDB.) */
static void add_null_or_missing(struct clauses *to)
{
    const struct value none = value_null(), yes = value_bool(true);
    struct branch neither, both;

    begin_branch(to, "$nor", &neither);
    begin_branch(&neither.clauses, "$and", &both);
    add(&both.clauses, NULL, NULL, "$ne", &none);
    add(&both.clauses, NULL, NULL, "$exists", &yes);
    end_branch(&neither.clauses, &both);
    end_branch(to, &neither);
}

/* Alternatives: the document has a value of one of these brackets. */
static void add_members(struct clauses *any, unsigned set)
{
    const struct value nan = value_double(NAN), none = value_null(), least = lowest();
    const struct value empty = value_list(NULL, 0);
    bool all_numbers = has(set, BRACKET_NAN) && has(set, BRACKET_NUMBER);
    unsigned types = set & ~(BRACKET(BRACKET_NULL) | BRACKET(BRACKET_NAN));

    if (!all_numbers)
        types &= ~BRACKET(BRACKET_NUMBER);
    add_types(any, NULL, types);
    if (has(set, BRACKET_NAN) && !all_numbers)
        add(any, NULL, NULL, "$eq", &nan);
    if (has(set, BRACKET_NUMBER) && !all_numbers)
        add(any, NULL, NULL, "$gte", &least);
    if (has(set, BRACKET_NULL) && is_dotted(any->field))
        add_null_or_missing(any);
    else if (has(set, BRACKET_NULL))
        add(any, NULL, NULL, "$eq", &none);
    if (has(set, BRACKET_EMPTY)) {
        const struct value zero = value_int(0);
        struct branch both;
        begin_branch(any, "$and", &both);
        add(&both.clauses, NULL, NULL, "$eq", &empty);
        add(&both.clauses, NULL, NULL, "$size", &zero);
        end_branch(any, &both);
    }
    if (has(set, BRACKET_ARRAY))
        add_item(any, "$type", &array_type);
}

/* One alternative needs no $or. */
static bool is_single(unsigned set)
{
    return !has(set, BRACKET_EMPTY) && (set & (set - 1)) == 0;
}

/* An array is sorted by one of its items: those that have one in a bracket before were there. */
static void add_not_before(struct clauses *all, const struct keyset_range *range)
{
    const struct value nan = value_double(NAN), none = value_null(), least = lowest();
    const struct value zero = value_int(0);
    unsigned done = brackets_before(brackets_first(range->set, range->up), range->up);
    unsigned types = done & ~BRACKET(BRACKET_NAN);

    if (has(done, BRACKET_NAN) != has(done, BRACKET_NUMBER))
        types &= ~BRACKET(BRACKET_NUMBER);
    add_types(all, "$not", types);
    if (has(done, BRACKET_NAN) && !has(done, BRACKET_NUMBER))
        add(all, NULL, NULL, "$ne", &nan);
    if (has(done, BRACKET_NUMBER) && !has(done, BRACKET_NAN))
        add_none(all, "$gte", &least);
    if (has(done, BRACKET_ARRAY))
        add_no_item(all, "$type", &array_type);
    if (is_dotted(range->field) && has(done, BRACKET_EMPTY))
        add(all, "$not", NULL, "$size", &zero);
    if (is_dotted(range->field) && has(done, BRACKET_NULL)) {
        struct branch any; /* to some servers null is equal to undefined */
        begin_branch(all, "$or", &any);
        add(&any.clauses, NULL, NULL, "$ne", &none);
        add_types(&any.clauses, NULL, range->set & BRACKET(BRACKET_EMPTY));
        end_branch(all, &any);
    }
}

/* --- Behind a place --- */

/* Alternatives: _id comes later. */
static void add_later_id(struct clauses *any, const struct value *id, bool up)
{
    const unsigned never = BRACKET(BRACKET_EMPTY) | BRACKET(BRACKET_ARRAY) | BRACKET(BRACKET_REGEX);
    enum bracket bracket = bson_value_bracket(id);
    struct clauses ids = {any->array, any->count, STR("_id")};

    if (!has(BRACKETS_CONSTANT, bracket))
        add(&ids, NULL, NULL, up ? "$gt" : "$lt", id);
    add_members(&ids, brackets_after(bracket, up) & ~never);
    any->count = ids.count;
}

/* The value and what follows it in its bracket. */
static void add_from_value(struct clauses *all, const struct keyset_range *range,
                           enum bracket bracket)
{
    const struct value *value = &range->after->value;
    const char *forward = range->up ? "$gte" : "$lte", *back = range->up ? "$lt" : "$gt";

    if (bracket == BRACKET_ARRAY) {
        add_item(all, forward, value);
        add_no_item(all, back, value);
    } else {
        add(all, NULL, NULL, forward, value);
        add(all, "$not", NULL, back, value);
    }
}

static void add_tie(struct clauses *all, const struct keyset_range *range, enum bracket bracket)
{
    const struct keyset *after = range->after;
    bool constant = has(BRACKETS_CONSTANT | BRACKETS_BY_ID, bracket);
    struct branch either;

    begin_branch(all, "$or", &either);
    if (!constant && bracket == BRACKET_ARRAY)
        add_no_item(&either.clauses, "$eq", &after->value);
    else if (!constant)
        add(&either.clauses, NULL, NULL, "$ne", &after->value);
    add_later_id(&either.clauses, &after->id, range->up);
    end_branch(all, &either);
}

static void add_set(struct clauses *all, const struct keyset_range *range)
{
    unsigned set = range->set;
    const struct value undefined = value_int(6);
    struct branch any;

    if (set == BRACKETS_ALL)
        return;
    if (is_single(set)) {
        add_members(all, set);
    } else {
        begin_branch(all, "$or", &any);
        add_members(&any.clauses, set);
        end_branch(all, &any);
    }
    /* To some servers null is equal to undefined. */
    if (set == BRACKET(BRACKET_NULL) && !range->up)
        add(all, "$not", NULL, "$type", &undefined);
}

void keyset_append(bson_t *all, size_t index, const struct keyset_range *range)
{
    struct clauses to = {all, index, range->field};
    enum bracket bracket = brackets_first(range->set, range->up);

    if (range->after == NULL) {
        add_set(&to, range);
    } else if (range->by_id) {
        add(&to, NULL, NULL, range->up ? "$gt" : "$lt", &range->after->id);
    } else {
        if (has(BRACKETS_CONSTANT | BRACKETS_BY_ID, bracket))
            add_set(&to, range);
        else
            add_from_value(&to, range, bracket);
        add_tie(&to, range, bracket);
    }
    if (!range->by_id)
        add_not_before(&to, range);
}

bool keyset_fits(const struct sort_key *sort, size_t count)
{
    return count > 0 && count <= 2 && str_eq(sort[count - 1].field, STR("_id")) &&
           sort[0].direction == sort[count - 1].direction;
}

/* Documents of one value come in the order of their _ids.  The field is told all the same: without
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
