/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include "app/write/body.h"
#include "app/write/validate.h"
#include "mongo/collection.h"
#include "schema/check.h"
#include "schema/schema.h"

enum { NOW_MS = 1000000, JSON_MAX = 1 << 20 };

struct fixture {
    struct arena arena;
    struct problem problem;
    struct assignments draft;
    struct buf before; /* BSON */
};

static const char recipe[] = "{'type':'object','required':['title'],'properties':{"
                             "'title':{'type':'string','minLength':1,'maxLength':20},"
                             "'minutes':{'type':'integer','minimum':1},"
                             "'vegan':{'type':'boolean','default':true},"
                             "'served':{'type':'string','format':'date-time','default':'now'},"
                             "'note':{'type':['string','null']},"
                             "'checked':{'type':'boolean','readOnly':true},"
                             "'chef':{'type':'object','required':['name'],'properties':{"
                             "'name':{'type':'string'},'stars':{'type':'integer','default':1},"
                             "'home':{'type':'object','properties':{'town':{'type':'string'}}}}},"
                             "'tags':{'type':'array','items':{'type':'string'}}}}";

static const char anything[] = "{'type':'object','additionalProperties':true}";

/* With ' for ". */
static struct str quoted(struct arena *arena, const char *text)
{
    size_t len = strlen(text);
    char *copy = arena_alloc(arena, len + 1);

    for (size_t i = 0; i <= len; i++)
        copy[i] = text[i] == '\'' ? '"' : text[i];
    return str_make(copy, len);
}

static struct resource resource_of(const char *schema)
{
    struct resource resource = {
        .id = ID_OBJECTID,
        .kept = {STR("version"), STR("createdAt"), STR("updatedAt"), STR("ownerId")}};
    struct arena arena;

    arena_init(&arena, NULL, 0);
    resource.document = schema_form(quoted(&arena, schema).ptr);
    arena_reset(&arena);
    return resource;
}

static void begin(struct fixture *fixture)
{
    arena_init(&fixture->arena, NULL, 0);
    problem_init(&fixture->problem, &fixture->arena);
    buf_init(&fixture->before, JSON_MAX);
}

static void end(struct fixture *fixture)
{
    arena_reset(&fixture->arena);
    buf_free(&fixture->before);
}

/* A document's BSON from its JSON. */
static void take_document(struct fixture *fixture, const json_t *json)
{
    struct check check = {.arena = &fixture->arena, .problem = &fixture->problem};
    struct assignment *fields;
    struct value value;

    assert_int_equal(check_anything(&check, STR(""), json, &value), ERR_OK);
    fields = arena_alloc(&fixture->arena, (value.object.count + 1) * sizeof *fields);
    fields[0] = (struct assignment){STR("_id"), ASSIGN_SET, value_int(1)};
    for (size_t i = 0; i < value.object.count; i++)
        fields[i + 1] = (struct assignment){value.object.members[i].name, ASSIGN_SET,
                                            value.object.members[i].value};
    assert_int_equal(
        document_bytes(&(struct document){fields, value.object.count + 1}, &fixture->before),
        ERR_OK);
}

static enum err run_json(struct fixture *fixture, const struct resource *resource,
                         enum validate_mode mode, const json_t *root)
{
    const struct validation validation = {.resource = resource,
                                          .mode = mode,
                                          .now_ms = NOW_MS,
                                          .before = buf_view(&fixture->before),
                                          .arena = &fixture->arena,
                                          .problem = &fixture->problem};

    return validate(&validation, root, &fixture->draft);
}

static enum err run(struct fixture *fixture, const char *schema, enum validate_mode mode,
                    const char *text)
{
    struct resource resource = resource_of(schema);
    json_t *root;
    enum err err;

    begin(fixture);
    assert_int_equal(body_parse(quoted(&fixture->arena, text), false, &fixture->problem, &root),
                     ERR_OK);
    err = run_json(fixture, &resource, mode, root);
    json_decref(root);
    return err;
}

/* The draft as text: "a.b=1 -c": what is set to JSON, what is taken away; without what the server
 * keeps. */
static struct str draft_text(struct fixture *fixture)
{
    struct buf out = BUF_INIT(JSON_MAX);
    struct str text;

    for (size_t i = 0; i < fixture->draft.count; i++) {
        const struct assignment *item = &fixture->draft.items[i];
        struct assignment shown = {STR("v"), ASSIGN_SET, item->value};
        static const struct shape_field id[] = {{.name = STR_INIT("_id"), .hidden = true}};
        struct shape shape = {.fields = id, .count = 1, .open = true};

        if (str_eq(item->field, STR("version")) || str_eq(item->field, STR("updatedAt")))
            continue;
        if (out.len > 0)
            buf_char(&out, ' ');
        if (item->op == ASSIGN_UNSET)
            buf_char(&out, '-');
        buf_str(&out, item->field);
        if (item->op == ASSIGN_UNSET)
            continue;
        buf_char(&out, '=');
        assert_int_equal(document_json(&(struct document){&shown, 1}, &shape, &out), ERR_OK);
    }
    text = arena_str(&fixture->arena, buf_view(&out));
    buf_free(&out);
    return text;
}

static struct str errors_text(struct fixture *fixture)
{
    struct buf out = BUF_INIT(JSON_MAX);
    struct str text;

    for (size_t i = 0; i < fixture->problem.count; i++) {
        if (i > 0)
            buf_literal(&out, "; ");
        buf_str(&out, fixture->problem.errors[i].field);
        buf_literal(&out, ": ");
        buf_str(&out, fixture->problem.errors[i].message);
    }
    text = arena_str(&fixture->arena, buf_view(&out));
    buf_free(&out);
    return text;
}

/* --- POST --- */

static void a_document_is_made_whole(void **state)
{
    struct fixture fixture;
    const struct value *chef;

    (void)state;
    assert_int_equal(run(&fixture, recipe, VALIDATE_CREATE,
                         "{'title':'Dal','chef':{'name':'A','stars':null},'note':null}"),
                     ERR_OK);
    assert_str(fixture.draft.items[0].field, "_id");
    assert_int_equal(fixture.draft.items[0].value.type, VALUE_OID);
    assert_int_equal(assignments_value(&fixture.draft, STR("version"))->integer, 1);
    assert_int_equal(assignments_value(&fixture.draft, STR("createdAt"))->integer, NOW_MS);
    assert_int_equal(assignments_value(&fixture.draft, STR("served"))->integer, NOW_MS);
    assert_int_equal(assignments_value(&fixture.draft, STR("note"))->type, VALUE_NULL);
    assert_true(assignments_value(&fixture.draft, STR("vegan"))->boolean);
    assert_null(assignments_value(&fixture.draft, STR("minutes")));
    assert_null(assignments_value(&fixture.draft, STR("ownerId")));
    chef = assignments_value(&fixture.draft, STR("chef"));
    assert_int_equal(chef->object.count, 2);
    assert_int_equal(chef->object.members[1].value.integer, 1);
    end(&fixture);
}

static void all_errors_come_together(void **state)
{
    struct fixture fixture;

    (void)state;
    assert_int_equal(run(&fixture, recipe, VALIDATE_CREATE,
                         "{'x':1,'_id':'a','version':9,'title':'','minutes':0,'chef':{'stars':'a'},"
                         "'checked':true}"),
                     ERR_INVALID);
    assert_str(errors_text(&fixture),
               "version: is set by the server; _id: is set by the server; "
               "x: is not a known field; title: must be a string of 1 to 20 characters; minutes: "
               "must be a whole number of at least 1; checked: is read-only; chef.name: is "
               "required; chef.stars: must be a whole number");
    end(&fixture);
}

static void ids_may_be_given_where_they_mean_something(void **state)
{
    static const struct {
        enum id_type type;
        const char *text, *error;
    } cases[] = {
        {ID_STRING, "{'_id':'a/b','title':'x'}", NULL},
        {ID_STRING, "{'_id':'','title':'x'}", "_id"},
        {ID_STRING, "{'_id':5,'title':'x'}", "_id"},
        {ID_INTEGER, "{'_id':9223372036854775807,'title':'x'}", NULL},
        {ID_INTEGER, "{'_id':'5','title':'x'}", "_id"},
        {ID_UUID, "{'_id':'01234567-89ab-cdef-0123-456789abcdef','title':'x'}", "_id"},
        {ID_UUID, "{'title':'x'}", NULL},
    };
    struct resource resource = resource_of(recipe);
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *root;

        resource.id = cases[i].type;
        begin(&fixture);
        assert_int_equal(
            body_parse(quoted(&fixture.arena, cases[i].text), false, &fixture.problem, &root),
            ERR_OK);
        if (cases[i].error == NULL) {
            assert_int_equal(run_json(&fixture, &resource, VALIDATE_CREATE, root), ERR_OK);
        } else {
            assert_int_equal(run_json(&fixture, &resource, VALIDATE_CREATE, root), ERR_INVALID);
            assert_str(fixture.problem.errors[0].field, cases[i].error);
        }
        json_decref(root);
        end(&fixture);
    }
}

/* As files have what was exported. */
static struct str restored(struct fixture *fixture, enum validate_mode mode, const char *text)
{
    struct resource resource = resource_of("{'type':'object','required':['title'],'properties':{"
                                           "'title':{'type':'string','default':'x'},"
                                           "'vegan':{'type':'boolean','default':true},"
                                           "'checked':{'type':'boolean','readOnly':true},"
                                           "'ownerId':{'type':'string','format':'objectid',"
                                           "'readOnly':true}}}");
    struct validation validation = {.resource = &resource,
                                    .mode = mode,
                                    .now_ms = NOW_MS,
                                    .restores = true,
                                    .arena = &fixture->arena,
                                    .problem = &fixture->problem};
    json_t *root;

    begin(fixture);
    resource.kept.updated = STR("served");
    assert_int_equal(body_parse(quoted(&fixture->arena, text), false, &fixture->problem, &root),
                     ERR_OK);
    if (validate(&validation, root, &fixture->draft) != ERR_OK) {
        json_decref(root);
        return errors_text(fixture);
    }
    json_decref(root);
    return draft_text(fixture);
}

#define OID "65a0c0ffee0123456789abcd"

static void what_is_restored_becomes_as_it_was(void **state)
{
    struct fixture fixture;

    (void)state;
    assert_str(restored(&fixture, VALIDATE_CREATE,
                        "{'_id':'" OID "','title':'','checked':true,'ownerId':'" OID "'}"),
               "_id={\"v\":\"" OID "\"} title={\"v\":\"\"} checked={\"v\":true} "
               "createdAt={\"v\":\"1970-01-01T00:16:40.000Z\"} "
               "served={\"v\":\"1970-01-01T00:16:40.000Z\"} ownerId={\"v\":\"" OID "\"}");
    end(&fixture);
    assert_str(
        restored(&fixture, VALIDATE_CREATE, "{'_id':'" OID "','createdAt':1,'version':2}"),
        "version: is set by the server; createdAt: is set by the server; title: is required");
    end(&fixture);
    assert_str(restored(&fixture, VALIDATE_CREATE, "{'_id':'x','title':'a'}"),
               "_id: must be 24 hex digits");
    end(&fixture);
    assert_str(restored(&fixture, VALIDATE_PUT, "{'title':'a','ownerId':5,'checked':null}"),
               "served={\"v\":\"1970-01-01T00:16:40.000Z\"} title={\"v\":\"a\"} -checked");
    end(&fixture);
}

static void what_is_not_kept_is_not_written(void **state)
{
    struct resource resource = resource_of(recipe);
    json_t *root = json_pack("{s:s}", "title", "x");
    struct oid owner = oid_new();
    struct fixture fixture;
    struct validation validation = {.resource = &resource,
                                    .mode = VALIDATE_CREATE,
                                    .owner = &owner,
                                    .arena = &fixture.arena,
                                    .problem = &fixture.problem};

    (void)state;
    begin(&fixture);
    resource.kept = (struct kept_fields){.version = STR("__v"), .owner = STR("madeBy")};
    assert_int_equal(validate(&validation, root, &fixture.draft), ERR_OK);
    assert_int_equal(assignments_value(&fixture.draft, STR("__v"))->integer, 0);
    assert_int_equal(assignments_value(&fixture.draft, STR("madeBy"))->type, VALUE_OID);
    assert_null(assignments_value(&fixture.draft, STR("createdAt")));
    resource.kept = (struct kept_fields){0};
    validation.mode = VALIDATE_PUT;
    assert_int_equal(validate(&validation, root, &fixture.draft), ERR_OK);
    assert_int_equal(fixture.draft.count, 1);
    json_decref(root);
    end(&fixture);
}

/* --- PUT and PATCH --- */

struct change {
    const char *before; /* PATCH of this; NULL: PUT */
    const char *body;
    const char *draft, *errors;
};

static const struct change changes[] = {
    {NULL, "{'minutes':2.0}", "minutes={'v':2}", ""},
    {NULL, "{'minutes':null,'vegan':null}", "-minutes -vegan", ""},
    {NULL, "{'note':null}", "note={'v':null}", ""},
    {NULL, "{'title':null}", "", "title: is required and cannot be removed"},
    {NULL, "{'chef':{'name':'A'}}", "chef={'v':{'name':'A'}}", ""},
    {NULL, "{'chef':{'stars':1}}", "", "chef.name: is required"},
    {NULL, "{'_id':1,'updatedAt':1,'x':1}", "",
     "_id: is set by the server; updatedAt: is set by the server; x: is not a known field"},
    {NULL, "{'checked':null}", "", "checked: is read-only"},

    {"{'chef':{'name':'A'}}", "{'chef':{'stars':2}}", "chef.stars={'v':2}", ""},
    {"{'chef':{'name':'A','stars':1}}", "{'chef':{'stars':null}}", "-chef.stars", ""},
    {"{'chef':{'name':'A'}}", "{'chef':{'name':null}}", "",
     "chef.name: is required and cannot be removed"},
    {"{'chef':{'name':'A'}}", "{'chef':{'x':1}}", "", "chef.x: is not a known field"},
    {"{'chef':{'name':'A'}}", "{'chef':null}", "-chef", ""},
    {"{'chef':{'name':'A'}}", "{'chef':{}}", "", ""},
    {"{'chef':{'name':'A'}}", "{'chef':'B'}", "", "chef: must be an object"},
    {"{'chef':{'name':'A'}}", "{'chef':{'home':{'town':'T'}}}", "chef.home={'v':{'town':'T'}}", ""},
    {"{'chef':{'home':{'x':1}}}", "{'chef':{'home':{'town':'T'}}}", "chef.home.town={'v':'T'}", ""},
    /* Made whole where there is none. */
    {"{}", "{'chef':{'stars':2}}", "", "chef.name: is required"},
    {"{'chef':null}", "{'chef':{'name':'A','stars':null}}", "chef={'v':{'name':'A'}}", ""},
    {"{'chef':'cook'}", "{'chef':{'name':'A'}}", "chef={'v':{'name':'A'}}", ""},
    {"{'chef':[{'name':'A'}]}", "{'chef':{'name':'B'}}", "chef={'v':{'name':'B'}}", ""},
    {"{'chef':[{'name':'A'}]}", "{'chef':{'stars':1}}", "", "chef.name: is required"},
    {"{'tags':['a']}", "{'tags':['b']}", "tags={'v':['b']}", ""},
    {"{'note':'a'}", "{'note':null}", "-note", ""},
};

static void changes_touch_what_is_given(void **state)
{
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct change *change = &changes[i];
        struct resource resource = resource_of(recipe);
        json_t *body, *before = NULL;

        begin(&fixture);
        body = json_loads(quoted(&fixture.arena, change->body).ptr, 0, NULL);
        if (change->before != NULL) {
            before = json_loads(quoted(&fixture.arena, change->before).ptr, 0, NULL);
            take_document(&fixture, before);
        }
        (void)run_json(&fixture, &resource, before != NULL ? VALIDATE_PATCH : VALIDATE_PUT, body);
        if (!str_eq(errors_text(&fixture), str_from(change->errors)) ||
            (fixture.problem.count == 0 &&
             !str_eq(draft_text(&fixture), quoted(&fixture.arena, change->draft))))
            fail_msg("%s on %s: %s; %s", change->body, change->before, errors_text(&fixture).ptr,
                     draft_text(&fixture).ptr);
        json_decref(before);
        json_decref(body);
        end(&fixture);
    }
}

/* Before the document is known, only what is wrong with any is found. */
static void a_patch_of_the_unknown(void **state)
{
    struct fixture fixture;

    (void)state;
    assert_int_equal(run(&fixture, recipe, VALIDATE_PATCH, "{'chef':{'stars':1}}"), ERR_OK);
    end(&fixture);
    assert_int_equal(run(&fixture, recipe, VALIDATE_PATCH, "{'chef':{'stars':'a'}}"), ERR_INVALID);
    end(&fixture);
}

static void keys_that_are_no_names_are_refused(void **state)
{
    static const char *const bodies[] = {"{'$set':1}",       "{'a.b':1}",       "{'':1}",
                                         "{'$set':null}",    "{'a.b':null}",    "{'a':{'$b':1}}",
                                         "{'a':{'b.c':{}}}", "{'a':[{'$b':1}]}"};
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        for (int mode = VALIDATE_CREATE; mode <= VALIDATE_PATCH; mode++) {
            assert_int_equal(run(&fixture, anything, (enum validate_mode)mode, bodies[i]),
                             ERR_INVALID);
            end(&fixture);
        }
}

/* --- Merges against RFC 7396 --- */

/* The function of its section 2. */
static json_t *reference(json_t *target, const json_t *patch)
{
    json_t *object = (json_t *)(uintptr_t)patch, *result;

    if (!json_is_object(patch))
        return json_deep_copy(patch);
    result = json_is_object(target) ? json_deep_copy(target) : json_object();
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        const char *key = json_object_iter_key(at);
        if (json_is_null(json_object_iter_value(at)))
            json_object_del(result, key);
        else
            json_object_set_new(
                result, key, reference(json_object_get(result, key), json_object_iter_value(at)));
    }
    return result;
}

static uint64_t seed;

static unsigned roll(unsigned sides)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % sides);
}

static json_t *random_value(int depth);

static json_t *random_object(int depth)
{
    static const char *const keys[] = {"a", "b", "c", "0"};
    json_t *object = json_object();

    for (unsigned i = roll(4); i > 0; i--)
        json_object_set_new(object, keys[roll(4)], random_value(depth));
    return object;
}

static json_t *random_value(int depth)
{
    switch (roll(depth > 0 ? 8 : 4)) {
    case 0: return json_null();
    case 1: return json_integer(roll(5));
    case 2: return json_real(roll(5) + 0.5);
    case 3: return json_string("x");
    case 4: {
        json_t *array = json_array();
        for (unsigned i = roll(3); i > 0; i--)
            json_array_append_new(array, random_value(depth - 1));
        return array;
    }
    default: return random_object(depth - 1);
    }
}

static json_t *patched(struct fixture *fixture, const struct resource *resource,
                       const json_t *before, const json_t *patch)
{
    struct buf after = BUF_INIT(JSON_MAX), json = BUF_INIT(JSON_MAX);
    struct shape shape = {.open = true};
    json_t *result;

    begin(fixture);
    take_document(fixture, before);
    assert_int_equal(run_json(fixture, resource, VALIDATE_PATCH, patch), ERR_OK);
    assert_int_equal(collection_preview(buf_view(&fixture->before), fixture->draft.items,
                                        fixture->draft.count, &after),
                     ERR_OK);
    assert_int_equal(
        bson_json_write((const uint8_t *)after.ptr, after.len, &shape, &json, NULL, NULL), ERR_OK);
    result = json_loadb(json.ptr, json.len, 0, NULL);
    json_object_del(result, "_id");
    end(fixture);
    buf_free(&after);
    buf_free(&json);
    return result;
}

static void patches_merge_as_the_standard_says(void **state)
{
    struct resource resource = resource_of(anything);
    struct fixture fixture;

    (void)state;
    resource.kept = (struct kept_fields){0};
    for (uint64_t i = 1; i <= 5000; i++) {
        json_t *before, *patch, *expected, *result;

        seed = i * 0x9e3779b97f4a7c15;
        before = random_object(3);
        patch = random_object(3);
        expected = reference(before, patch);
        result = patched(&fixture, &resource, before, patch);
        if (!json_equal(expected, result))
            fail_msg("%llu: %s + %s = %s, not %s", (unsigned long long)i, json_dumps(before, 0),
                     json_dumps(patch, 0), json_dumps(expected, 0), json_dumps(result, 0));
        json_decref(before);
        json_decref(patch);
        json_decref(expected);
        json_decref(result);
    }
}

/* --- What the server keeps --- */

static void what_is_kept_fits_the_document(void **state)
{
    static const struct {
        const char *before;
        enum err err;
        enum assign_op op;
        const char *field; /* of the error */
    } cases[] = {
        {"{'version':3}", ERR_OK, ASSIGN_INC, NULL},
        {"{'version':3.0}", ERR_OK, ASSIGN_INC, NULL},
        {"{}", ERR_OK, ASSIGN_SET, NULL},
        {"{'version':null}", ERR_OK, ASSIGN_SET, NULL},
        {"{'version':9223372036854775807}", ERR_CONFLICT, ASSIGN_INC, "version"},
        {"{'version':'10.4.1-2'}", ERR_CONFLICT, ASSIGN_INC, "version"},
        {"{'version':3.5}", ERR_CONFLICT, ASSIGN_INC, "version"},
        {"{'version':{'major':1}}", ERR_CONFLICT, ASSIGN_INC, "version"},
        {"{'updatedAt':'yesterday'}", ERR_CONFLICT, ASSIGN_SET, "updatedAt"},
        {"{'updatedAt':null}", ERR_OK, ASSIGN_SET, NULL},
        {"{'createdAt':'yesterday'}", ERR_OK, ASSIGN_SET, NULL},
    };
    struct resource resource = resource_of(recipe);
    json_t *body = json_pack("{s:s}", "title", "x");
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *before;

        begin(&fixture);
        before = json_loads(quoted(&fixture.arena, cases[i].before).ptr, 0, NULL);
        take_document(&fixture, before);
        assert_int_equal(run_json(&fixture, &resource, VALIDATE_PUT, body), ERR_OK);
        assert_int_equal(assignments_keep(&resource, buf_view(&fixture.before), &fixture.draft,
                                          &fixture.arena, &fixture.problem),
                         cases[i].err);
        if (cases[i].field != NULL)
            assert_str(fixture.problem.errors[0].field, cases[i].field);
        else
            assert_int_equal(
                assignment_find(fixture.draft.items, fixture.draft.count, STR("version"))->op,
                cases[i].op);
        json_decref(before);
        end(&fixture);
    }
    json_decref(body);
}

/* As for a document that is read again: the counter may have come or gone. */
static void mongooses_counter_is_raised_where_it_is(void **state)
{
    static const char *const documents[] = {"{'__v':3}", "{}", "{'__v':'x'}", "{'__v':0}"};
    struct resource resource = resource_of(recipe);
    json_t *body = json_pack("{s:s}", "title", "x");
    struct fixture fixture;

    (void)state;
    begin(&fixture);
    assert_int_equal(run_json(&fixture, &resource, VALIDATE_PUT, body), ERR_OK);
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        json_t *before = json_loads(quoted(&fixture.arena, documents[i]).ptr, 0, NULL);
        const struct assignment *raised;

        buf_reset(&fixture.before);
        take_document(&fixture, before);
        assert_int_equal(assignments_keep(&resource, buf_view(&fixture.before), &fixture.draft,
                                          &fixture.arena, &fixture.problem),
                         ERR_OK);
        raised = assignment_find(fixture.draft.items, fixture.draft.count, MONGOOSE_VERSION);
        assert_int_equal(raised != NULL, i == 0 || i == 3);
        if (raised != NULL)
            assert_int_equal(raised->op, ASSIGN_INC);
        json_decref(before);
    }
    end(&fixture);
    json_decref(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_is_made_whole),
        cmocka_unit_test(all_errors_come_together),
        cmocka_unit_test(ids_may_be_given_where_they_mean_something),
        cmocka_unit_test(what_is_restored_becomes_as_it_was),
        cmocka_unit_test(what_is_not_kept_is_not_written),
        cmocka_unit_test(changes_touch_what_is_given),
        cmocka_unit_test(a_patch_of_the_unknown),
        cmocka_unit_test(keys_that_are_no_names_are_refused),
        cmocka_unit_test(patches_merge_as_the_standard_says),
        cmocka_unit_test(what_is_kept_fits_the_document),
        cmocka_unit_test(mongooses_counter_is_raised_where_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
