/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../unit.h"

#include "app/people/auth.h"

/* What a Cookie field has, a blank behind each. */
static void assert_cookies(struct str field, bool secure, const char *expected)
{
    struct buf found = BUF_INIT(256);

    while (field.ptr != NULL) {
        struct str value = auth_cookie(&field, secure);
        if (field.ptr == NULL && value.len == 0)
            break;
        buf_str(&found, value);
        buf_char(&found, ' ');
    }
    assert_str(buf_view(&found), expected);
    buf_free(&found);
}

static void test_finds_the_cookie(void **state)
{
    (void)state;
    assert_cookies(STR("larder_session=abc"), false, "abc ");
    assert_cookies(STR("a=b; larder_session=abc; c=d"), false, "abc ");
    assert_cookies(STR("a=b;larder_session=abc"), false, "abc ");
    assert_cookies(STR("xlarder_session=abc; larder_sessionx=d"), false, "");
    assert_cookies(STR("a=larder_session=abc"), false, "");
    assert_cookies(STR(""), false, "");
}

static void test_finds_each_cookie(void **state)
{
    static const struct str field = STR_INIT("larder_session=a; __Host-larder_session=b; "
                                             "larder_session=; c=d; __Host-larder_session=e");

    (void)state;
    assert_cookies(field, false, "a b  e ");
    assert_cookies(field, true, "b e "); /* a sibling domain could have made the others */
}

static void test_origins(void **state)
{
    struct str none = STR(""), two = STR("https://shop.example, https://admin.example:8443");
    struct str host = STR("api.example:8080");

    (void)state;
    assert_true(auth_origin_is_ours(STR("http://api.example:8080"), none, false, host));
    assert_true(auth_origin_is_ours(STR("http://API.example:8080"), none, false, host));
    assert_false(auth_origin_is_ours(STR("https://api.example:8080"), none, false, host));
    assert_true(auth_origin_is_ours(STR("https://api.example:8080"), none, true, host));
    assert_false(auth_origin_is_ours(STR("http://api.example:8080"), none, true, host));
    assert_false(auth_origin_is_ours(STR("http://api.example"), none, false, host));
    assert_false(auth_origin_is_ours(STR("http://api.example:80801"), none, false, host));
    assert_false(auth_origin_is_ours(STR("null"), none, false, host));
    assert_false(auth_origin_is_ours(STR(""), none, false, host));
    assert_false(auth_origin_is_ours(STR("http://"), none, false, STR("")));
    assert_true(auth_origin_is_ours(STR("https://shop.example"), two, false, host));
    assert_true(auth_origin_is_ours(STR("https://admin.example:8443"), two, false, host));
    assert_false(auth_origin_is_ours(STR("https://admin.example"), two, false, host));
    assert_false(auth_origin_is_ours(STR("https://shop.example.evil"), two, false, host));
    assert_false(auth_origin_is_ours(STR("https://shop.example, "), two, false, host));
}

static void test_tokens(void **state)
{
    char one[TOKEN_SIZE], two[TOKEN_SIZE], hash[SESSION_HASH_SIZE], again[SESSION_HASH_SIZE];

    (void)state;
    session_token(one, hash);
    session_token(two, again);
    assert_memory_not_equal(one, two, TOKEN_SIZE);
    assert_true(session_hash(str_make(one, TOKEN_SIZE), again));
    assert_memory_equal(hash, again, SESSION_HASH_SIZE);
    assert_false(session_hash(str_make(one, TOKEN_SIZE - 1), again));
    assert_false(session_hash(STR(""), again));
    for (size_t i = 0; i < TOKEN_SIZE; i++)
        assert_non_null(
            strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", one[i]));
}

static void test_sessions_are_read_back(void **state)
{
    struct session session;

    (void)state;
    assert_true(session_parse(STR("{\"userId\":\"65a1b2c3d4e5f60718293a4b\",\"epoch\":3,"
                                  "\"remember\":true,\"createdAt\":7,\"expiresAt\":9}"),
                              &session));
    assert_int_equal(session.epoch, 3);
    assert_int_equal(session.expires_ms, 9);
    assert_true(session.remember);
    assert_false(session_parse(STR("{}"), &session));
    assert_false(session_parse(STR("{\"userId\":1}"), &session));
    assert_false(session_parse(STR(""), &session));
}

static void test_profiles_are_read_back(void **state)
{
    struct profile profile = {.role = ROLE_EDITOR,
                              .name = STR("Ada \"L\""),
                              .email = STR("ada@example.org"),
                              .login_count = 2,
                              .last_login_ms = 1000,
                              .created_ms = 1,
                              .updated_ms = 2},
                   back;
    struct buf text = BUF_INIT(4096);
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL, 0);
    assert_int_equal(oid_parse(STR("65a1b2c3d4e5f60718293a4b"), &profile.id), ERR_OK);
    buf_literal(&text, "{\"sessionEpoch\":5,\"profile\":");
    profile_json(&profile, &text);
    buf_char(&text, '}');
    assert_true(profile_parse(buf_view(&text), &arena, &back));
    assert_memory_equal(&back.id, &profile.id, sizeof back.id);
    assert_int_equal(back.role, ROLE_EDITOR);
    assert_int_equal(back.session_epoch, 5);
    assert_int_equal(back.last_login_ms, 1000);
    assert_str(back.name, "Ada \"L\"");
    assert_false(profile_parse(STR("{}"), &arena, &back));
    assert_false(profile_parse(STR("["), &arena, &back));
    arena_reset(&arena);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_the_cookie),
        cmocka_unit_test(test_finds_each_cookie),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_sessions_are_read_back),
        cmocka_unit_test(test_profiles_are_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
