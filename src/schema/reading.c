/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/reading.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { LINE_MAX_SIZE = 2048, HINT_MAX = 32, TEXT_MAX = 1024 };

/* --- Places --- */

struct place place_item(struct reading *reading, const struct place *array, size_t index)
{
    return (struct place){array, arena_decimal(reading->arena, index)};
}

static void put_pointer(struct buf *line, const struct place *place)
{
    if (place == NULL || place->up == NULL)
        return;
    put_pointer(line, place->up);
    buf_char(line, '/');
    for (size_t i = 0; i < place->key.len; i++) {
        unsigned char c = (unsigned char)place->key.ptr[i];
        if (c == '~')
            buf_literal(line, "~0");
        else if (c == '/')
            buf_literal(line, "~1");
        else
            buf_char(line, c < 0x20 ? '?' : (char)c); /* a line stays one */
    }
}

/* --- Reports --- */

static bool is_told(const struct buf *problems, struct str line)
{
    return problems->len > 0 && memmem(problems->ptr, problems->len, line.ptr, line.len) != NULL;
}

static void reading_tell(struct reading *reading, const struct place *place, const char *reason)
{
    struct buf line = BUF_INIT(LINE_MAX_SIZE);

    buf_str(&line, reading->file);
    buf_literal(&line, ": ");
    if (place != NULL && place->up != NULL) {
        put_pointer(&line, place);
        buf_literal(&line, ": ");
    }
    buf_str(&line, str_from(reason));
    buf_char(&line, '\n');
    reading->errors++;
    if (!is_told(reading->problems, buf_view(&line)))
        buf_str(reading->problems, buf_view(&line));
    buf_free(&line);
}

void report(struct reading *reading, const struct place *place, const char *format, ...)
{
    char reason[TEXT_MAX];
    va_list list;

    va_start(list, format);
    vsnprintf(reason, sizeof reason, format, list);
    va_end(list);
    reading_tell(reading, place, reason);
}

void report_key(struct reading *reading, const struct place *place, struct str key,
                const char *reason)
{
    reading_tell(reading, &(struct place){place, key}, reason);
}

/* How many letters must be put in, taken out or replaced (Levenshtein). */
static size_t distance(struct str a, struct str b)
{
    size_t row[HINT_MAX + 1];

    if (a.len > HINT_MAX || b.len > HINT_MAX)
        return HINT_MAX;
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t replaced = corner + (a.ptr[i - 1] != b.ptr[j - 1]), least;
            corner = row[j];
            least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = replaced < least ? replaced : least;
        }
    }
    return row[b.len];
}

void report_unknown(struct reading *reading, const struct place *place, const char *what,
                    const struct str *known, size_t count)
{
    size_t best = count, least = 3;

    for (size_t i = 0; i < count; i++) {
        size_t far = str_eq_nocase(place->key, known[i]) ? 0 : distance(place->key, known[i]);
        if (far < least && far < known[i].len) {
            least = far;
            best = i;
        }
    }
    if (best < count)
        report(reading, place, "is not a known %s: is \"%.*s\" meant?", what, SHOW(known[best]));
    else
        report(reading, place, "is not a known %s", what);
}

/* --- Values --- */

struct str json_text(const json_t *json)
{
    return str_make(json_string_value(json), json_string_length(json));
}

json_t *reading_own(struct reading *reading, json_t *json)
{
    if (json == NULL || json_array_append_new(reading->owned, json) != 0)
        abort(); /* out of memory: base/mem.h */
    return json;
}

bool take_text(struct reading *reading, const struct place *place, const json_t *json,
               struct str *text)
{
    if (!json_is_string(json)) {
        report(reading, place, "must be a string");
        return false;
    }
    *text = json_text(json);
    return true;
}

bool take_bool(struct reading *reading, const struct place *place, const json_t *json, bool *flag)
{
    if (!json_is_boolean(json)) {
        report(reading, place, "must be true or false");
        return false;
    }
    *flag = json_is_true(json);
    return true;
}

bool take_integer(struct reading *reading, const struct place *place, const json_t *json,
                  int64_t min, int64_t max, int64_t *integer)
{
    double number = json_real_value(json);
    bool whole = json_is_real(json) && number >= -9e15 && number <= 9e15 &&
                 (double)(int64_t)number == number;
    int64_t value = whole ? (int64_t)number : (int64_t)json_integer_value(json);

    if ((!json_is_integer(json) && !whole) || value < min || value > max) {
        report(reading, place, "must be a whole number from %lld to %lld", (long long)min,
               (long long)max);
        return false;
    }
    *integer = value;
    return true;
}

bool take_object(struct reading *reading, const struct place *place, const json_t *json)
{
    if (!json_is_object(json))
        report(reading, place, "must be an object");
    return json_is_object(json);
}

struct str reading_format(struct reading *reading, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return arena_str(reading->arena, str_from(text));
}
