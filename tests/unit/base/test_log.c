/* SPDX-License-Identifier: BSD-2-Clause */
#include "../unit.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

enum { LINE_SIZE = 64 << 10, VALUE_MAX = 1024 };

/* Standard error is a file meanwhile, and what was written there is in line. */
static FILE *file;
static int stderr_fd;
static char line[2 * LINE_SIZE];

static void begin(enum log_format format)
{
    log_setup(LOG_INFO, format);
    file = tmpfile();
    assert_non_null(file);
    stderr_fd = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
}

static size_t end(void)
{
    size_t len;

    dup2(stderr_fd, STDERR_FILENO);
    close(stderr_fd);
    rewind(file);
    len = fread(line, 1, sizeof line - 1, file);
    line[len] = '\0';
    fclose(file);
    return len;
}

static void assert_one_line(size_t len)
{
    assert_in_range(len, 1, LINE_SIZE);
    assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
}

/* What must be an event of this line. */
static json_t *read_json(size_t len)
{
    json_error_t error;
    json_t *event = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);

    assert_one_line(len);
    if (!json_is_object(event))
        fail_msg("%s at %d: %.100s", error.text, error.position, line);
    return event;
}

#define assert_member(event, name, text)                                                           \
    assert_string_equal(json_string_value(json_object_get((event), (name))), (text))

static void test_an_event_is_a_line_of_json(void **state)
{
    json_t *event;

    (void)state;
    begin(LOG_JSON);
    log_warn("redis", "not \"ready\"", LOG_STR("text", STR("a\"b\\c\nd\x01")),
             LOG_STR("bytes", STR("\xff\xc3\xa9")), LOG_INT("least", INT64_MIN),
             LOG_STR("none", str_make(NULL, 0)), LOG_ERR(ERR_TIMEOUT));
    event = read_json(end());
    assert_member(event, "level", "warn");
    assert_member(event, "component", "redis");
    assert_member(event, "message", "not \"ready\"");
    assert_member(event, "text", "a\"b\\c\nd\x01");
    assert_member(event, "bytes", "\xef\xbf\xbd\xc3\xa9");
    assert_member(event, "none", "");
    assert_member(event, "error", err_text(ERR_TIMEOUT));
    assert_true(json_integer_value(json_object_get(event, "least")) == INT64_MIN);
    assert_int_equal(json_integer_value(json_object_get(event, "pid")), getpid());
    assert_int_equal(strlen(json_string_value(json_object_get(event, "time"))), 24);
    json_decref(event);
}

static void test_time_level_event_and_message_come_first(void **state)
{
    static const char behind[] = "Z\",\"level\":\"warn\",\"event\":\"redis-writes-refused\","
                                 "\"message\":\"writes refused: OOM\",";

    (void)state;
    begin(LOG_JSON);
    log_warn("redis", "writes refused: OOM");
    json_decref(read_json(end()));
    assert_memory_equal(line, "{\"time\":\"", 9);
    assert_memory_equal(line + 9 + 23, behind, sizeof behind - 1);
}

static void test_an_event_of_its_own_is_never_silenced(void **state)
{
    const struct log_field fields[] = {LOG_MS("durationMs", 1234567), LOG_MAYBE("cache", NULL),
                                       LOG_MAYBE("other", "redis")};
    json_t *event;

    (void)state;
    begin(LOG_JSON);
    log_setup(LOG_OFF, LOG_JSON);
    log_line(LOG_INFO, "request", "gateway", fields, 3);
    event = read_json(end());
    log_setup(LOG_INFO, LOG_JSON);
    assert_member(event, "event", "request");
    assert_member(event, "other", "redis");
    assert_true(json_is_null(json_object_get(event, "cache")));
    assert_non_null(strstr(line, "\"durationMs\":1.234,"));
    json_decref(event);
}

static void test_a_long_value_is_cut(void **state)
{
    static char text[5000];
    json_t *event;

    (void)state;
    memset(text, 'x', sizeof text);
    begin(LOG_JSON);
    log_info("test", "long", LOG_STR("text", str_make(text, sizeof text)));
    event = read_json(end());
    assert_int_equal(json_string_length(json_object_get(event, "text")), VALUE_MAX);
    json_decref(event);
}

/* Ten values, each six times as long when it is escaped, and a last one, "last". */
static size_t write_full(enum log_format format, size_t last_len)
{
    static char control[VALUE_MAX], plain[VALUE_MAX];
    struct log_field fields[] = {
        LOG_STR("a", str_make(control, VALUE_MAX)), LOG_STR("b", str_make(control, VALUE_MAX)),
        LOG_STR("c", str_make(control, VALUE_MAX)), LOG_STR("d", str_make(control, VALUE_MAX)),
        LOG_STR("e", str_make(control, VALUE_MAX)), LOG_STR("f", str_make(control, VALUE_MAX)),
        LOG_STR("g", str_make(control, VALUE_MAX)), LOG_STR("h", str_make(control, VALUE_MAX)),
        LOG_STR("i", str_make(control, VALUE_MAX)), LOG_STR("j", str_make(control, VALUE_MAX)),
        LOG_STR("k", str_make(plain, VALUE_MAX)),   LOG_STR("l", str_make(plain, VALUE_MAX)),
        LOG_STR("m", str_make(plain, VALUE_MAX)),   LOG_STR("last", str_make(plain, last_len)),
    };

    memset(control, 1, VALUE_MAX);
    memset(plain, 'x', VALUE_MAX);
    begin(format);
    log_write(LOG_INFO, "test", "full", fields, sizeof fields / sizeof *fields);
    return end();
}

static void test_control_characters_leave_the_line_whole(void **state)
{
    json_t *event, *value;
    const char *name;
    size_t values = 0;

    (void)state;
    event = read_json(write_full(LOG_JSON, 0));
    json_object_foreach(event, name, value) values += json_string_length(value) == VALUE_MAX;
    assert_int_equal(values, 13);
    json_decref(event);
}

static void test_what_would_pass_the_end_of_the_line_is_left_out(void **state)
{
    enum { SPARE = 64 }; /* the writer of JSON wants some bytes more than it writes */
    size_t room = LINE_SIZE - write_full(LOG_JSON, 0);

    (void)state;
    assert_in_range(room, SPARE, VALUE_MAX - 8);
    for (size_t len = room - SPARE; len <= room + 8; len++) {
        json_t *event = read_json(write_full(LOG_JSON, len));
        size_t kept = json_string_length(json_object_get(event, "last"));

        assert_true(kept == len || (kept == 0 && len > room - SPARE));
        assert_true(kept <= room);
        json_decref(event);
    }
}

static void test_the_readable_form_is_a_line_too(void **state)
{
    (void)state;
    assert_one_line(write_full(LOG_TEXT, VALUE_MAX));
    begin(LOG_TEXT);
    log_error("test", "two lines", LOG_STR("text", STR("a\nb")), LOG_INT("n", -1));
    assert_one_line(end());
    assert_string_equal(line + 24, " error test: two lines text=\"a\\nb\" n=-1\n");
}

static void test_what_is_not_serious_enough_is_not_written(void **state)
{
    (void)state;
    begin(LOG_JSON);
    errno = ENOENT;
    log_debug("test", "quiet");
    log_info("test", "loud");
    assert_int_equal(errno, ENOENT);
    json_decref(read_json(end()));
    assert_null(strstr(line, "quiet"));
    begin(LOG_JSON);
    log_setup(LOG_OFF, LOG_JSON);
    log_error("test", "off");
    assert_int_equal(end(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_event_is_a_line_of_json),
        cmocka_unit_test(test_time_level_event_and_message_come_first),
        cmocka_unit_test(test_an_event_of_its_own_is_never_silenced),
        cmocka_unit_test(test_a_long_value_is_cut),
        cmocka_unit_test(test_control_characters_leave_the_line_whole),
        cmocka_unit_test(test_what_would_pass_the_end_of_the_line_is_left_out),
        cmocka_unit_test(test_the_readable_form_is_a_line_too),
        cmocka_unit_test(test_what_is_not_serious_enough_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
