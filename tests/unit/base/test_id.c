/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/id.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static void one_text_an_id(void **state)
{
    static const struct {
        enum id_type type;
        const char *text, *canonical;
    } good[] = {
        {ID_OBJECTID, "65A0c0ffee0123456789abcd", "65a0c0ffee0123456789abcd"},
        {ID_STRING, "Caf\xc3\xa9 #1/2", "Caf\xc3\xa9 #1/2"},
        {ID_STRING, "7", "7"},
        {ID_INTEGER, "7", "7"},
        {ID_INTEGER, "007", "7"},
        {ID_INTEGER, "-0", "0"},
        {ID_INTEGER, "-9223372036854775808", "-9223372036854775808"},
        {ID_INTEGER, "9223372036854775807", "9223372036854775807"},
        {ID_UUID, "01234567-89AB-cdef-0123-456789abcdef", UUID},
    };
    char room[ID_TEXT_MAX], again[ID_TEXT_MAX];
    struct value value;
    struct str id;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(id_parse(good[i].type, str_from(good[i].text), room, &id), ERR_OK);
        assert_str(id, good[i].canonical);
        value = id_value(good[i].type, id);
        assert_str(id_text(good[i].type, &value, again), good[i].canonical);
    }
}

static void others_are_refused(void **state)
{
    static char long_text[ID_TEXT_MAX + 2];
    static const struct {
        enum id_type type;
        const char *text;
    } bad[] = {
        {ID_OBJECTID, ""},
        {ID_OBJECTID, "65a0c0ffee0123456789abc"},
        {ID_OBJECTID, "65a0c0ffee0123456789abcg"},
        {ID_STRING, ""},
        {ID_STRING, "a\nb"},
        {ID_STRING, "\x7f"},
        {ID_STRING, "\xff"},
        {ID_STRING, long_text},
        {ID_INTEGER, ""},
        {ID_INTEGER, "-"},
        {ID_INTEGER, "+1"},
        {ID_INTEGER, "1.0"},
        {ID_INTEGER, "9223372036854775808"},
        {ID_UUID, "0123456789abcdef0123456789abcdef"},
        {ID_UUID, "01234567-89ab-cdef-0123-456789abcdeg"},
        {ID_UUID, "01234567-89ab-cdef-0123_456789abcdef"},
    };
    char room[ID_TEXT_MAX];
    struct str id;

    (void)state;
    memset(long_text, 'x', ID_TEXT_MAX + 1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(id_parse(bad[i].type, str_from(bad[i].text), room, &id), ERR_SYNTAX);
}

static void ids_of_other_types_have_no_text(void **state)
{
    const struct value text = value_string(STR("x")), whole = value_double(5),
                       part = value_double(5.5);
    char room[ID_TEXT_MAX];

    (void)state;
    assert_str(id_text(ID_OBJECTID, &text, room), "");
    assert_str(id_text(ID_INTEGER, &text, room), "");
    assert_str(id_text(ID_UUID, &text, room), "");
    assert_str(id_text(ID_INTEGER, &whole, room), "5");
    assert_str(id_text(ID_INTEGER, &part, room), "");
    assert_str(id_text(ID_STRING, &whole, room), "");
}

static void new_ones_differ_and_are_good(void **state)
{
    char room[ID_TEXT_MAX], text[ID_TEXT_MAX], first[ID_TEXT_MAX];
    struct str before = STR(""), id, canonical;
    struct value value;

    (void)state;
    for (int type = ID_OBJECTID; type <= ID_UUID; type++)
        for (int i = 0; i < 100; i++) {
            value = id_new((enum id_type)type, room);
            id = id_text((enum id_type)type, &value, text);
            assert_true(id.len > 0);
            assert_false(str_eq(id, before));
            memcpy(first, id.ptr, id.len);
            before = str_make(first, id.len);
            assert_int_equal(id_parse((enum id_type)type, id, room, &canonical), ERR_OK);
            assert_true(str_eq(canonical, id));
        }
}

static void decimals_are_digits(void **state)
{
    (void)state;
    assert_int_equal(decimal_check(STR("0")), ERR_OK);
    assert_int_equal(decimal_check(STR("-12.340")), ERR_OK);
    assert_int_equal(decimal_check(STR("1234567890123456789012345678901.234")), ERR_OK);
    assert_int_equal(decimal_check(STR("1234567890123456789012345678901.2345")), ERR_SYNTAX);
    assert_int_equal(decimal_check(STR("")), ERR_SYNTAX);
    assert_int_equal(decimal_check(STR("-")), ERR_SYNTAX);
    assert_int_equal(decimal_check(STR("1.")), ERR_SYNTAX);
    assert_int_equal(decimal_check(STR(".1")), ERR_SYNTAX);
    assert_int_equal(decimal_check(STR("1e3")), ERR_SYNTAX);
    assert_int_equal(decimal_check(STR("+1")), ERR_SYNTAX);
    assert_int_equal(decimal_check(STR("NaN")), ERR_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text_an_id),
        cmocka_unit_test(others_are_refused),
        cmocka_unit_test(ids_of_other_types_have_no_text),
        cmocka_unit_test(new_ones_differ_and_are_good),
        cmocka_unit_test(decimals_are_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
