/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include "app/counter.h"
#include "http/request.h"

static const char *name_of(const char *address, char room[static CLIENT_MAX + 1])
{
    struct param param = {STR("REMOTE_ADDR"), str_from(address)};
    struct request request = {.params = &param, .param_count = 1};
    char own[CLIENT_MAX];
    struct str name = client_address(&request, own);

    assert_in_range(name.len, 1, CLIENT_MAX);
    memcpy(room, name.ptr, name.len);
    room[name.len] = '\0';
    return room;
}

static void test_clients(void **state)
{
    static const struct {
        const char *address, *name;
    } cases[] = {
        {"192.0.2.7", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"}, /* a socket for both */
        {"2001:db8:1:2::1", "20010db800010002"},
        {"2001:db8:1:2:ffff::9", "20010db800010002"}, /* of one network */
        {"2001:db8:1:3::1", "20010db800010003"},
        {"", "unknown"},
        {"nonsense", "nonsense"},
    };
    char room[CLIENT_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(name_of(cases[i].address, room), cases[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clients),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
