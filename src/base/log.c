/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/log_writer.h"

/* The end is what a JSON line must not lose. */
enum { LINE_SIZE = 64 << 10, END_SIZE = sizeof "}\n" - 1, VALUE_MAX = 1024 };

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};

static atomic_int threshold = LOG_INFO;
static atomic_bool as_json = true;

void log_setup(enum log_level level, enum log_format format)
{
    threshold = (int)level;
    as_json = format == LOG_JSON || (format == LOG_AUTO && !isatty(STDERR_FILENO));
}

bool log_enabled(enum log_level level)
{
    return (int)level >= threshold;
}

static struct str clamp(struct str s)
{
    s.len = s.len > VALUE_MAX ? VALUE_MAX : s.len;
    return s;
}

/* Whole or not at all: escaped, a value is up to six times as long. */
static void put_field(struct buf *line, const struct log_field *field, bool json)
{
    size_t before = line->len;

    if (json) {
        buf_char(line, ',');
        json_put_string(line, str_from(field->name));
        buf_char(line, ':');
    } else {
        buf_printf(line, " %s=", field->name);
    }
    if (field->type == LOG_FIELD_INT)
        buf_int(line, field->num);
    else if (field->type == LOG_FIELD_MS)
        buf_printf(line, "%lld.%03lld", (long long)(field->num / 1000000),
                   (long long)(field->num / 1000 % 1000));
    else if (field->type == LOG_FIELD_MAYBE && field->str.ptr == NULL)
        buf_literal(line, "null");
    else
        json_put_string(line, clamp(field->str));
    if (line->err != ERR_OK) {
        line->len = before;
        line->err = ERR_OK;
    }
}

/* "redis" and "writes refused" are "redis-writes-refused"; what follows a colon is no name. */
static void put_event(struct buf *line, const char *component, const char *message)
{
    bool between = true;

    buf_str(line, str_from(component));
    for (; *message != '\0' && *message != ':'; message++) {
        bool letter = (*message >= 'a' && *message <= 'z') || (*message >= '0' && *message <= '9');

        if (letter && between)
            buf_char(line, '-');
        if (letter)
            buf_char(line, *message);
        between = !letter;
    }
}

static void log_put_head(struct buf *line, enum log_level level, const char *event,
                         const char *component, const char *message, bool json)
{
    char time[CLOCK_ISO_SIZE];

    clock_iso(clock_wall_ms(), time);
    if (json) {
        buf_printf(line, "{\"time\":\"%.*s\",\"level\":\"%s\",\"event\":\"", CLOCK_ISO_SIZE, time,
                   level_names[level]);
        if (event != NULL)
            buf_str(line, str_from(event));
        else
            put_event(line, component, message);
        buf_literal(line, "\",\"message\":");
        json_put_string(line, str_from(message));
        buf_printf(line, ",\"pid\":%ld,\"component\":\"%s\"", (long)getpid(), component);
    } else {
        buf_printf(line, "%.*s %-5s %s: %s", CLOCK_ISO_SIZE, time, level_names[level], component,
                   message);
    }
}

static void write_line(enum log_level level, const char *event, const char *component,
                       const char *message, const struct log_field *fields, size_t count)
{
    struct buf line = BUF_INIT(LINE_SIZE - END_SIZE);
    bool json = as_json;
    int saved = errno;

    log_put_head(&line, level, event, component, message, json);
    for (size_t i = 0; i < count; i++)
        put_field(&line, &fields[i], json);
    line.cap += END_SIZE;
    if (json)
        buf_char(&line, '}');
    buf_char(&line, '\n');
    log_writer_put(buf_view(&line));
    buf_free(&line);
    errno = saved;
}

void log_write(enum log_level level, const char *component, const char *message,
               const struct log_field *fields, size_t count)
{
    if (log_enabled(level))
        write_line(level, NULL, component, message, fields, count);
}

void log_line(enum log_level level, const char *event, const char *component,
              const struct log_field *fields, size_t count)
{
    write_line(level, event, component, event, fields, count);
}

static void say_lost(uint64_t count)
{
    log_warn("log", "lines were dropped: nobody read them in time", LOG_INT("count", count));
}

void log_in_background(void)
{
    log_writer_start(say_lost);
}
