/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"
#include "app/handlers.h"
#include "app/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/openapi/about.h"
#include "app/openapi/names.h"
#include "app/openapi/openapi.h"
#include "app/openapi/openapi_document.h"
#include "app/people/session.h"
#include "app/people/users.h"
#include "schema/check.h"

static struct router router;
static struct route *routes;
static struct schema *schema;
static const struct app_config closed;

static int setup(void **state)
{
    const char *source = getenv("srcdir");
    struct buf problems = BUF_INIT(1 << 16);
    char folder[1024];

    snprintf(folder, sizeof folder, "%s/resources", source != NULL ? source : ".");
    if (schema_load(folder, &schema, &problems) != ERR_OK)
        fail_msg("%.*s", (int)problems.len, problems.ptr);
    buf_free(&problems);
    app_routes(&router, schema, &routes);
    *state = openapi_document(&router, schema, &closed);
    return *state == NULL;
}

static int teardown(void **state)
{
    json_decref(*state);
    router_free(&router);
    free(routes);
    schema_free(schema);
    return 0;
}

static const json_t *operation(const json_t *document, const char *path, const char *method)
{
    const json_t *item = json_object_get(json_object_get(document, "paths"), path);
    const json_t *one = json_object_get(item, method);

    if (one == NULL)
        fail_msg("there is no %s %s", method, path);
    return one;
}

static const json_t *component(const json_t *document, const char *name)
{
    return json_object_get(json_object_get(json_object_get(document, "components"), "schemas"),
                           name);
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
    char text[256];

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
    const struct resource *posts = schema_find(schema, STR("posts"));
    const json_t *list = json_object_get(operation(*state, "/api/posts", "get"), "parameters");
    size_t at = 0;

    assert_int_equal(json_array_size(list), posts->param_count + 1); /* If-None-Match */
    for (; at < posts->param_count; at++) {
        const json_t *one = json_array_get(list, at);
        assert_str(posts->params[at].name, json_string_value(json_object_get(one, "name")));
    }
}

/* A list that has chosen takes neither what it has set nor ids. */
static void a_named_list_takes_what_it_has_not_set(void **state)
{
    const json_t *one,
        *list = json_object_get(operation(*state, "/api/products/featured", "get"), "parameters");
    size_t i;

    assert_true(json_array_size(list) > 5);
    json_array_foreach(list, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "name"));
        assert_string_not_equal(name, "featured");
        assert_string_not_equal(name, "ids");
    }
}

/* What the document shows as an example is accepted. */
static void check_example(const json_t *document, const char *title, const struct field *form)
{
    struct arena arena;
    struct problem problem;
    struct value value;
    struct check check = {.arena = &arena, .problem = &problem, .defaults = true};
    json_t *example;
    char name[64];

    snprintf(name, sizeof name, "New%s", title);
    example = json_array_get(json_object_get(component(document, name), "examples"), 0);
    assert_non_null(example);
    arena_init(&arena, NULL, 0);
    problem_init(&problem, &arena);
    if (check_value(&check, form, STR(""), example, &value) != ERR_OK)
        fail_msg("%s: %.*s", name, (int)problem.errors[0].field.len, problem.errors[0].field.ptr);
    arena_reset(&arena);
}

static void examples_are_valid(void **state)
{
    for (size_t i = 0; i < schema_count(schema); i++) {
        const struct resource *resource = schema_resource(schema, i);
        char title[64];
        snprintf(title, sizeof title, "%.*s", (int)resource->title.len, resource->title.ptr);
        check_example(*state, title, resource->document);
    }
    check_example(*state, "User", users_resource()->document);
    check_example(*state, "SignIn", signin_form()->document);
}

static void open_writes_ask_for_no_session(void **state)
{
    json_t *open = openapi_document(&router, schema, &(struct app_config){.writes_open = true});
    const json_t *closed_one = operation(*state, "/api/products", "post");
    const json_t *open_one = operation(open, "/api/products", "post");

    assert_int_equal(json_array_size(json_object_get(closed_one, "security")), 2);
    assert_non_null(json_object_get(json_object_get(closed_one, "responses"), "401"));
    assert_int_equal(json_array_size(json_object_get(open_one, "security")), 0);
    assert_null(json_object_get(json_object_get(open_one, "responses"), "401"));
    json_decref(open);
}

static void a_bound_on_requests_is_told_where_it_holds(void **state)
{
    json_t *bounded = openapi_document(&router, schema, &(struct app_config){.rate = 10});

    assert_null(json_object_get(
        json_object_get(operation(*state, "/api/products", "get"), "responses"), "429"));
    assert_non_null(json_object_get(
        json_object_get(operation(bounded, "/api/products", "get"), "responses"), "429"));
    assert_null(json_object_get(json_object_get(operation(bounded, "/healthz", "get"), "responses"),
                                "429"));
    json_decref(bounded);
}

/* Generators take a field with a default for one that is always there. */
static void defaults_make_no_field_required(void **state)
{
    const json_t *made = component(*state, "NewProduct"), *one;
    const char *name;
    size_t i;

    json_array_foreach(json_object_get(made, "required"), i, one)
        assert_string_not_equal(json_string_value(one), "inStock");
    json_array_foreach(json_object_get(component(*state, "Product"), "required"), i, one)
        assert_string_not_equal(json_string_value(one), "inStock");
    json_object_foreach((json_t *)(uintptr_t)json_object_get(made, "properties"), name, one)
        assert_null(json_object_get(one, "default"));
    one = json_object_get(json_object_get(made, "properties"), "inStock");
    assert_string_equal(json_string_value(json_object_get(one, "description")), "Default true");
}

/* PUT replaces an object, PATCH changes what it names of it; an array is replaced by both. */
static void objects_within_are_whole_where_they_are_replaced(void **state)
{
    static const struct {
        const char *schema, *field;
        bool whole;
    } all[] = {{"ChangedPackage", "maintainer", true},
               {"MergedPackage", "maintainer", false},
               {"ChangedPackage", "depends", true},
               {"MergedPackage", "depends", true}};

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const json_t *one = json_object_get(component(*state, all[i].schema), "properties");
        one = json_object_get(one, all[i].field);
        if (json_object_get(one, "items") != NULL)
            one = json_object_get(one, "items");
        assert_int_equal(json_object_get(one, "required") != NULL, all[i].whole);
    }
    assert_null(json_object_get(component(*state, "MergedPackage"), "required"));
    assert_null(component(*state, "MergedProduct"));
}

/* --- Answering --- */

static void finished(struct request *request)
{
    request->state = request;
}

static void begin(struct request *request, const char *match)
{
    static struct param params[1];

    params[0] = (struct param){STR("HTTP_IF_NONE_MATCH"), str_from(match)};
    *request = (struct request){.method = METHOD_GET, .params = params, .param_count = 1};
    request->on_finish = finished;
    arena_init(&request->arena, NULL, 0);
    response_init(&request->response);
}

static void end(struct request *request)
{
    response_free(&request->response);
    arena_reset(&request->arena);
}

/* What comes before the description is made is answered when it is. */
static void who_comes_early_waits(void **state)
{
    struct app app = {.router = router, .schema = schema};
    struct request early[2], late;
    uv_loop_t loop;

    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    app.loop = &loop;
    app.openapi = openapi_new(&app);
    openapi_start(app.openapi);
    for (size_t i = 0; i < 2; i++)
        begin(&early[i], "");
    openapi_handle(&app, &early[0], NULL, STR(""));
    docs_handle(&app, &early[1], NULL, STR(""));
    assert_null(early[0].state);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (size_t i = 0; i < 2; i++) {
        assert_ptr_equal(early[i].state, &early[i]);
        assert_int_equal(early[i].response.status, 200);
        end(&early[i]);
    }
    begin(&late, "*");
    files_schema_handle(&app, &late, NULL, STR(""));
    assert_int_equal(late.response.status, 304);
    end(&late);
    openapi_free(app.openapi);
    assert_int_equal(uv_loop_close(&loop), 0);
}

/* --- Names --- */

/* Two resources whose names would meet, and one that is called like an answer of ours. */
static void names_are_given_once(void **state)
{
    static const char *const files[] = {
        "{\"name\": \"texts\", \"singular\": \"text\", \"schema\": {\"type\": \"object\"}}",
        "{\"name\": \"new-texts\", \"singular\": \"new-text\", \"schema\": {\"type\": \"object\"}, "
        "\"lists\": {\"x\": "
        "{\"sort\": \"-createdAt\"}}}",
        "{\"name\": \"x-new-texts\", \"singular\": \"x-new-text\", \"schema\": {\"type\": "
        "\"object\"}}"};
    char paths[3][64], *list[3], folder[] = "/tmp/larder-test-openapi-XXXXXX";
    struct buf problems = BUF_INIT(4096);
    struct schema *three;
    struct router three_router = {0};
    struct route *three_routes;
    json_t *document;

    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 3; i++) {
        FILE *file;
        snprintf(paths[i], sizeof paths[i], "%s/%zu.json", folder, i);
        list[i] = paths[i];
        file = fopen(paths[i], "w");
        fputs(files[i], file);
        fclose(file);
    }
    if (schema_load_files(list, 3, &three, &problems) != ERR_OK)
        fail_msg("%.*s", (int)problems.len, problems.ptr);
    for (size_t i = 0; i < 3; i++)
        remove(paths[i]);
    remove(folder);
    app_routes(&three_router, three, &three_routes);
    document = openapi_document(&three_router, three, &closed);
    assert_non_null(component(document, "Text2"));
    every_route_is_put_into_words((void *[]){document});
    every_reference_leads_somewhere((void *[]){document});
    json_decref(document);
    router_free(&three_router);
    free(three_routes);
    schema_free(three);
    buf_free(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_paths_are_those_of_the_router),
        cmocka_unit_test(every_route_is_put_into_words),
        cmocka_unit_test(every_reference_leads_somewhere),
        cmocka_unit_test(parameters_are_those_of_the_table),
        cmocka_unit_test(a_named_list_takes_what_it_has_not_set),
        cmocka_unit_test(examples_are_valid),
        cmocka_unit_test(open_writes_ask_for_no_session),
        cmocka_unit_test(a_bound_on_requests_is_told_where_it_holds),
        cmocka_unit_test(defaults_make_no_field_required),
        cmocka_unit_test(objects_within_are_whole_where_they_are_replaced),
        cmocka_unit_test(who_comes_early_waits),
        cmocka_unit_test(names_are_given_once),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
