/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/names.h"

#include <jansson.h>
#include <stdlib.h>

#include "app/openapi/about.h"
#include "app/openapi/fixed.h"
#include "base/idiom.h"
#include "base/mem.h"

struct names {
    const struct router *router;
    const struct schema *schema;
    struct arena arena;
    struct str *resources;  /* by their indexes */
    struct str *operations; /* ROUTER_METHODS of each path */
};

/* --- Making one --- */

/* "blog-post" is "BlogPost". */
static struct str camel(struct arena *arena, struct str text)
{
    struct str copy = arena_str(arena, text);
    char *to = (char *)(uintptr_t)copy.ptr;
    bool up = true;

    copy.len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '-') {
            up = true;
            continue;
        }
        to[copy.len++] = (char)(up && c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
        up = false;
    }
    return copy;
}

/* Some generators make files of names, and some disks ignore case. */
static bool names_take(json_t *used, struct str name, bool look_only)
{
    char room[256];
    size_t len = name.len < sizeof room ? name.len : sizeof room;

    for (size_t i = 0; i < len; i++)
        room[i] = (char)(name.ptr[i] >= 'A' && name.ptr[i] <= 'Z' ? name.ptr[i] - 'A' + 'a'
                                                                  : name.ptr[i]);
    if (json_object_getn(used, room, len) != NULL)
        return false;
    if (!look_only)
        json_object_setn_new(used, room, len, json_true());
    return true;
}

/* The name, or with the least number behind it that makes it another. */
static struct str numbered(struct arena *arena, struct str name, unsigned number)
{
    return number > 1 ? ARENA_JOIN(arena, name, arena_decimal(arena, number)) : name;
}

/* --- Resources --- */

static const struct {
    struct str before, behind;
} schemas[] = {
    {STR_INIT(""), STR_INIT("")},        {STR_INIT("New"), STR_INIT("")},
    {STR_INIT("Changed"), STR_INIT("")}, {STR_INIT("Merged"), STR_INIT("")},
    {STR_INIT("PartOf"), STR_INIT("")},  {STR_INIT(""), STR_INIT("Page")},
    {STR_INIT(""), STR_INIT("Results")}, {STR_INIT(""), STR_INIT("Answer")},
    {STR_INIT(""), STR_INIT("Written")},
};

static bool take_schemas(struct arena *arena, json_t *used, struct str name, bool look_only)
{
    bool good = true;

    for (size_t i = 0; i < COUNT(schemas); i++)
        good = names_take(used, ARENA_JOIN(arena, schemas[i].before, name, schemas[i].behind),
                          look_only) &&
               good;
    return good;
}

static void name_resources(struct names *names)
{
    struct arena *arena = &names->arena;
    json_t *used = json_object(), *fixed = fixed_schemas(), *value;
    const char *key;

    json_object_foreach(fixed, key, value) names_take(used, str_from(key), false);
    names_take(used, STR("NewSignIn"), false);
    take_schemas(arena, used, STR("User"), false);
    for (size_t i = 0; i < schema_count(names->schema); i++) {
        struct str name = camel(arena, schema_resource(names->schema, i)->singular);
        unsigned number = 1;
        while (!take_schemas(arena, used, numbered(arena, name, number), true))
            number++;
        names->resources[i] = numbered(arena, name, number);
        take_schemas(arena, used, names->resources[i], false);
    }
    json_decref(fixed);
    json_decref(used);
}

struct str names_resource(const struct names *names, const struct resource *resource)
{
    if (resource->index < schema_count(names->schema) &&
        schema_resource(names->schema, resource->index) == resource)
        return names->resources[resource->index];
    return resource->title; /* people's */
}

/* --- Operations --- */

/* "listFeaturedProducts", "getProduct", "productStats". */
static struct str operation_name(struct names *names, const struct route *route)
{
    struct arena *arena = &names->arena;
    const struct about *about = about_route(route);
    const struct resource *resource = about_resource(route);
    const struct named_list *list = route->detail;
    struct str verb = str_from(about->id != NULL ? about->id : "unknown"), noun, which = STR("");

    if (resource == NULL || about->tag != NULL)
        return verb;
    noun = names_resource(names, resource);
    if ((about->traits & ABOUT_PLURAL) != 0)
        noun = camel(arena, resource->name);
    if ((about->traits & ABOUT_SHARED) != 0) {
        char first = (char)(noun.ptr[0] - 'A' + 'a');
        return ARENA_JOIN(arena, str_make(&first, 1), str_from_offset(noun, 1), verb);
    }
    if (list != NULL)
        which = camel(arena, list->name);
    return ARENA_JOIN(arena, route->method == METHOD_PATCH ? STR("patch") : verb, which, noun);
}

static void name_operations(struct names *names)
{
    json_t *used = json_object();

    for (size_t i = 0; i < names->router->count * ROUTER_METHODS; i++) {
        const struct route *route =
            names->router->paths[i / ROUTER_METHODS].routes[i % ROUTER_METHODS];
        struct str name;
        unsigned number = 1;
        if (route == NULL)
            continue;
        name = operation_name(names, route);
        while (!names_take(used, numbered(&names->arena, name, number), false))
            number++;
        names->operations[i] = numbered(&names->arena, name, number);
    }
    json_decref(used);
}

struct str names_operation(const struct names *names, const struct router_path *path, size_t slot)
{
    return names->operations[(size_t)(path - names->router->paths) * ROUTER_METHODS + slot];
}

/* --- Life --- */

struct names *names_new(const struct router *router, const struct schema *schema)
{
    struct names *names = mem_zalloc(sizeof *names);

    names->router = router;
    names->schema = schema;
    arena_init(&names->arena, NULL, 0);
    names->resources = arena_zalloc(&names->arena, schema_count(schema) * sizeof *names->resources);
    names->operations =
        arena_zalloc(&names->arena, router->count * ROUTER_METHODS * sizeof *names->operations);
    name_resources(names);
    name_operations(names);
    return names;
}

void names_free(struct names *names)
{
    arena_reset(&names->arena);
    free(names);
}
