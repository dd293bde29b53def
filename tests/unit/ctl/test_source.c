/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "app/posts.h"
#include "app/products.h"
#include "ctl/source.h"

static struct input *input;
static struct source *source;
static struct buf why;
static int fd;

static enum err open_text(struct str text, const char *name, const struct resource *resource)
{
    fd = memfd_create("source", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    lseek(fd, 0, SEEK_SET);
    input = input_new(fd, -1);
    buf_init(&why, 4096);
    source = NULL;
    return source_open(input, name, resource, &source, &why);
}

static void close_text(void)
{
    source_free(source);
    input_free(input);
    buf_free(&why);
    close(fd);
}

/* The one record of a CSV of this header and row. */
static void check_row(struct str text, const struct resource *resource, const char *expected)
{
    struct source_record record;

    assert_int_equal(open_text(text, "x.csv", resource), ERR_OK);
    assert_int_equal(source_next(source, &record), ERR_OK);
    assert_str(record.json, expected);
    assert_int_equal(record.line, 2);
    assert_int_equal(source_next(source, &record), ERR_NOT_FOUND);
    close_text();
}

static void test_cells_become_json_by_their_fields(void **state)
{
    (void)state;
    check_row(STR("name,price,inStock\nTea,4.5,TRUE\n"), &products,
              "{\"name\":\"Tea\",\"price\":4.5,\"inStock\":true}");
    check_row(STR("name,price\n7,1e1\n"), &products, "{\"name\":\"7\",\"price\":1e1}");
    check_row(STR("name , price\n\"a \"\"b\"\"\", 3\n"), &products,
              "{\"name\":\"a \\\"b\\\"\",\"price\":3}");
    check_row(STR("title,tags,date\nA,x; y ;z,2026-01-01\n"), &posts,
              "{\"title\":\"A\",\"tags\":[\"x\",\"y\",\"z\"],\"date\":\"2026-01-01\"}");
}

static void test_an_empty_cell_is_an_absent_field(void **state)
{
    (void)state;
    check_row(STR("name,price,category\n,,c\n"), &products, "{\"category\":\"c\"}");
    check_row(STR("name,price\n,\n"), &products, "{}");
}

/* The validation refuses them with its own words. */
static void test_what_is_no_number_goes_on_as_a_string(void **state)
{
    (void)state;
    check_row(STR("price,inStock\n0x1,yes\n"), &products,
              "{\"price\":\"0x1\",\"inStock\":\"yes\"}");
    check_row(STR("price\n1e999\n"), &products, "{\"price\":\"1e999\"}");
}

static void test_rows_that_are_no_records_are_told(void **state)
{
    struct source_record record;

    (void)state;
    assert_int_equal(
        open_text(STR("name,price\na\na,1,2\na\"b,1\n\xff,1\nb,2\n"), "x.csv", &products), ERR_OK);
    for (unsigned line = 2; line < 6; line++) {
        assert_int_equal(source_next(source, &record), ERR_INVALID);
        assert_int_equal(record.line, line);
        assert_non_null(record.why);
    }
    assert_int_equal(source_next(source, &record), ERR_OK);
    assert_str(record.json, "{\"name\":\"b\",\"price\":2}");
    close_text();
}

static void test_a_header_with_other_names_is_refused(void **state)
{
    static const struct str bad[] = {STR_INIT("name,colour\n"), STR_INIT("name,name\n"),
                                     STR_INIT("_id,name\n"),    STR_INIT("name,createdAt\n"),
                                     STR_INIT("name,\n"),       STR_INIT("na\"me\n")};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(open_text(bad[i], "x.csv", &products), ERR_INVALID);
        assert_true(why.len > 0);
        assert_null(source);
        close_text();
    }
}

static void test_the_ending_decides_else_the_content(void **state)
{
    static const struct {
        const char *name;
        struct str text;
        const char *json;
    } cases[] = {
        {"x.NDJSON", STR_INIT("name\nTea\n"), "name"},
        {"x.jsonl", STR_INIT("{\"a\":1}\n"), "{\"a\":1}"},
        {"x.CSV", STR_INIT("name\n{}\n"), "{\"name\":\"{}\"}"},
        {"standard input", STR_INIT("\n {\"a\":1}\n"), "{\"a\":1}"},
        {"standard input", STR_INIT("name\nTea\n"), "{\"name\":\"Tea\"}"},
    };
    struct source_record record;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(open_text(cases[i].text, cases[i].name, &products), ERR_OK);
        assert_int_equal(source_next(source, &record), ERR_OK);
        assert_str(record.json, cases[i].json);
        close_text();
    }
}

static void test_an_empty_file_has_no_records(void **state)
{
    struct source_record record;

    (void)state;
    assert_int_equal(open_text(STR(""), "x.csv", &products), ERR_OK);
    assert_int_equal(source_next(source, &record), ERR_NOT_FOUND);
    close_text();
    assert_int_equal(open_text(STR(""), "x.ndjson", &products), ERR_OK);
    assert_int_equal(source_next(source, &record), ERR_NOT_FOUND);
    close_text();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_become_json_by_their_fields),
        cmocka_unit_test(test_an_empty_cell_is_an_absent_field),
        cmocka_unit_test(test_what_is_no_number_goes_on_as_a_string),
        cmocka_unit_test(test_rows_that_are_no_records_are_told),
        cmocka_unit_test(test_a_header_with_other_names_is_refused),
        cmocka_unit_test(test_the_ending_decides_else_the_content),
        cmocka_unit_test(test_an_empty_file_has_no_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
