/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include "app/read/project.h"

/* Only the names are looked at. */
#define FIELD(path_)                                                                               \
    {                                                                                              \
        .path = STR_INIT(path_), .type = FIELD_STRING                                              \
    }

static const struct field chef[] = {FIELD("chef.name"), FIELD("chef.stars")};
static const struct field step[] = {FIELD("steps.text"), FIELD("steps.minutes")};
static const struct field steps = {
    .path = STR_INIT("steps"), .type = FIELD_OBJECT, .fields = step, .field_count = 2};
static const struct field fields[] = {
    {.name = STR_INIT("title"), .path = STR_INIT("title"), .type = FIELD_STRING},
    {.name = STR_INIT("chef"),
     .path = STR_INIT("chef"),
     .type = FIELD_OBJECT,
     .fields = chef,
     .field_count = 2},
    {.name = STR_INIT("steps"), .path = STR_INIT("steps"), .type = FIELD_ARRAY, .items = &steps},
};
static const struct field document = {.type = FIELD_OBJECT, .fields = fields, .field_count = 3};

static const struct shape_field chef_shown[] = {{.name = STR_INIT("name")},
                                                {.name = STR_INIT("stars")}};
static const struct shape chef_shape = {.fields = chef_shown, .count = 2};
static const struct shape_field step_shown[] = {{.name = STR_INIT("text")},
                                                {.name = STR_INIT("minutes")}};
static const struct shape step_shape = {.fields = step_shown, .count = 2};
static const struct shape_field shown[] = {
    {.name = STR_INIT("_id")},
    {.name = STR_INIT("title")},
    {.name = STR_INIT("chef"), .inner = &chef_shape},
    {.name = STR_INIT("steps"), .inner = &step_shape},
};

static const struct str names[] = {STR_INIT("_id"),   STR_INIT("title"),
                                   STR_INIT("chef"),  STR_INIT("chef.name"),
                                   STR_INIT("steps"), STR_INIT("steps.text")};
static const struct query_param params[] = {{.name = STR_INIT("fields"),
                                             .type = PARAM_NAMES,
                                             .op = PARAM_FIELDS,
                                             .choices = names,
                                             .choice_count = 6}};
static const struct resource resource = {.document = &document, .params = params, .param_count = 1};

static void parts_are_chosen(void **state)
{
    static const char json[] = "{\"_id\":\"1\",\"title\":\"a,\\\"}b\",\"x\":[1,{}],"
                               "\"chef\":{\"name\":\"Ada\",\"stars\":3},"
                               "\"steps\":[{\"text\":\"]\",\"minutes\":1},7,[{\"minutes\":2}]]}";
    static const struct {
        const char *query, *expected;
    } cases[] = {
        {"fields=_id", "{\"_id\":\"1\"}"},
        {"fields=title", "{\"_id\":\"1\",\"title\":\"a,\\\"}b\"}"},
        {"fields=chef", "{\"_id\":\"1\",\"chef\":{\"name\":\"Ada\",\"stars\":3}}"},
        {"fields=chef.name", "{\"_id\":\"1\",\"chef\":{\"name\":\"Ada\"}}"},
        {"fields=steps.text", "{\"_id\":\"1\",\"steps\":[{\"text\":\"]\"},7,[{}]]}"},
    };
    struct plan plan = {.resource = &resource, .shape = {.fields = shown, .count = 4}};
    struct buf out = BUF_INIT(1024);
    struct problem problem;
    struct query query;
    struct arena arena;
    struct shape shape;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arena_init(&arena, NULL, 0);
        problem_init(&problem, &arena);
        plan.at[PARAM_FIELDS] = 0;
        assert_int_equal(query_parse(&query, params, 1, str_from(cases[i].query), &arena, &problem),
                         ERR_OK);
        shape = project_shape(&plan, &query, &arena);
        buf_reset(&out);
        project_json(STR(json), &shape, &out);
        assert_str(buf_view(&out), cases[i].expected);
        arena_reset(&arena);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
