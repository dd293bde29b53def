/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/body.h"

#include <float.h>

#include "app/write/digits.h"
#include "base/buf.h"

/* jansson descends into itself, and takes memory and time for each value: both are looked at before
 * it begins. */
static bool is_within_bounds(struct str text, struct problem *problem)
{
    bool in_string = false;
    int depth = 0, parts = 1;

    for (size_t i = 0; i < text.len && depth <= BODY_DEPTH_MAX && parts <= BODY_PARTS_MAX; i++) {
        char c = text.ptr[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (in_string)
            continue;
        parts += c == ',' || c == ':' || c == '{' || c == '[';
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    }
    if (depth > BODY_DEPTH_MAX)
        problem_addf(problem, STR("body"), "is nested deeper than %d levels", BODY_DEPTH_MAX);
    else if (parts > BODY_PARTS_MAX)
        problem_addf(problem, STR("body"), "has more than %d names and values", BODY_PARTS_MAX);
    return depth <= BODY_DEPTH_MAX && parts <= BODY_PARTS_MAX;
}

/* --- Integers beyond 64 bits --- */

/* jansson refuses them all; those that a double holds to the digit are numbers like any other, as
 * 100000000000000000000 for 1e20, and get a fraction, so that they are read as such. */
static bool is_exact(struct str digits)
{
    struct buf text = BUF_INIT(DBL_MAX_10_EXP + 3);
    double number;
    bool exact = str_double(digits, -DBL_MAX, DBL_MAX, &number) == ERR_OK;

    if (exact)
        buf_printf(&text, "%.0f", number);
    exact = exact && str_eq(buf_view(&text), digits);
    buf_free(&text);
    return exact;
}

static size_t number_len(struct str text)
{
    static const char part[] = "+-.0123456789Ee";
    size_t len = 0;

    while (len < text.len && memchr(part, text.ptr[len], sizeof part - 1) != NULL)
        len++;
    return len;
}

static size_t string_len(struct str text)
{
    size_t len = 1;

    while (len < text.len && text.ptr[len] != '"')
        len += text.ptr[len] == '\\' ? 2 : 1;
    return len < text.len ? len + 1 : text.len;
}

/* false: one of them is not exact. */
static bool widen(struct str text, struct buf *out)
{
    while (text.len > 0) {
        size_t number = number_len(text);
        size_t len = number > 0 ? number : text.ptr[0] == '"' ? string_len(text) : 1;
        struct str token = str_make(text.ptr, len);
        int64_t integer;
        bool wide = number > 0 && str_int(token, INT64_MIN, INT64_MAX, &integer) == ERR_RANGE;

        if (wide && !is_exact(token))
            return false;
        buf_str(out, token);
        if (wide)
            buf_literal(out, ".0");
        text = str_from_offset(text, len);
    }
    return true;
}

static json_t *load(struct str text, json_error_t *error)
{
    static const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
    json_t *value = json_loadb(text.ptr, text.len, flags, error);
    struct buf wide = BUF_INIT(2 * text.len);

    if (value == NULL && json_error_code(error) == json_error_numeric_overflow &&
        widen(text, &wide))
        value = json_loadb(wide.ptr, wide.len, flags, error);
    buf_free(&wide);
    return value;
}

/* --- What is wrong --- */

static const char rounded[] = "has a number that cannot be kept to the digit";

/* Our own words: a library's never go out. */
static const char *reason(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key: return "has a key twice in one object";
    case json_error_null_character:
    case json_error_null_byte_in_key: return "has a NUL character";
    case json_error_invalid_utf8: return "is not UTF-8";
    case json_error_numeric_overflow: return rounded;
    case json_error_end_of_input_expected: return "goes on behind its end";
    default: return "is not valid JSON";
    }
}

/* The line is named only where there are several: in a file of JSON lines it would be the wrong
 * one.
 */
static void body_tell(struct str text, const json_error_t *error, struct problem *problem)
{
    const char *why = reason(error);

    if (json_error_code(error) == json_error_invalid_utf8)
        problem_add(problem, STR("body"), str_from(why));
    else if (str_find(text, '\n') == text.len)
        problem_addf(problem, STR("body"), "%s (column %d)", why, error->column);
    else
        problem_addf(problem, STR("body"), "%s (line %d, column %d)", why, error->line,
                     error->column);
}

enum err body_parse(struct str text, bool allow_array, struct problem *problem, json_t **root)
{
    json_error_t error;
    json_t *value;
    size_t lost;

    if (text.len == 0) {
        problem_add(problem, STR("body"), STR("must be a JSON object"));
        return ERR_SYNTAX;
    }
    if (!is_within_bounds(text, problem))
        return ERR_SYNTAX;
    value = load(text, &error);
    if (value == NULL) {
        body_tell(text, &error, problem);
        return ERR_SYNTAX;
    }
    lost = digits_lost(text);
    if (lost < text.len) {
        problem_addf(problem, STR("body"), "%s (character %zu)", rounded, lost + 1);
        json_decref(value);
        return ERR_SYNTAX;
    }
    if (!json_is_object(value) && !(allow_array && json_is_array(value))) {
        problem_add(problem, STR("body"),
                    allow_array ? STR("must be a JSON object, or an array of objects")
                                : STR("must be a JSON object"));
        json_decref(value);
        return ERR_SYNTAX;
    }
    *root = value;
    return ERR_OK;
}
