/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include <math.h>

#include "app/read/cursor.h"

static const struct str asked = STR_INIT("products?category=books&sort=-price");

/* Of the same type and bytes. */
static void assert_same(const struct value *a, const struct value *b)
{
    assert_int_equal(a->type, b->type);
    switch (a->type) {
    case VALUE_STRING:
    case VALUE_DECIMAL:
    case VALUE_BYTES: assert_true(str_eq(a->string, b->string)); break;
    case VALUE_RAW:
        assert_int_equal(a->raw.kind, b->raw.kind);
        assert_true(str_eq(a->raw.bytes, b->raw.bytes));
        break;
    case VALUE_OID: assert_memory_equal(a->oid.bytes, b->oid.bytes, OID_SIZE); break;
    case VALUE_UUID: assert_memory_equal(a->uuid, b->uuid, UUID_SIZE); break;
    case VALUE_BOOL: assert_int_equal(a->boolean, b->boolean); break;
    case VALUE_INT:
    case VALUE_DATE: assert_int_equal(a->integer, b->integer); break;
    case VALUE_DOUBLE: assert_memory_equal(&a->number, &b->number, sizeof a->number); break;
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_LIST:
    case VALUE_OBJECT: break;
    }
}

static struct value raw(unsigned char kind, struct str bytes)
{
    return (struct value){.type = VALUE_RAW, .raw = {bytes, kind}};
}

static const struct value uuid = {.type = VALUE_UUID, .uuid = {1, 2, 3, 15}};

static void values_come_back(void **state)
{
    const struct value values[] = {
        value_null(),
        value_bool(true),
        value_int(-5),
        value_double(29.9),
        value_double(NAN),
        value_double(-INFINITY),
        value_decimal(STR("19.99")),
        value_date(1790000000123),
        value_string(STR("")),
        value_string(STR("K\xc3\xa4se")),
        value_string(STR("a\0b")),
        value_string(STR("K\xe4se")),
        value_bytes(STR("\1\2")),
        value_oid(oid_new()),
        uuid,
        raw(0x0b, STR("a+\0i\0")),
        raw(0x11, STR("\1\0\0\0\2\0\0\0")),
        raw(0x03, STR("\x0c\0\0\0\x10x\0\1\0\0\0\0")),
        raw(0x7f, STR("")),
        raw(0xff, STR("")),
    };

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (size_t j = 0; j < sizeof values / sizeof *values; j++) {
            struct keyset keyset = {.value = values[i], .id = values[j]}, back;
            struct buf text = BUF_INIT(4096);
            struct arena arena;
            arena_init(&arena, NULL, 0);
            cursor_encode(&keyset, asked, &text);
            assert_in_range(text.len, 1, CURSOR_TEXT_MAX);
            assert_int_equal(cursor_decode(buf_view(&text), asked, &arena, &back), ERR_OK);
            assert_same(&back.value, &values[i]);
            assert_same(&back.id, &values[j]);
            assert_int_equal(cursor_decode(buf_view(&text), STR("posts?"), &arena, &back),
                             ERR_INVALID);
            arena_reset(&arena);
            buf_free(&text);
        }
}

/* With a good checksum: it is no secret. */
static void malformed_values_are_refused(void **state)
{
    const struct value forged[] = {
        raw(0x03, STR("\x0d\0\0\0\x10x\0\1\0\0\0\0")), /* longer than it is */
        raw(0x03, STR("\x0c\0\0\0\x42x\0\1\0\0\0\0")), /* of an unknown type */
        raw(0x0b, STR("a+")),
        raw(0x10, STR("\1")),
        raw(0x99, STR("")),
    };
    struct keyset keyset, back;
    struct buf text = BUF_INIT(4096);
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0);
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        keyset = (struct keyset){.value = forged[i], .id = value_oid(oid_new())};
        buf_reset(&text);
        cursor_encode(&keyset, asked, &text);
        assert_int_equal(cursor_decode(buf_view(&text), asked, &arena, &back), ERR_SYNTAX);
    }
    arena_reset(&arena);
    buf_free(&text);
}

static void a_long_value_is_left_out(void **state)
{
    static char long_text[5000];
    struct keyset keyset = {.id = value_int(1)}, back;
    struct buf text = BUF_INIT(4096);
    struct arena arena;

    (void)state;
    memset(long_text, 'x', sizeof long_text);
    keyset.value = value_string(str_make(long_text, sizeof long_text));
    arena_init(&arena, NULL, 0);
    cursor_encode(&keyset, asked, &text);
    assert_int_equal(cursor_decode(buf_view(&text), asked, &arena, &back), ERR_OK);
    assert_int_equal(back.value.type, VALUE_NONE);
    assert_int_equal(back.id.integer, 1);
    arena_reset(&arena);
    buf_free(&text);
}

static void damage_is_seen(void **state)
{
    struct keyset keyset = {.value = value_double(1), .id = value_oid(oid_new())}, back;
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
        cmocka_unit_test(malformed_values_are_refused),
        cmocka_unit_test(a_long_value_is_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
