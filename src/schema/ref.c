/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/node.h"

#include "base/idiom.h"

/* References within one schema ("#/$defs/address"), never to one that they are part of. */

static const struct str annotations[] = {
    STR_INIT("title"),    STR_INIT("description"), STR_INIT("default"),
    STR_INIT("examples"), STR_INIT("deprecated"),  STR_INIT("readOnly"),
};

/* ~1 and ~0 of a JSON pointer (RFC 6901 section 4), in place; false for any other ~. */
static bool unescape(char *text, size_t *len)
{
    size_t to = 0;

    for (size_t i = 0; i < *len; i++) {
        char c = text[i];
        if (c == '~') {
            if (++i == *len || (text[i] != '0' && text[i] != '1'))
                return false;
            c = text[i] == '0' ? '~' : '/';
        }
        text[to++] = c;
    }
    *len = to;
    return true;
}

/* Follows the pointer from the schema's root; *place becomes that of the target. */
static const json_t *follow(struct reading *reading, struct str pointer, const struct place **place)
{
    const json_t *at = reading->root;
    struct str token;

    *place = reading->root_place;
    while (pointer.len > 0 && pointer.ptr[0] == '/') {
        struct place *step = arena_alloc(reading->arena, sizeof *step);
        size_t len = str_find(str_from_offset(pointer, 1), '/');
        char *text;
        token = arena_str(reading->arena, str_make(pointer.ptr + 1, len));
        pointer = str_from_offset(pointer, 1 + len);
        text = (char *)(uintptr_t)token.ptr;
        if (!unescape(text, &token.len))
            return NULL;
        *step = (struct place){*place, token};
        *place = step;
        at = json_object_getn(at, token.ptr, token.len);
    }
    return pointer.len == 0 ? at : NULL;
}

static bool is_open(const struct reading *reading, const json_t *json)
{
    const struct open_node *open = reading->open;

    while (open != NULL && open->json != json)
        open = open->up;
    return open != NULL;
}

static bool is_annotation(struct str key)
{
    for (size_t i = 0; i < COUNT(annotations); i++)
        if (str_eq(annotations[i], key))
            return true;
    return false;
}

/* The target with what is beside the reference. */
static const json_t *merge(struct reading *reading, const json_t *json, const json_t *target,
                           const struct place *place)
{
    json_t *merged = reading_own(reading, json_copy((json_t *)(uintptr_t)target));
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)json, name, value)
    {
        struct place key = {place, str_from(name)};
        if (strcmp(name, "$ref") == 0)
            continue;
        if (json_object_get(target, name) != NULL && !is_annotation(key.key))
            report(reading, &key, "is in what $ref names, too");
        else
            json_object_set(merged, name, value);
    }
    return merged;
}

const json_t *ref_resolve(struct reading *reading, const json_t *json, const struct place **place)
{
    const json_t *ref, *target;
    const struct place *target_place;

    while (json_is_object(json) && (ref = json_object_get(json, "$ref")) != NULL) {
        struct place at = {*place, STR("$ref")};
        struct open_node *open = arena_alloc(reading->arena, sizeof *open);
        struct str text;
        if (!take_text(reading, &at, ref, &text))
            return NULL;
        if (text.len == 0 || text.ptr[0] != '#') {
            report(reading, &at, "must be local, such as \"#/$defs/address\"");
            return NULL;
        }
        target = follow(reading, str_from_offset(text, 1), &target_place);
        if (!json_is_object(target)) {
            report(reading, &at, "leads nowhere");
            return NULL;
        }
        if (is_open(reading, target)) {
            report(reading, &at, "is recursive");
            return NULL;
        }
        *open = (struct open_node){target, reading->open};
        reading->open = open;
        if (json_object_size(json) == 1) {
            json = target;
            *place = target_place;
        } else {
            json = merge(reading, json, target, *place);
        }
    }
    return json;
}
