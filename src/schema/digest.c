/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/hash.h"
#include "base/idiom.h"
#include "schema/file.h"

/* The hash of a resource: of all that shapes its answers, as settled and not as written, so that a
 * default that is spelt out, a reference or another order of keys change nothing. */

/* --- The schema without words about it --- */

static bool is_words(const char *key)
{
    static const char *const words[] = {"title", "description", "examples", "deprecated", "$defs"};

    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(key, words[i]) == 0)
            return true;
    return false;
}

static json_t *bare_schema(const json_t *schema)
{
    json_t *bare = json_object(), *properties, *value, *inner;
    const char *key, *name;

    json_object_foreach((json_t *)(uintptr_t)schema, key, value)
    {
        if (is_words(key))
            continue;
        if (strcmp(key, "items") == 0) {
            json_object_set_new(bare, key, bare_schema(value));
        } else if (strcmp(key, "properties") == 0) {
            properties = json_object();
            json_object_foreach(value, name, inner)
                json_object_set_new(properties, name, bare_schema(inner));
            json_object_set_new(bare, key, properties);
        } else {
            json_object_set(bare, key, value);
        }
    }
    return bare;
}

/* --- All of it --- */

static json_t *text(struct str s)
{
    return json_stringn(s.ptr != NULL ? s.ptr : "", s.len);
}

static json_t *params_json(const struct resource *resource)
{
    json_t *list = json_array();

    for (size_t i = 0; i < resource->param_count; i++) {
        const struct query_param *param = &resource->params[i];
        json_array_append_new(list, json_pack("[o, i, i, o, o]", text(param->name), (int)param->op,
                                              (int)param->type, text(param->field),
                                              text(param->initial)));
        if (param->op == PARAM_LIMIT)
            json_array_append_new(list, json_integer(param->high));
    }
    return list;
}

static json_t *texts_json(const struct str *texts, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, text(texts[i]));
    return list;
}

static json_t *lists_json(const struct resource *resource)
{
    json_t *lists = json_object();

    for (size_t i = 0; i < resource->list_count; i++) {
        const struct named_list *list = &resource->lists[i];
        json_t *params = json_array();
        for (size_t k = 0; k < list->param_count; k++)
            json_array_append_new(
                params, json_pack("[o, o]", text(resource->params[list->params[k].param].name),
                                  text(list->params[k].text)));
        json_object_setn_new(lists, list->name.ptr, list->name.len, params);
    }
    return lists;
}

void digest_make(struct draft *draft)
{
    struct resource *resource = draft->resource;
    const struct kept_fields *kept = &resource->kept;
    json_t *all = json_pack(
        "{s:o, s:o, s:o, s:[o, o, o, o], s:o, s:o, s:i, s:o, s:i, s:b, s:o, s:o, s:o}", "schema",
        bare_schema(resource->document->schema), "params", params_json(resource), "lists",
        lists_json(resource), "kept", text(kept->version), text(kept->created), text(kept->updated),
        text(kept->owner), "collection", text(resource->collection), "partition",
        text(resource->partition), "id", (int)resource->id, "search",
        texts_json(draft->search, draft->search_count), "read", (int)resource->read, "views",
        (int)resource->views, "sorts", texts_json(draft->sorts, draft->sort_count), "name",
        text(resource->name), "singular", text(resource->singular));
    char *dump = json_dumps(all, JSON_COMPACT | JSON_SORT_KEYS);
    uint64_t hash = hash64(dump, strlen(dump));

    hex_encode(&hash, sizeof resource->hash / 2, resource->hash);
    free(dump);
    json_decref(all);
}
