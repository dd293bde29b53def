/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_LOG_H
#define LARDER_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Writes one line for each event to standard error: JSON for machines, or a readable form on a
 * terminal.  May be called from any thread; with the thread of log_writer.h no caller waits.  A
 * line is one write(2) unless the reader is slow.  Values are escaped and cut at 1 KiB; values that
 * would make the line longer than 64 KiB are left out.  Callers never pass secrets. */

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };
enum log_format { LOG_AUTO, LOG_JSON, LOG_TEXT }; /* auto: text on a terminal, JSON elsewhere */

struct log_field {
    const char *name;
    enum { LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_MS, LOG_FIELD_MAYBE } type;
    struct str str;
    int64_t num;
};

#define LOG_STR(name_, value_)                                                                     \
    {                                                                                              \
        .name = (name_), .type = LOG_FIELD_STR, .str = (value_)                                    \
    }
#define LOG_CSTR(name_, value_) LOG_STR(name_, str_from(value_))
#define LOG_INT(name_, value_)                                                                     \
    {                                                                                              \
        .name = (name_), .type = LOG_FIELD_INT, .num = (int64_t)(value_)                           \
    }
/* Nanoseconds, shown as milliseconds. */
#define LOG_MS(name_, ns_)                                                                         \
    {                                                                                              \
        .name = (name_), .type = LOG_FIELD_MS, .num = (int64_t)(ns_)                               \
    }
/* NULL is null. */
#define LOG_MAYBE(name_, text_)                                                                    \
    {                                                                                              \
        .name = (name_), .type = LOG_FIELD_MAYBE, .str = str_from(text_)                           \
    }
#define LOG_ERR(err_) LOG_STR("error", str_from(err_text(err_)))

/* Once, before there are threads. */
void log_setup(enum log_level level, enum log_format format);

bool log_enabled(enum log_level level);

/* Writes a line whose event is component and message: "redis-ready". */
void log_write(enum log_level level, const char *component, const char *message,
               const struct log_field *fields, size_t count);

/* Writes a line with the given event, whatever the level is set to. */
void log_line(enum log_level level, const char *event, const char *component,
              const struct log_field *fields, size_t count);

/* log_info("redis", "ready", LOG_STR("host", host), LOG_INT("port", port)); */
#define log_event(level, component, message, ...)                                                  \
    log_write((level), (component), (message), (const struct log_field[]){{0}, ##__VA_ARGS__} + 1, \
              sizeof((const struct log_field[]){{0}, ##__VA_ARGS__}) / sizeof(struct log_field) -  \
                  1)
#define log_debug(...) log_event(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_event(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_event(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_event(LOG_ERROR, __VA_ARGS__)

/* From now on the thread of log_writer.h writes the lines.  Call it once in a process. */
void log_in_background(void);

#endif
