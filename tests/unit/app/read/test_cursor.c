/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include <math.h>

#include "app/read/cursor.h"

static const struct str asked = STR_INIT("products?category=books&sort=-price");

static void round_trip(const struct value *value, enum field_type type)
{
    struct keyset keyset = {.value = *value, .id = oid_new()}, back;
    struct buf text = BUF_INIT(4096);
    struct arena arena;

    arena_init(&arena, NULL, 0);
    cursor_encode(&keyset, asked, &text);
    assert_true(text.len > 0);
    assert_int_equal(cursor_decode(buf_view(&text), asked, type, &arena, &back), ERR_OK);
    assert_memory_equal(back.id.bytes, keyset.id.bytes, OID_SIZE);
    assert_int_equal(back.value.type, value->type);
    if (value->type == VALUE_STRING)
        assert_true(str_eq(back.value.string, value->string));
    else
        assert_memory_equal(&back.value.integer, &value->integer, 8);
    assert_int_equal(cursor_decode(buf_view(&text), STR("posts?"), type, &arena, &back),
                     ERR_INVALID);
    arena_reset(&arena);
    buf_free(&text);
}

static void values_come_back(void **state)
{
    const struct {
        struct value value;
        enum field_type type;
    } good[] = {
        {value_double(29.9), FIELD_NUMBER},
        {value_double(1e300), FIELD_NUMBER},
        {value_int(-5), FIELD_NUMBER},
        {value_int(-5), FIELD_INT},
        {value_date(1790000000123), FIELD_TIME},
        {value_string(STR("")), FIELD_STRING},
        {value_string(STR("a")), FIELD_STRING},
        {value_string(STR("K\xc3\xa4se")), FIELD_STRING},
        {value_string(STR("abcd")), FIELD_STRING},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        round_trip(&good[i].value, good[i].type);
}

/* With a good checksum: it is no secret. */
static void only_what_the_sort_can_have(void **state)
{
    const struct {
        struct value value;
        enum field_type type;
    } forged[] = {
        {value_string(STR("a")), FIELD_NUMBER}, {value_date(1), FIELD_NUMBER},
        {value_bool(true), FIELD_NUMBER},       {value_double(NAN), FIELD_NUMBER},
        {value_double(INFINITY), FIELD_NUMBER}, {value_double(-INFINITY), FIELD_NUMBER},
        {value_double(1), FIELD_TIME},          {value_int(1), FIELD_TIME},
        {value_string(STR("a")), FIELD_TIME},   {value_string(STR("a\0b")), FIELD_STRING},
        {value_double(1), FIELD_STRING},        {value_date(1), FIELD_STRING},
    };
    struct keyset keyset, back;
    struct buf text = BUF_INIT(4096);
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0);
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        keyset = (struct keyset){.value = forged[i].value, .id = oid_new()};
        buf_reset(&text);
        cursor_encode(&keyset, asked, &text);
        assert_int_equal(cursor_decode(buf_view(&text), asked, forged[i].type, &arena, &back),
                         ERR_SYNTAX);
    }
    arena_reset(&arena);
    buf_free(&text);
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
        assert_int_not_equal(cursor_decode(buf_view(&text), asked, FIELD_NUMBER, &arena, &back),
                             ERR_OK);
        text.ptr[i] = kept;
        assert_int_not_equal(
            cursor_decode(str_make(text.ptr, i), asked, FIELD_NUMBER, &arena, &back), ERR_OK);
    }
    assert_int_equal(cursor_decode(STR("not a cursor!"), asked, FIELD_NUMBER, &arena, &back),
                     ERR_SYNTAX);
    arena_reset(&arena);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(only_what_the_sort_can_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
