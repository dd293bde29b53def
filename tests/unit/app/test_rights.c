/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "app/app_state.h"
#include "app/rights.h"

static struct app app;

static void expect(const struct resource *resource, const struct visitor *visitor, const char *json)
{
    struct buf out = BUF_INIT(256);

    rights_json(&app, resource, visitor, &out);
    buf_char(&out, '\0');
    assert_string_equal(out.ptr, json);
    buf_free(&out);
}

static void each_role_may_what_the_file_says(void **state)
{
    const struct visitor reader = {.profile = {.role = ROLE_READER}};
    const struct visitor editor = {.profile = {.role = ROLE_EDITOR}};
    const struct visitor admin = {.profile = {.role = ROLE_ADMIN}};
    const struct resource shop = {.read = ACCESS_ANYONE,
                                  .create = ACCESS_EDITOR,
                                  .update = ACCESS_EDITOR,
                                  .remove = ACCESS_ADMIN};
    const struct resource notes = {.read = ACCESS_OWNER,
                                   .create = ACCESS_OWNER,
                                   .update = ACCESS_OWNER,
                                   .remove = ACCESS_OWNER};

    (void)state;
    expect(&shop, NULL, "[\"read\"]");
    expect(&shop, &reader, "[\"read\"]");
    expect(&shop, &editor, "[\"read\",\"create\",\"update\"]");
    expect(&shop, &admin, "[\"read\",\"create\",\"update\",\"delete\"]");
    expect(&notes, NULL, "[]");
    expect(&notes, &reader, "[\"read\",\"create\",\"update\",\"delete\"]");
}

/* Open writes lift roles, but not what is somebody's own, and never the right to read. */
static void open_writes_lift_roles(void **state)
{
    const struct resource shop = {.read = ACCESS_READER,
                                  .create = ACCESS_EDITOR,
                                  .update = ACCESS_OWNER,
                                  .remove = ACCESS_ADMIN};

    (void)state;
    app.config.writes_open = true;
    expect(&shop, NULL, "[\"create\",\"delete\"]");
    app.config.writes_open = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_role_may_what_the_file_says),
        cmocka_unit_test(open_writes_lift_roles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
