/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include "app/read/cursor.h"

static const struct str asked = STR_INIT("products?category=books&sort=-price");

static void round_trip(const struct value *value)
{
    struct keyset keyset = {.value = *value, .id = oid_new()}, back;
    struct buf text = BUF_INIT(4096);
    struct arena arena;

    arena_init(&arena, NULL, 0);
    cursor_encode(&keyset, asked, &text);
    assert_true(text.len > 0);
    assert_int_equal(cursor_decode(buf_view(&text), asked, &arena, &back), ERR_OK);
    assert_memory_equal(back.id.bytes, keyset.id.bytes, OID_SIZE);
    assert_int_equal(back.value.type, value->type);
    if (value->type == VALUE_STRING)
        assert_true(str_eq(back.value.string, value->string));
    else
        assert_memory_equal(&back.value.integer, &value->integer, 8);
    assert_int_equal(cursor_decode(buf_view(&text), STR("posts?"), &arena, &back), ERR_INVALID);
    arena_reset(&arena);
    buf_free(&text);
}

static void values_come_back(void **state)
{
    const struct value values[] = {
        value_double(29.9),
        value_double(1e300),
        value_int(-5),
        value_date(1790000000123),
        value_string(STR("")),
        value_string(STR("a")),
        value_string(STR("K\xc3\xa4se")),
        value_string(STR("abcd")),
    };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        round_trip(&values[i]);
}

static void damage_is_seen(void **state)
{
    struct keyset keyset = {.value = value_double(1), .id = oid_new()}, back;
    struct buf text = BUF_INIT(4096);
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0);
    cursor_encode(&keyset, asked, &text);
    for (size_t i = 0; i < text.len; i++) {
        char kept = text.ptr[i];
        text.ptr[i] = kept == 'A' ? 'B' : 'A';
        assert_int_not_equal(cursor_decode(buf_view(&text), asked, &arena, &back), ERR_OK);
        text.ptr[i] = kept;
        assert_int_not_equal(cursor_decode(str_make(text.ptr, i), asked, &arena, &back), ERR_OK);
    }
    assert_int_equal(cursor_decode(STR("not a cursor!"), asked, &arena, &back), ERR_SYNTAX);
    arena_reset(&arena);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(damage_is_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
