/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "base/buf.h"
#include "base/network.h"

static bool has(const char *list, const char *address)
{
    struct network networks[NETWORKS_MAX];
    unsigned char bytes[ADDRESS_SIZE];
    size_t count;

    assert_int_equal(networks_parse(str_from(list), networks, &count), ERR_OK);
    assert_int_equal(address_parse(str_from(address), bytes), ERR_OK);
    return networks_have(networks, count, bytes);
}

static void test_networks(void **state)
{
    (void)state;
    assert_true(has("192.0.2.1", "192.0.2.1"));
    assert_true(has("192.0.2.1", "::ffff:192.0.2.1"));
    assert_false(has("192.0.2.1", "192.0.2.2"));
    assert_true(has("10.0.0.0/8", "10.255.0.1"));
    assert_false(has("10.0.0.0/8", "11.0.0.1"));
    assert_true(has("192.0.2.128/25", "192.0.2.129"));
    assert_false(has("192.0.2.128/25", "192.0.2.127"));
    assert_true(has("0.0.0.0/0", "203.0.113.9"));
    assert_false(has("0.0.0.0/0", "2001:db8::1"));
    assert_true(has("::/0", "2001:db8::1"));
    assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(has("192.0.2.1, 2001:db8::/32", "2001:db8::1"));
    assert_false(has("none", "127.0.0.1"));
}

static void test_what_is_no_network(void **state)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "192.0.2",
                                      "192.0.2.1/33",
                                      "::1/129",
                                      "192.0.2.1/",
                                      "192.0.2.1/x",
                                      "192.0.2.1,",
                                      "192.0.2.1 /8",
                                      "[::1]",
                                      "192.0.2.1:80",
                                      "none,::1"};
    struct network networks[NETWORKS_MAX];
    struct buf many = BUF_INIT(4096);
    size_t count;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(networks_parse(str_from(bad[i]), networks, &count), ERR_SYNTAX);
    for (size_t i = 0; i < NETWORKS_MAX; i++)
        buf_literal(&many, "::1,");
    buf_literal(&many, "::1");
    assert_int_equal(networks_parse(buf_view(&many), networks, &count), ERR_RANGE);
    buf_free(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_what_is_no_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
