/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include <string.h>

#include "app/openapi/about.h"
#include "app/openapi/document.h"
#include "app/openapi/page.h"
#include "app/people/session.h"
#include "app/people/users.h"
#include "app/posts.h"
#include "app/products.h"
#include "app/write/validate.h"

static struct router router;
static const struct app_config closed;

static int setup(void **state)
{
    router.count = 0;
    app_routes(&router);
    *state = openapi_document(&router, &closed);
    return *state == NULL;
}

static int teardown(void **state)
{
    json_decref(*state);
    return 0;
}

static const json_t *operation(const json_t *document, const char *path, const char *method)
{
    return json_object_get(json_object_get(json_object_get(document, "paths"), path), method);
}

/* What is described is what is routed: nothing less and nothing more. */
static void the_paths_are_those_of_the_router(void **state)
{
    static const char *const names[ROUTER_METHODS] = {"get", "post", "put", "patch", "delete"};
    json_t *paths = json_object_get(*state, "paths");
    size_t operations = 0;

    assert_int_equal(json_object_size(paths), router.count);
    for (size_t i = 0; i < router.count; i++) {
        const struct router_path *path = &router.paths[i];
        const struct route *any = NULL;
        json_t *item;

        for (size_t slot = 0; slot < ROUTER_METHODS; slot++)
            if (path->routes[slot] != NULL)
                any = path->routes[slot];
        item = json_object_getn(paths, any->pattern.ptr, any->pattern.len);
        assert_non_null(item);
        assert_non_null(json_object_get(item, "options"));
        operations = 1;
        for (size_t slot = 0; slot < ROUTER_METHODS; slot++) {
            bool routed = path->routes[slot] != NULL;
            assert_int_equal(json_object_get(item, names[slot]) != NULL, routed);
            if (routed)
                operations += slot == 0 ? 2 : 1; /* HEAD */
        }
        assert_int_equal(json_object_size(item), operations);
    }
}

static void every_route_is_put_into_words(void **state)
{
    json_t *seen = json_object(), *item, *one;
    const char *path, *method;

    json_object_foreach(json_object_get(*state, "paths"), path, item)
        json_object_foreach(item, method, one)
    {
        const char *id = json_string_value(json_object_get(one, "operationId"));
        if (json_object_get(one, "summary") == NULL)
            fail_msg("%s %s has no entry in openapi_about.c", method, path);
        assert_null(json_object_get(seen, id));
        json_object_set_new(seen, id, json_true());
    }
    json_decref(seen);
}

static void resolve(const json_t *document, const char *ref)
{
    const json_t *at = document;
    char text[128];

    assert_int_equal(strncmp(ref, "#/", 2), 0);
    snprintf(text, sizeof text, "%s", ref + 2);
    for (char *rest = text, *slash; rest != NULL; rest = slash) {
        slash = strchr(rest, '/');
        if (slash != NULL)
            *slash++ = '\0';
        at = json_object_get(at, rest);
    }
    if (at == NULL)
        fail_msg("%s leads nowhere", ref);
}

static void check_refs(const json_t *document, json_t *at)
{
    const char *name;
    json_t *value;
    size_t i;

    json_object_foreach(at, name, value)
    {
        if (strcmp(name, "$ref") == 0)
            resolve(document, json_string_value(value));
        check_refs(document, value);
    }
    if (json_is_array(at))
        json_array_foreach(at, i, value) check_refs(document, value);
}

static void every_reference_leads_somewhere(void **state)
{
    check_refs(*state, *state);
}

static void parameters_are_those_of_the_table(void **state)
{
    const json_t *list = json_object_get(operation(*state, "/api/posts", "get"), "parameters");
    size_t at = 0;

    assert_int_equal(json_array_size(list), posts.param_count + 1); /* If-None-Match */
    for (; at < posts.param_count; at++) {
        const json_t *one = json_array_get(list, at);
        assert_str(posts.params[at].name, json_string_value(json_object_get(one, "name")));
    }
}

/* Of each resource: what the document shows as an example is accepted. */
static void examples_are_valid(void **state)
{
    static const struct resource *const all[] = {&products, &posts, &users, &signin_form};
    json_t *schemas = json_object_get(json_object_get(*state, "components"), "schemas");

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct arena arena;
        struct problem problem;
        struct draft draft;
        char name[64];
        json_t *example;

        snprintf(name, sizeof name, "New%.*s", (int)all[i]->title.len, all[i]->title.ptr);
        example = json_array_get(json_object_get(json_object_get(schemas, name), "examples"), 0);
        assert_non_null(example);
        arena_init(&arena, NULL, 0);
        problem_init(&problem, &arena);
        assert_int_equal(validate(all[i], example, VALIDATE_CREATE, 0, &arena, &problem, &draft),
                         ERR_OK);
        arena_reset(&arena);
    }
}

static void open_writes_ask_for_no_session(void **state)
{
    json_t *open = openapi_document(&router, &(struct app_config){.writes_open = true});
    const json_t *closed_one = operation(*state, "/api/products", "post");
    const json_t *open_one = operation(open, "/api/products", "post");

    assert_int_equal(json_array_size(json_object_get(closed_one, "security")), 2);
    assert_non_null(json_object_get(json_object_get(closed_one, "responses"), "401"));
    assert_int_equal(json_array_size(json_object_get(open_one, "security")), 0);
    assert_null(json_object_get(json_object_get(open_one, "responses"), "401"));
    json_decref(open);
}

static void the_page_names_every_path(void **state)
{
    struct buf out = BUF_INIT(1 << 20);
    json_t *paths = json_object_get(*state, "paths"), *item;
    const char *path;

    openapi_page(*state, &out);
    assert_int_equal(out.err, ERR_OK);
    buf_char(&out, '\0');
    json_object_foreach(paths, path, item) assert_non_null(strstr(out.ptr, path));
    assert_null(strstr(out.ptr, "<script"));
    assert_null(strstr(out.ptr, "style=\""));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_paths_are_those_of_the_router),
        cmocka_unit_test(every_route_is_put_into_words),
        cmocka_unit_test(every_reference_leads_somewhere),
        cmocka_unit_test(parameters_are_those_of_the_table),
        cmocka_unit_test(examples_are_valid),
        cmocka_unit_test(open_writes_ask_for_no_session),
        cmocka_unit_test(the_page_names_every_path),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
