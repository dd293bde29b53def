/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/idiom.h"
#include "base/log.h"

static struct config config;
static struct buf problems, notes;

static int set_up(void **state)
{
    (void)state;
    config_init(&config);
    buf_init(&problems, 1 << 16);
    buf_init(&notes, 1 << 16);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_free(&config);
    buf_free(&problems);
    buf_free(&notes);
    return 0;
}

static bool holds(const struct buf *buf, const char *text)
{
    return buf->len > 0 && memmem(buf->ptr, buf->len, text, strlen(text)) != NULL;
}

static enum err load_text(const char *text, char *const environment[], char *name)
{
    int fd = mkstemp(name);
    enum err err;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    err = config_load(&config, name, environment, &problems, &notes);
    unlink(name);
    return err;
}

static char *none[] = {NULL};

static void test_defaults_are_read_as_any_value(void **state)
{
    (void)state;
    assert_int_equal(config_number(&config, CONFIG_MEMORY), 64 << 20);
    assert_int_equal(config_number(&config, CONFIG_THREADS), 4);
    assert_int_equal(config_number(&config, CONFIG_LOG), LOG_AUTO);
    assert_int_equal(config_number(&config, CONFIG_LOG_LEVEL), LOG_INFO);
    assert_int_equal(config_number(&config, CONFIG_WRITES), 0);
}

static void test_words_of_the_log_are_its_enums(void **state)
{
    static const struct {
        enum config_id id;
        const char *word;
        unsigned number;
    } cases[] = {
        {CONFIG_LOG, "auto", LOG_AUTO},         {CONFIG_LOG, "json", LOG_JSON},
        {CONFIG_LOG, "text", LOG_TEXT},         {CONFIG_LOG_LEVEL, "debug", LOG_DEBUG},
        {CONFIG_LOG_LEVEL, "info", LOG_INFO},   {CONFIG_LOG_LEVEL, "warn", LOG_WARN},
        {CONFIG_LOG_LEVEL, "error", LOG_ERROR}, {CONFIG_LOG_LEVEL, "off", LOG_OFF},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(
            config_set(&config, cases[i].id, str_from(cases[i].word), "test", &problems), ERR_OK);
        assert_int_equal(config_number(&config, cases[i].id), cases[i].number);
    }
}

static const struct {
    enum config_id id;
    const char *good[8], *bad[12];
} cases[] = {
    {CONFIG_REDIS_URL,
     {"redis://h", "rediss://h:1/2", "unix:///run/redis.sock", "redis+unix:///x", "REDIS://h",
      "valkey://h", "Valkeys://h"},
     {"", "redis:", "redis://", "http://h", "h:6379", "redis", " redis://h", "valkey"}},
    {CONFIG_MONGODB_URI,
     {"mongodb://a,b/c?x=y", "mongodb+srv://h/d"},
     {"", "mongodb://", "mongo://h", "redis://h"}},
    {CONFIG_PREFIX,
     {"larder", "a", "A.b_c-9", "01234567890123456789012345678901"},
     {"", "a:b", "a*", "a b", "\xc3\xa4", "012345678901234567890123456789012"}},
    {CONFIG_MEMORY,
     {"0", "4MiB", "4194304", "64g", "1 GiB"},
     {"", "1", "4194303", "65GiB", "-1", "64MB2", "all", "0x10"}},
    {CONFIG_WRITES, {"open", "closed"}, {"", "Open", "yes", "open|closed", "1"}},
    {CONFIG_THREADS, {"1", "64"}, {"", "0", "65", "4.0", "+4", "four", "99999999999999999999"}},
    {CONFIG_CONNECTIONS, {"1", "65536"}, {"0", "65537"}},
    {CONFIG_LISTEN,
     {"", "unix:/run/larder.sock", "127.0.0.1:9000", "[::1]:9000", "localhost:1", ":9000"},
     {"unix:", "unix:relative", "9000", "h:", "h:0", "h:65536", "h h:1", "*:9000", "/run/x"}},
    {CONFIG_LOG_LEVEL, {"debug", "off"}, {"", "trace", "INFO"}},
    {CONFIG_ORIGINS,
     {"", "https://a.example", "https://a.example, http://localhost:8080", "http://[::1]:81",
      "https://a:80", "*", "*, https://a"},
     {"a.example", "https://", "https://a/", "https://a,", "ftp://a", "https://a:0",
      "https://a:443", "http://a:80", "*.a", "https://*", "null"}},
    {CONFIG_RATE, {"0", "1000000"}, {"-1", "1000001", "1e3"}},
};

static void test_values_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum config_id id = cases[i].id;

        for (const char *const *good = cases[i].good; good < cases[i].good + 8 && *good; good++) {
            assert_int_equal(config_set(&config, id, str_from(*good), "test", &problems), ERR_OK);
            assert_string_equal(config_text(&config, id), *good);
            assert_int_equal(problems.len, 0);
        }
        for (const char *const *bad = cases[i].bad; bad < cases[i].bad + 12 && *bad; bad++) {
            assert_int_equal(config_set(&config, id, str_from(*bad), "test", &problems),
                             ERR_INVALID);
            assert_true(holds(&problems, config_name(id)));
            assert_true(holds(&problems, "allowed: "));
            buf_reset(&problems);
        }
    }
}

static void test_a_value_with_a_nul_or_too_long_is_refused(void **state)
{
    static char value[CONFIG_VALUE_MAX + 2] = "redis://";

    (void)state;
    assert_int_equal(config_set(&config, CONFIG_REDIS_URL, STR("redis://a\0b"), "test", &problems),
                     ERR_INVALID);
    memset(value + 8, 'a', sizeof value - 9);
    assert_int_equal(config_set(&config, CONFIG_REDIS_URL, str_from(value), "test", &problems),
                     ERR_INVALID);
    assert_true(problems.len < 1000);
}

static void test_the_environment_wins_over_the_file(void **state)
{
    char name[] = "/tmp/larder-config-XXXXXX";
    char *environment[] = {"LARDER_THREADS=7", "LARDER_QUEUE=", "HOME=/", "PATH", NULL};

    (void)state;
    assert_int_equal(load_text("# a comment\n\n  LARDER_THREADS = 9 \r\nLARDER_QUEUE='10'\n"
                               "LARDER_PREFIX=\"shop\"\nOTHER=1\nLARDER_URL=http://h",
                               environment, name),
                     ERR_OK);
    assert_int_equal(problems.len, 0);
    assert_int_equal(config_number(&config, CONFIG_THREADS), 7);
    assert_int_equal(config_number(&config, CONFIG_QUEUE), 10);
    assert_string_equal(config_text(&config, CONFIG_PREFIX), "shop");
}

static void test_all_problems_are_told_together_with_their_lines(void **state)
{
    char name[] = "/tmp/larder-config-XXXXXX";
    char *environment[] = {"LARDER_LOG=xml", NULL};

    (void)state;
    assert_int_equal(load_text("LARDER_THREADS=0\nLARDER_THREDS=4\nLARDER_QUEUE=1\n"
                               "LARDER_QUEUE=2\nnonsense\n",
                               environment, name),
                     ERR_INVALID);
    assert_true(holds(&problems, ":1: LARDER_THREADS is \"0\"; allowed: 1 to 64\n"));
    assert_true(holds(&problems, ":2: \"LARDER_THREDS\" is not a setting"));
    assert_true(holds(&problems, ":4: \"LARDER_QUEUE\" is set twice"));
    assert_true(holds(&problems, ":5: expected NAME=VALUE"));
    assert_true(
        holds(&problems, "environment: LARDER_LOG is \"xml\"; allowed: auto, json or text\n"));
}

static void test_neighbours_are_tolerated_and_strangers_noted(void **state)
{
    char *environment[] = {"LARDER_URL=http://h", "LARDER_ADMIN_PASSWORD=secret", "LARDER_VAR=/v",
                           "LARDER_MEMROY=1g", NULL};

    (void)state;
    assert_int_equal(config_load(&config, NULL, environment, &problems, &notes), ERR_OK);
    assert_true(holds(&notes, "LARDER_MEMROY"));
    assert_false(holds(&notes, "LARDER_URL"));
    assert_false(holds(&notes, "secret"));
}

static void test_a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    assert_int_equal(config_load(&config, "/nonexistent/larder.conf", none, &problems, NULL),
                     ERR_IO);
    assert_true(holds(&problems, "/nonexistent/larder.conf: cannot be read: No such file"));
    buf_reset(&problems);
    assert_int_equal(config_load(&config, "/", none, &problems, NULL), ERR_IO);
    buf_reset(&problems);
    assert_int_equal(config_load(&config, "/dev/zero", none, &problems, NULL), ERR_TOO_LARGE);
    assert_true(holds(&problems, "larger than 65536 bytes"));
}

/* However long its path is: a program that ends must say why. */
static void test_a_long_path_is_named(void **state)
{
    static char path[100000];

    (void)state;
    memset(path, 'x', sizeof path - 1);
    assert_int_equal(config_load(&config, path, none, &problems, NULL), ERR_IO);
    assert_true(holds(&problems, "xxx: cannot be read: File name too long\n"));
    buf_reset(&problems);
    memset(path, '/', 3000); /* as good as one */
    memcpy(path + 3000, "nonexistent", sizeof "nonexistent");
    assert_int_equal(config_load(&config, path, none, &problems, NULL), ERR_IO);
    assert_int_equal(problems.len, 3000 + strlen("nonexistent: cannot be read: "
                                                 "No such file or directory\n"));
}

static void test_a_problem_in_a_file_with_a_long_path_is_told_with_it(void **state)
{
    static const char name[] = "tmp/larder-config-XXXXXX";
    char path[1024];

    (void)state;
    memset(path, '/', 900);
    memcpy(path + 900, name, sizeof name);
    assert_int_equal(load_text("LARDER_THREADS=0\nLARDER_THREDS=4\n", none, path), ERR_INVALID);
    assert_true(holds(&problems, ":1: LARDER_THREADS is \"0\"; allowed: 1 to 64\n"));
    assert_true(holds(&problems, ":2: \"LARDER_THREDS\" is not a setting"));
    buf_char(&problems, '\0');
    assert_memory_equal(problems.ptr, path, strlen(path));
    assert_non_null(strstr(problems.ptr + 1, "\n/"));
}

static int writer;

static void write_the_rest(int number)
{
    static const char rest[] = "LARDER_QUEUE=11\n";

    (void)number;
    if (write(writer, rest, sizeof rest - 1) != sizeof rest - 1)
        abort();
    close(writer);
}

static void test_an_interrupted_read_is_no_end(void **state)
{
    char name[32];
    int ends[2];
    struct sigaction before, action = {.sa_handler = write_the_rest};
    struct itimerval soon = {.it_value = {.tv_usec = 50000}};

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    writer = ends[1];
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    assert_int_equal(write(writer, "LARDER_THREADS=9\n", 17), 17);
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &soon, NULL);
    assert_int_equal(config_load(&config, name, none, &problems, NULL), ERR_OK);
    sigaction(SIGALRM, &before, NULL);
    close(ends[0]);
    assert_int_equal(config_number(&config, CONFIG_THREADS), 9);
    assert_int_equal(config_number(&config, CONFIG_QUEUE), 11);
}

static void test_passwords_are_masked(void **state)
{
    static const struct {
        const char *url, *shown;
    } urls[] = {
        {"redis://h:1/2", "redis://h:1/2"},
        {"redis://:hidden@h", "redis://:***@h"},
        {"redis://u:hidden@h/1", "redis://u:***@h/1"},
        {"redis://u:hid@hid/den@h/1", "redis://u:***@h/1"},
        {"mongodb://u@a,b/c", "mongodb://***@a,b/c"},
        {"mongodb://u:hidden@a,b/c?x=hidden", "mongodb://u:***@a,b/c?***"},
        {"mongodb://u:hid?den@a/c", "mongodb://u:***@a/c"},
        {"redis:hidden@h", "***"},
        {"hidden", "***"},
        {"redis://hidden@h/0", "redis://***@h/0"},
        {"redis://u:hidden/0", "redis://***"},
        {"redis://:hidden%40h/0", "redis://***"},
        {"redis://h/hidden", "redis://h/***"},
        {"redis://h:1#hidden", "redis://h:1#***"},
        {"redis://[::1]:7/0?hidden", "redis://[::1]:7/0?***"},
        {"unix:///run/r.sock?db=hidden", "unix:///run/r.sock?***"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct buf out = BUF_INIT(1000);
        config_mask_url(str_from(urls[i].url), &out);
        assert_str(buf_view(&out), urls[i].shown);
        buf_free(&out);
    }
    assert_int_equal(
        config_set(&config, CONFIG_REDIS_URL, STR("http://u:hidden@h"), "test", &problems),
        ERR_INVALID);
    assert_false(holds(&problems, "hidden"));
}

/* Whatever is put together: what stands where a password may stand is never shown. */
static void test_no_form_of_a_url_shows_a_secret(void **state)
{
    static const char *const schemes[] = {
        "redis://",       "REDISS://", "valkey://", "unix://", "http://", "mongodb://",
        "mongodb+srv://", "redis:",    "redis:/",   "",        "//",      ":"};
    static const char *const users[] = {"hidden@",     ":hidden@",  "u:hidden@",     "u:a@hidden@",
                                        ":a/hidden@",  "hidden:@",  "u:a?hidden=1@", "u:a#hidden@",
                                        "u:a:hidden@", ":%hidden@", "u:a b\thidden@"};
    static const char *const hosts[] = {"",
                                        "h",
                                        "h:1",
                                        "h:hidden",
                                        "[::1]:1",
                                        "[::1]:hidden",
                                        "[::1:hidden",
                                        "[hidden]",
                                        "[::1]hidden",
                                        "a:1,b:2",
                                        "a:1,b:hidden",
                                        ":hidden"};
    static const char *const ends[] = {"",        "/0",       "/hidden?", "?hidden", "/0?a=hidden",
                                       "#hidden", "/0#hidden"};

    (void)state;
    for (size_t i = 0; i < COUNT(schemes) * COUNT(users) * COUNT(hosts) * COUNT(ends); i++) {
        char url[200];
        struct buf out = BUF_INIT(1000);
        const char *end = ends[i % COUNT(ends)];
        const char *host = hosts[i / COUNT(ends) % COUNT(hosts)];
        const char *scheme = schemes[i / COUNT(ends) / COUNT(hosts) % COUNT(schemes)];
        if (str_starts(str_from(end), STR("/hidden")) &&
            ((host[0] == '\0' && str_starts(str_from(scheme), STR("unix"))) ||
             str_starts(str_from(scheme), STR("mongodb"))))
            continue; /* the path of a socket, the name of a database */
        snprintf(url, sizeof url, "%s%s%s%s", scheme,
                 users[i / COUNT(ends) / COUNT(hosts) / COUNT(schemes)], host, end);
        config_mask_url(str_from(url), &out);
        buf_char(&out, '\0');
        if (strstr(out.ptr, "hidden") != NULL)
            fail_msg("%s is shown as %s", url, out.ptr);
        buf_reset(&out);
        if (config_set(&config, CONFIG_REDIS_URL, str_from(url), "test", &out) != ERR_OK)
            assert_false(holds(&out, "hidden"));
        buf_free(&out);
    }
}

/* The table of docs/configuration.md has one row a setting: | `NAME` | `default` | allowed | …
 * Here nothing has been set. */
static void test_a_share_is_counted_in_millionths(void **state)
{
    static const struct {
        const char *text;
        uint64_t number;
    } good[] = {{"off", 0}, {"all", 1000000}, {"0", 0}, {"1", 1000000}, {"0.25", 250000}};
    static const char *const bad[] = {"", "1.5", "-0.1", "half", "nan", "ALL"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(
            config_set(&config, CONFIG_ACCESS_LOG, str_from(good[i].text), "test", &problems),
            ERR_OK);
        assert_true(config_number(&config, CONFIG_ACCESS_LOG) == good[i].number);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            config_set(&config, CONFIG_ACCESS_LOG, str_from(bad[i]), "test", &problems),
            ERR_INVALID);
}

static void test_the_documentation_lists_the_same(void **state)
{
    const char *srcdir = getenv("srcdir");
    char path[4096], *text = calloc(1, 1 << 16);
    struct buf row = BUF_INIT(4096);
    unsigned rows = 0;
    FILE *file;

    (void)state;
    snprintf(path, sizeof path, "%s/docs/configuration.md", srcdir != NULL ? srcdir : ".");
    file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
    fclose(file);
    for (int i = 0; i < CONFIG_COUNT; i++) {
        const char *initial = config_text(&config, (enum config_id)i);

        if (i == CONFIG_RESOURCES)
            initial = "PREFIX/share/larder/resources"; /* as configure was told */
        buf_reset(&row);
        buf_printf(&row, "\n| `%s` | %s%s%s | ", config_name((enum config_id)i),
                   *initial ? "`" : "", *initial ? initial : "empty", *initial ? "`" : "");
        config_allowed((enum config_id)i, &row);
        buf_char(&row, '\0');
        if (strstr(text, row.ptr) == NULL)
            fail_msg("docs/configuration.md has no row beginning with: %s", row.ptr + 1);
    }
    for (const char *at = text; (at = strstr(at, "\n| `")) != NULL; at++)
        rows++;
    assert_int_equal(rows, CONFIG_COUNT);
    buf_free(&row);
    free(text);
}

static void test_help_lists_all(void **state)
{
    struct buf out = BUF_INIT(1 << 16);

    (void)state;
    config_help(&out);
    assert_int_equal(out.err, ERR_OK);
    for (int i = 0; i < CONFIG_COUNT; i++)
        assert_true(holds(&out, config_name((enum config_id)i)));
    assert_true(holds(&out, "(0 or 4MiB to 64GiB)"));
    buf_free(&out);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults_are_read_as_any_value),
        TEST(test_words_of_the_log_are_its_enums),
        TEST(test_values_are_checked),
        TEST(test_a_value_with_a_nul_or_too_long_is_refused),
        TEST(test_the_environment_wins_over_the_file),
        TEST(test_all_problems_are_told_together_with_their_lines),
        TEST(test_neighbours_are_tolerated_and_strangers_noted),
        TEST(test_a_file_that_cannot_be_read_is_named),
        TEST(test_a_long_path_is_named),
        TEST(test_a_problem_in_a_file_with_a_long_path_is_told_with_it),
        TEST(test_an_interrupted_read_is_no_end),
        TEST(test_passwords_are_masked),
        TEST(test_no_form_of_a_url_shows_a_secret),
        TEST(test_a_share_is_counted_in_millionths),
        TEST(test_the_documentation_lists_the_same),
        TEST(test_help_lists_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
