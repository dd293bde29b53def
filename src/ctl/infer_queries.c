/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "base/idiom.h"
#include "ctl/infer_node.h"

enum { EQUAL_MAX = 8, PARTITIONS_MAX = INFER_VALUES_MAX, PARTITION_TIMES = 5 };

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* "chef.name" is "chefName", with "min" before it "minChefName".  False for what no parameter can
 * be called. */
static bool make_name(struct infer_filter *filter, const char *before, struct str path,
                      const char *after)
{
    size_t len = (size_t)snprintf(filter->name, sizeof filter->name, "%s", before);
    bool big = len > 0;

    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     c == '_' || c == '-';
        if (len + strlen(after) + 2 > sizeof filter->name || (!plain && c != '.'))
            return false;
        if (plain)
            filter->name[len++] = big ? upper(c) : c;
        big = c == '.';
    }
    snprintf(filter->name + len, sizeof filter->name - len, "%s", after);
    return true;
}

/* Parameters of every list, and those that are dropped unread. */
static bool is_taken(const char *name)
{
    static const char *const taken[] = {"after", "fields", "ids",    "limit", "page",
                                        "q",     "sort",   "fbclid", "gclid", "_"};

    for (size_t i = 0; i < COUNT(taken); i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    return strncmp(name, "utm_", 4) == 0;
}

static void add_filter(struct infer_queries *queries, const char *before, struct str path,
                       const char *after, const char *op)
{
    struct infer_filter *filter = &queries->filters[queries->filter_count];

    if (queries->filter_count == INFER_FILTERS_MAX || !make_name(filter, before, path, after) ||
        (is_taken(filter->name) && !make_name(filter, "by", path, after)))
        return;
    for (size_t i = 0; i < queries->filter_count; i++)
        if (strcmp(queries->filters[i].name, filter->name) == 0)
            return;
    filter->op = op;
    filter->path = path;
    queries->filter_count++;
}

static bool suits_partition(const struct infer_node *node)
{
    return infer_type(node) == VALUE_STRING && !node->many_texts && node->text_count > 1 &&
           node->text_count <= PARTITIONS_MAX &&
           node->types[VALUE_STRING] >= PARTITION_TIMES * node->text_count;
}

/* An array of documents has no single values: its fields are no partition. */
static bool is_plain_path(const struct infer *infer, struct str path)
{
    bool through_array;
    size_t dot = str_find(path, '.');

    (void)infer_find(infer, path, &through_array);
    return !through_array || dot == path.len;
}

static void add_equal(struct infer_queries *queries, const struct infer_node *node, struct str path)
{
    size_t before = queries->filter_count;

    if (queries->equal_count == EQUAL_MAX)
        return;
    add_filter(queries, "", path, "", NULL);
    if (queries->filter_count == before)
        return;
    queries->equal_count++;
    if (queries->partition == NULL && suits_partition(node) &&
        is_plain_path(queries->infer, path)) {
        queries->partition = node;
        queries->partition_path = path;
    }
}

static void add_filters_of(struct infer_queries *queries, struct str path, bool unique)
{
    bool through_array;
    const struct infer_node *node = infer_find(queries->infer, path, &through_array);
    enum value_type type = node != NULL ? infer_type(node) : VALUE_RAW;

    if (type == VALUE_STRING || type == VALUE_BOOL || type == VALUE_OID || type == VALUE_UUID ||
        (unique && type == VALUE_INT))
        add_equal(queries, node, path);
    else if (type == VALUE_INT || type == VALUE_DOUBLE || type == VALUE_DECIMAL) {
        add_filter(queries, "min", path, "", "gte");
        add_filter(queries, "max", path, "", "lte");
    } else if (type == VALUE_DATE) {
        add_filter(queries, "", path, "From", "gte");
        add_filter(queries, "", path, "To", "lte");
    }
}

static void add_sort(struct infer_queries *queries, struct str path, int direction, bool leads)
{
    bool through_array;
    const struct infer_node *node = infer_find(queries->infer, path, &through_array);
    enum value_type type = node != NULL ? infer_type(node) : VALUE_RAW;
    bool sorted = type == VALUE_STRING || type == VALUE_INT || type == VALUE_DOUBLE ||
                  type == VALUE_DECIMAL || type == VALUE_DATE;

    if (!sorted || through_array || infer_is_choice(node) || queries->sort_count == INFER_SORTS_MAX)
        return;
    for (size_t i = 0; i < queries->sort_count; i++)
        if (str_eq(queries->sorts[i].path, path)) {
            queries->sorts[i].leads = queries->sorts[i].leads || leads;
            return;
        }
    queries->sorts[queries->sort_count++] = (struct infer_sort){path, direction < 0, leads};
}

/* The first key of an index, and what comes behind keys that are asked for by equality. */
static void add_index(struct infer_queries *queries, const struct infer_index_keys *index)
{
    for (size_t i = 0; i < index->count; i++) {
        const struct index_key *key = &index->keys[i];
        size_t equal = queries->equal_count;
        if (key->direction == INDEX_TEXT || str_eq(key->field, STR("_id")) ||
            str_eq(key->field, queries->kept.version))
            return;
        add_filters_of(queries, key->field, index->unique && index->count == 1);
        if (i == 0 || queries->equal_count == equal)
            add_sort(queries, key->field, key->direction, i == 0);
    }
}

void infer_find_queries(struct infer_queries *queries, const struct infer *infer)
{
    *queries = (struct infer_queries){.infer = infer, .kept = infer_kept(infer)};
    for (size_t i = 0; i < infer->index_count; i++)
        add_index(queries, &infer->indexes[i]);
}
