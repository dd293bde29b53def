/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/body.h"

/* jansson descends into itself, so the depth is looked at before it begins. */
static bool is_deep(struct str text)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (in_string)
            continue;
        else if ((c == '{' || c == '[') && ++depth > BODY_DEPTH_MAX)
            return true;
        else if (c == '}' || c == ']')
            depth--;
    }
    return false;
}

/* Our own words: a library's never go out. */
static void tell(const json_error_t *error, struct problem *problem)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        problem_addf(problem, STR("body"), "has a key twice in one object (line %d, column %d)",
                     error->line, error->column);
        break;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        problem_addf(problem, STR("body"), "has a NUL character (line %d, column %d)", error->line,
                     error->column);
        break;
    case json_error_invalid_utf8: problem_add(problem, STR("body"), STR("is not UTF-8")); break;
    case json_error_numeric_overflow:
        problem_addf(problem, STR("body"), "has a number that is too large (line %d, column %d)",
                     error->line, error->column);
        break;
    case json_error_end_of_input_expected:
        problem_addf(problem, STR("body"), "goes on behind its end (line %d, column %d)",
                     error->line, error->column);
        break;
    default:
        problem_addf(problem, STR("body"), "is not valid JSON (line %d, column %d)", error->line,
                     error->column);
    }
}

enum err body_parse(struct str text, bool allow_array, struct problem *problem, json_t **root)
{
    json_error_t error;
    json_t *value;

    if (text.len == 0) {
        problem_add(problem, STR("body"), STR("must be a JSON object"));
        return ERR_SYNTAX;
    }
    if (is_deep(text)) {
        problem_addf(problem, STR("body"), "is nested deeper than %d levels", BODY_DEPTH_MAX);
        return ERR_SYNTAX;
    }
    value = json_loadb(text.ptr, text.len,
                       JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_DECODE_ANY, &error);
    if (value == NULL) {
        tell(&error, problem);
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
