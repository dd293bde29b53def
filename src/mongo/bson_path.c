/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/bson_path.h"

#include "mongo/bson_value.h"

static const struct str no_hint = {NULL, 0};

struct visit {
    bson_path_visit *call;
    void *context;
};

/* 1: found; 0: not there; -1: malformed. */
static int find_name(const uint8_t *data, size_t len, struct str name, struct bson_element *element)
{
    struct bson_walk walk;
    int more;

    if (!bson_walk_init(&walk, data, len))
        return -1;
    while ((more = bson_walk_next(&walk, name, element)) > 0)
        if (element->hinted || str_eq(element->name, name))
            return 1;
    return more;
}

/* The path's first name; rest is what follows, its ptr NULL at the end. */
static struct str split(struct str path, struct str *rest)
{
    struct str name = {NULL, 0};

    *rest = path;
    (void)str_split(rest, '.', &name);
    return name;
}

static bool visit_items(const struct bson_element *array, const struct visit *visit)
{
    struct bson_element item;
    struct bson_walk walk;
    int more;

    if (!bson_walk_init(&walk, array->data, array->len))
        return false;
    while ((more = bson_walk_next(&walk, no_hint, &item)) > 0)
        visit->call(visit->context, &item, true);
    return more == 0;
}

static bool visit_document(const uint8_t *data, size_t len, struct str path, unsigned depth,
                           const struct visit *visit);

/* The items of an array along the path; to a sort, nothing is below one that is no document. */
static bool visit_each(const struct bson_element *array, struct str path, unsigned depth,
                       const struct visit *visit)
{
    struct bson_element item;
    struct bson_walk walk;
    bool any = false;
    int more;

    if (!bson_walk_init(&walk, array->data, array->len))
        return false;
    while ((more = bson_walk_next(&walk, no_hint, &item)) > 0) {
        any = true;
        if (item.kind != KIND_DOCUMENT)
            visit->call(visit->context, NULL, false);
        else if (!visit_document(item.data, item.len, path, depth, visit))
            return false;
    }
    if (!any)
        visit->call(visit->context, NULL, false);
    return more == 0;
}

static bool visit_document(const uint8_t *data, size_t len, struct str path, unsigned depth,
                           const struct visit *visit)
{
    struct bson_element element;
    struct str rest, name = split(path, &rest);
    int found = find_name(data, len, name, &element);

    if (found < 0 || depth > BSON_DEPTH_MAX)
        return false;
    if (found > 0 && rest.ptr != NULL && element.kind == KIND_DOCUMENT)
        return visit_document(element.data, element.len, rest, depth + 1, visit);
    if (found > 0 && rest.ptr != NULL && element.kind == KIND_ARRAY)
        return visit_each(&element, rest, depth + 1, visit);
    if (found == 0 || rest.ptr != NULL) {
        visit->call(visit->context, NULL, false);
        return true;
    }
    visit->call(visit->context, &element, false);
    return element.kind != KIND_ARRAY || visit_items(&element, visit);
}

bool bson_path_each(struct str document, struct str path, bson_path_visit *visit, void *context)
{
    return visit_document((const uint8_t *)document.ptr, document.len, path, 0,
                          &(struct visit){visit, context});
}

enum err bson_path_find(struct str document, struct str path, struct bson_element *element)
{
    const uint8_t *data = (const uint8_t *)document.ptr;
    size_t len = document.len;
    struct str name;
    int found;

    for (;;) {
        name = split(path, &path);
        found = find_name(data, len, name, element);
        if (found < 0)
            return ERR_PROTOCOL;
        if (found == 0 || (path.ptr != NULL && element->kind != KIND_DOCUMENT))
            return ERR_NOT_FOUND;
        if (path.ptr == NULL)
            return ERR_OK;
        data = element->data;
        len = element->len;
    }
}
