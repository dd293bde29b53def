/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <sys/mman.h>
#include <unistd.h>

#include "ctl/source.h"
#include "schema/schema.h"

static struct input *input;
static struct source *source;
static struct buf why;
static int fd;

static struct resource recipes = {
    .name = STR_INIT("recipes"),
    .id = ID_OBJECTID,
    .kept = {STR_INIT("version"), STR_INIT("createdAt"), STR_INIT("updatedAt"), STR_INIT("by")}};

static int read_schema(void **state)
{
    (void)state;
    recipes.document = schema_form(
        "{\"type\":\"object\",\"properties\":{"
        "\"title\":{\"type\":\"string\"},\"price\":{\"type\":\"number\"},"
        "\"minutes\":{\"type\":\"integer\"},\"vegan\":{\"type\":\"boolean\"},"
        "\"date\":{\"type\":\"string\",\"format\":\"date-time\"},"
        "\"level\":{\"enum\":[\"easy\",1,true,null]},"
        "\"checked\":{\"type\":\"boolean\",\"readOnly\":true},"
        "\"tags\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
        "\"sizes\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
        "\"steps\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
        "\"text\":{\"type\":\"string\"}}}},"
        "\"chef\":{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},"
        "\"stars\":{\"type\":\"integer\"},\"home\":{\"type\":\"object\",\"properties\":{"
        "\"town\":{\"type\":\"string\"}}}}}}}");
    return 0;
}

static enum err open_text(struct str text, const char *name)
{
    fd = memfd_create("source", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.ptr, text.len), text.len);
    lseek(fd, 0, SEEK_SET);
    input = input_new(fd, -1);
    buf_init(&why, 4096);
    source = NULL;
    return source_open(input, name, &recipes, &source, &why);
}

static void close_text(void)
{
    source_free(source);
    input_free(input);
    buf_free(&why);
    close(fd);
}

/* The one record of a CSV of this header and row. */
static void check_row(struct str text, const char *expected)
{
    struct source_record record;

    assert_int_equal(open_text(text, "x.csv"), ERR_OK);
    assert_int_equal(source_next(source, &record), ERR_OK);
    assert_str(record.json, expected);
    assert_int_equal(source_next(source, &record), ERR_NOT_FOUND);
    close_text();
}

static void test_cells_become_json_by_their_fields(void **state)
{
    (void)state;
    check_row(STR("title,price,vegan\nTea,4.5,TRUE\n"),
              "{\"title\":\"Tea\",\"price\":4.5,\"vegan\":true}");
    check_row(STR("title,price\n7,1e1\n"), "{\"title\":\"7\",\"price\":1e1}");
    check_row(STR("title , price\n\"a \"\"b\"\"\", 3\n"),
              "{\"title\":\"a \\\"b\\\"\",\"price\":3}");
    check_row(STR("title,tags,date\n A ,x; y | z ,2026-01-01\n"),
              "{\"title\":\"A\",\"tags\":[\"x; y\",\"z\"],\"date\":\"2026-01-01\"}");
    check_row(STR("sizes,minutes\n1|2 | x,9223372036854775807\n"),
              "{\"sizes\":[1,2,\"x\"],\"minutes\":9223372036854775807}");
    check_row(STR("level\neasy\n"), "{\"level\":\"easy\"}");
    check_row(STR("level\n1\n"), "{\"level\":1}");
    check_row(STR("level\ntrue\n"), "{\"level\":true}");
    check_row(STR("level\nhard\n"), "{\"level\":\"hard\"}");
}

static void test_paths_make_objects(void **state)
{
    (void)state;
    check_row(STR("chef.name,title,chef.home.town,chef.stars\nAda,Tea,Oslo,3\n"),
              "{\"chef\":{\"name\":\"Ada\",\"home\":{\"town\":\"Oslo\"},\"stars\":3},"
              "\"title\":\"Tea\"}");
    check_row(STR("title,chef.name,chef.home.town\nTea,,\n"), "{\"title\":\"Tea\"}");
    check_row(STR("chef.name,chef.home.town\n,Oslo\n"),
              "{\"chef\":{\"home\":{\"town\":\"Oslo\"}}}");
}

static void test_an_empty_cell_is_an_absent_field(void **state)
{
    (void)state;
    check_row(STR("title,price,minutes\n, ,5\n"), "{\"minutes\":5}");
}

static void test_what_spreadsheets_leave_is_passed_over(void **state)
{
    (void)state;
    check_row(STR(",,\n\ntitle,price,,\n,,,\n  ,\t\nTea,4,,\n \n,,\n"),
              "{\"title\":\"Tea\",\"price\":4}");
    check_row(STR("title,price,,\nTea,4\n"), "{\"title\":\"Tea\",\"price\":4}");
}

/* The validation refuses them with its own words. */
static void test_what_is_no_number_goes_on_as_a_string(void **state)
{
    (void)state;
    check_row(STR("price,vegan\n0x1,yes\n"), "{\"price\":\"0x1\",\"vegan\":\"yes\"}");
    check_row(STR("price\n1e999\n"), "{\"price\":\"1e999\"}");
}

static void test_rows_that_are_no_records_are_told(void **state)
{
    struct source_record record;

    (void)state;
    assert_int_equal(open_text(STR("title,price\na\na,1,2\na\"b,1\n\xff,1\nb,2\n"), "x.csv"),
                     ERR_OK);
    for (unsigned line = 2; line < 6; line++) {
        assert_int_equal(source_next(source, &record), ERR_INVALID);
        assert_int_equal(record.line, line);
        assert_non_null(record.why);
    }
    assert_int_equal(source_next(source, &record), ERR_OK);
    assert_str(record.json, "{\"title\":\"b\",\"price\":2}");
    close_text();
}

static void test_a_header_with_other_names_is_refused(void **state)
{
    static const struct str bad[] = {
        STR_INIT("title,colour\n"),        STR_INIT("title,title\n"), STR_INIT("title,createdAt\n"),
        STR_INIT("title,,price\n"),        STR_INIT("na\"me\n"),      STR_INIT("title,chef\n"),
        STR_INIT("steps.text\n"),          STR_INIT("title.x\n"),     STR_INIT("chef.\n"),
        STR_INIT("chef.name,chef.name\n"), STR_INIT("title;price\n")};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(open_text(bad[i], "x.csv"), ERR_INVALID);
        assert_true(why.len > 0);
        assert_null(source);
        close_text();
    }
}

static void test_texts_in_quotes_stay_as_they_are(void **state)
{
    (void)state;
    check_row(STR("title,price\n\" a \",\" 3 \"\n"), "{\"title\":\" a \",\"price\":3}");
    check_row(STR("minutes,title,price,tags,chef.name,chef.home.town\n5,\"\",\"\",\"\",\"\",\n"),
              "{\"minutes\":5,\"title\":\"\",\"chef\":{\"name\":\"\"}}");
    check_row(STR("title,tags\na,\" x|y \"\n"), "{\"title\":\"a\",\"tags\":[\" x\",\"y \"]}");
}

static void test_lists_may_be_json(void **state)
{
    (void)state;
    check_row(STR("tags,sizes\n[],[1]\n"), "{\"tags\":[],\"sizes\":[1]}");
    check_row(STR("tags\n\"[\"\"a|b\"\",\"\"\"\"]\"\n"), "{\"tags\":[\"a|b\",\"\"]}");
    check_row(STR("tags,steps\n[a|b,none\n"), "{\"tags\":[\"[a\",\"b\"],\"steps\":\"none\"}");
    check_row(STR("steps\n\"[{\"\"text\"\":\"\"\"\"}]\"\n"), "{\"steps\":[{\"text\":\"\"}]}");
}

static void test_what_an_export_shows_is_a_column(void **state)
{
    (void)state;
    check_row(STR("_id,title,checked\n65a0c0ffee0123456789abcd,Tea,true\n"),
              "{\"_id\":\"65a0c0ffee0123456789abcd\",\"title\":\"Tea\",\"checked\":true}");
    recipes.id = ID_STRING;
    check_row(STR("_id,title\n7,Tea\n"), "{\"_id\":\"7\",\"title\":\"Tea\"}");
    recipes.id = ID_INTEGER;
    check_row(STR("_id,title\n7,Tea\n"), "{\"_id\":7,\"title\":\"Tea\"}");
    recipes.id = ID_OBJECTID;
}

static void test_the_ending_decides_else_the_content(void **state)
{
    static const struct {
        const char *name;
        struct str text;
        const char *json;
    } cases[] = {
        {"x.NDJSON", STR_INIT("title\nTea\n"), "title"},
        {"x.ndjson", STR_INIT("[1]\n"), "[1]"},
        {"x.jsonl", STR_INIT("{\"a\":1}\n"), "{\"a\":1}"},
        {"x.json", STR_INIT("{\"a\":1}\n"), "{\"a\":1}"},
        {"x.json", STR_INIT(" [\n{\"a\":\n1},2]\n"), "{\"a\":\n1}"},
        {"x.CSV", STR_INIT("title\n{}\n"), "{\"title\":\"{}\"}"},
        {"standard input", STR_INIT("\n {\"a\":1}\n"), "{\"a\":1}"},
        {"standard input", STR_INIT("[{\"a\":1}]"), "{\"a\":1}"},
        {"standard input", STR_INIT("title\nTea\n"), "{\"title\":\"Tea\"}"},
    };
    struct source_record record;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(open_text(cases[i].text, cases[i].name), ERR_OK);
        assert_int_equal(source_next(source, &record), ERR_OK);
        assert_str(record.json, cases[i].json);
        close_text();
    }
}

static void test_what_is_no_text_is_named(void **state)
{
    static const struct {
        struct str text;
        const char *what;
    } cases[] = {
        {STR_INIT("\x1f\x8b\x08"), "gzip -dc"},
        {STR_INIT("PK\x03\x04"), "spreadsheet"},
        {STR_INIT("\xff\xfet\0i\0"), "iconv -f UTF-16 "},
        {STR_INIT("\xfe\xff\0t\0i"), "iconv -f UTF-16 "},
        {STR_INIT("t\0i\0"), "iconv -f UTF-16LE"},
        {STR_INIT("\0t\0i"), "iconv -f UTF-16BE"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(open_text(cases[i].text, "x.csv"), ERR_INVALID);
        buf_char(&why, '\0');
        assert_non_null(strstr(why.ptr, cases[i].what));
        close_text();
    }
}

static void test_an_empty_file_has_no_records(void **state)
{
    static const char *const names[] = {"x.csv", "x.ndjson", "x.json"};
    struct source_record record;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(open_text(STR(""), names[i]), ERR_OK);
        assert_int_equal(source_next(source, &record), ERR_NOT_FOUND);
        close_text();
    }
}

static void next_is(enum err err, uint64_t line, const char *json)
{
    struct source_record record;

    assert_int_equal(source_next(source, &record), err);
    assert_int_equal(record.line, line);
    if (err == ERR_OK)
        assert_str(record.json, json);
    else
        assert_string_equal(record.why, json);
}

static void test_objects_may_have_several_lines(void **state)
{
    struct source_record record;

    (void)state;
    assert_int_equal(open_text(STR("{\n  \"title\": \"}\\\"{\",\n  \"tags\": [\n]}\n"), "x.json"),
                     ERR_OK);
    next_is(ERR_OK, 1, "{\n  \"title\": \"}\\\"{\",\n  \"tags\": [\n]}");
    assert_int_equal(source_next(source, &record), ERR_NOT_FOUND);
    close_text();
    assert_int_equal(open_text(STR("{\"a\":{\n}}\n{\n}{}\nx\n{\n"), "standard input"), ERR_OK);
    next_is(ERR_OK, 1, "{\"a\":{\n}}");
    next_is(ERR_OK, 3, "{\n}");
    next_is(ERR_OK, 4, "{}");
    next_is(ERR_INVALID, 5, "no object begins here");
    next_is(ERR_INVALID, 6, "the file ends within this object");
    assert_int_equal(source_next(source, &record), ERR_NOT_FOUND);
    close_text();
}

static void test_a_broken_line_is_one_record_where_lines_are(void **state)
{
    (void)state;
    assert_int_equal(open_text(STR("{\"a\":\n{}\n"), "x.ndjson"), ERR_OK);
    next_is(ERR_OK, 1, "{\"a\":");
    next_is(ERR_OK, 2, "{}");
    close_text();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_become_json_by_their_fields),
        cmocka_unit_test(test_paths_make_objects),
        cmocka_unit_test(test_an_empty_cell_is_an_absent_field),
        cmocka_unit_test(test_what_spreadsheets_leave_is_passed_over),
        cmocka_unit_test(test_what_is_no_number_goes_on_as_a_string),
        cmocka_unit_test(test_rows_that_are_no_records_are_told),
        cmocka_unit_test(test_a_header_with_other_names_is_refused),
        cmocka_unit_test(test_texts_in_quotes_stay_as_they_are),
        cmocka_unit_test(test_lists_may_be_json),
        cmocka_unit_test(test_what_an_export_shows_is_a_column),
        cmocka_unit_test(test_the_ending_decides_else_the_content),
        cmocka_unit_test(test_what_is_no_text_is_named),
        cmocka_unit_test(test_an_empty_file_has_no_records),
        cmocka_unit_test(test_objects_may_have_several_lines),
        cmocka_unit_test(test_a_broken_line_is_one_record_where_lines_are),
    };

    return cmocka_run_group_tests(tests, read_schema, NULL);
}
