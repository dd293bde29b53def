/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/body.h"

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

/* Our own words: a library's never go out. */
static const char *reason(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key: return "has a key twice in one object";
    case json_error_null_character:
    case json_error_null_byte_in_key: return "has a NUL character";
    case json_error_invalid_utf8: return "is not UTF-8";
    case json_error_numeric_overflow: return "has a number that is too large";
    case json_error_end_of_input_expected: return "goes on behind its end";
    default: return "is not valid JSON";
    }
}

/* The line is told only where there are several: in a file of JSON lines it would be the wrong one.
 */
static void tell(struct str text, const json_error_t *error, struct problem *problem)
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

    if (text.len == 0) {
        problem_add(problem, STR("body"), STR("must be a JSON object"));
        return ERR_SYNTAX;
    }
    if (!is_within_bounds(text, problem))
        return ERR_SYNTAX;
    value = json_loadb(text.ptr, text.len,
                       JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_DECODE_ANY, &error);
    if (value == NULL) {
        tell(text, &error, problem);
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
