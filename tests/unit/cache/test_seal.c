/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "cache/entry.h"
#include "cache/seal.h"

enum { LARGE = 100 << 10 };

static const struct str name = STR_INIT("product:65a1b2c3d4e5f60718293a4b");

/* With its seal, in room. */
static struct str seal_text(struct seal *seal, struct str under, size_t len, char *room)
{
    for (size_t i = 0; i < len; i++)
        room[i] = (char)(i * 7);
    seal_make(seal, under, str_make(room, len), room + len);
    return str_make(room, len + SEAL_SIZE);
}

static void test_what_is_sealed_is_opened(void **state)
{
    static const size_t lens[] = {1, 300, 16000, LARGE};
    static char room[LARGE + SEAL_SIZE];
    struct seal *seal = seal_new(STR("larder"), STR("a secret of ours"));
    struct str bytes;

    (void)state;
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        struct str sealed = seal_text(seal, name, lens[i], room);
        for (int again = 0; again < 2; again++) { /* the second time it is known */
            assert_int_equal(seal_open(seal, name, sealed, &bytes), ERR_OK);
            assert_ptr_equal(bytes.ptr, room);
            assert_int_equal(bytes.len, lens[i]);
        }
    }
    seal_free(seal);
}

static void test_every_flipped_bit_and_every_cut_is_found(void **state)
{
    char room[100 + SEAL_SIZE];
    struct seal *seal = seal_new(STR("larder"), STR("a secret of ours"));
    struct str sealed = seal_text(seal, name, 100, room), bytes;

    (void)state;
    for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
        assert_int_equal(seal_open(seal, name, sealed, &bytes), ERR_OK);
        room[bit / 8] = (char)(room[bit / 8] ^ 1 << bit % 8);
        assert_int_equal(seal_open(seal, name, sealed, &bytes), ERR_SYNTAX);
        room[bit / 8] = (char)(room[bit / 8] ^ 1 << bit % 8);
    }
    for (size_t len = 0; len < sealed.len; len++)
        assert_int_equal(seal_open(seal, name, str_make(room, len), &bytes), ERR_SYNTAX);
    seal_free(seal);
}

/* One's own session under another's name would let its writer be that other. */
static void test_a_seal_is_of_one_name(void **state)
{
    char room[100 + SEAL_SIZE];
    struct seal *seal = seal_new(STR("larder"), STR("a secret of ours"));
    struct str sealed = seal_text(seal, STR("session:aa"), 100, room), bytes;

    (void)state;
    assert_int_equal(seal_open(seal, STR("session:aa"), sealed, &bytes), ERR_OK);
    assert_int_equal(seal_open(seal, STR("session:ab"), sealed, &bytes), ERR_SYNTAX);
    assert_int_equal(seal_open(seal, STR("session:a"), sealed, &bytes), ERR_SYNTAX);
    assert_int_equal(seal_open(seal, STR(""), sealed, &bytes), ERR_SYNTAX);
    seal_free(seal);
}

static void test_a_seal_is_of_one_secret_and_prefix(void **state)
{
    char room[100 + SEAL_SIZE];
    struct seal *ours = seal_new(STR("larder"), STR("a secret of ours"));
    struct seal *theirs[] = {seal_new(STR("larder"), STR("a secret of them")),
                             seal_new(STR("larder"), STR("")),
                             seal_new(STR("other"), STR("a secret of ours"))};
    struct str bytes;

    (void)state;
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        struct str sealed = seal_text(theirs[i], name, 100, room);
        assert_int_equal(seal_open(theirs[i], name, sealed, &bytes), ERR_OK);
        assert_int_equal(seal_open(ours, name, sealed, &bytes), ERR_SYNTAX);
        seal_free(theirs[i]);
    }
    seal_free(ours);
    seal_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_sealed_is_opened),
        cmocka_unit_test(test_every_flipped_bit_and_every_cut_is_found),
        cmocka_unit_test(test_a_seal_is_of_one_name),
        cmocka_unit_test(test_a_seal_is_of_one_secret_and_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
