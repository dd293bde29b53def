/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/query.h"

#include "http/percent.h"

enum { ID_SIZE = 24, NUMBER_TEXT_MAX = 40 };

/* --- One value, from decoded text to its type and canonical text --- */

struct reading {
    struct arena *arena;
    struct problem *problem;
};

static enum err refuse(const struct reading *reading, const struct query_param *param,
                       const char *message)
{
    problem_add(reading->problem, param->name, str_from(message));
    return ERR_INVALID;
}

static enum err read_string(const struct reading *reading, const struct query_param *param,
                            struct str text, struct query_value *value)
{
    size_t chars = str_chars(text);

    if (chars < (size_t)param->min || chars > (size_t)param->max) {
        problem_addf(reading->problem, param->name, "must have %.0f to %.0f characters", param->min,
                     param->max);
        return ERR_INVALID;
    }
    value->text = text;
    return ERR_OK;
}

static enum err read_bool(const struct reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value)
{
    if (!str_eq(text, STR("true")) && !str_eq(text, STR("false")))
        return refuse(reading, param, "must be true or false");
    value->boolean = text.len == 4;
    value->text = text;
    return ERR_OK;
}

static enum err read_number(const struct reading *reading, const struct query_param *param,
                            struct str text, struct query_value *value)
{
    struct buf canonical = BUF_INIT(NUMBER_TEXT_MAX);

    if (str_double(text, param->min, param->max, &value->number) != ERR_OK) {
        problem_addf(reading->problem, param->name, "must be a number of at least %g", param->min);
        return ERR_INVALID;
    }
    buf_json_double(&canonical, value->number);
    value->text = arena_str(reading->arena, buf_view(&canonical));
    buf_free(&canonical);
    return ERR_OK;
}

static enum err read_uint(const struct reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value)
{
    if (str_uint(text, (uint64_t)param->min, (uint64_t)param->max, &value->integer) != ERR_OK) {
        problem_addf(reading->problem, param->name, "must be a whole number from %.0f to %.0f",
                     param->min, param->max);
        return ERR_INVALID;
    }
    while (text.len > 1 && text.ptr[0] == '0')
        text = str_from_offset(text, 1);
    value->text = text;
    return ERR_OK;
}

static size_t find_choice(const struct query_param *param, struct str text)
{
    size_t i = 0;

    while (i < param->choice_count && !str_eq(param->choices[i], text))
        i++;
    return i;
}

/* The error that lists what there is. */
static enum err refuse_choice(const struct reading *reading, const struct query_param *param,
                              const char *lead)
{
    struct buf text = BUF_INIT(1024);

    buf_str(&text, str_from(lead));
    for (size_t i = 0; i < param->choice_count; i++) {
        buf_str(&text, i == 0 ? STR(" ") : STR(", "));
        buf_str(&text, param->choices[i]);
    }
    problem_add(reading->problem, param->name, arena_str(reading->arena, buf_view(&text)));
    buf_free(&text);
    return ERR_INVALID;
}

static enum err read_choice(const struct reading *reading, const struct query_param *param,
                            struct str text, struct query_value *value)
{
    value->choice = find_choice(param, text);
    if (value->choice == param->choice_count)
        return refuse_choice(reading, param, "must be one of");
    value->text = param->choices[value->choice];
    return ERR_OK;
}

/* Named twice is named once, and the order does not matter: one text for one set. */
static struct str choices_text(const struct reading *reading, const struct query_param *param,
                               uint64_t choices)
{
    size_t len = 0;
    char *text;

    for (size_t i = 0; i < param->choice_count; i++)
        len += param->choices[i].len + 1;
    text = arena_alloc(reading->arena, len);
    len = 0;
    for (size_t i = 0; i < param->choice_count; i++) {
        if ((choices >> i & 1) == 0)
            continue;
        if (len > 0)
            text[len++] = ',';
        memcpy(text + len, param->choices[i].ptr, param->choices[i].len);
        len += param->choices[i].len;
    }
    return str_make(text, len);
}

static enum err read_choices(const struct reading *reading, const struct query_param *param,
                             struct str text, struct query_value *value)
{
    struct str part;

    value->choices = 0;
    while (str_split(&text, ',', &part)) {
        size_t choice = find_choice(param, part);
        if (choice == param->choice_count)
            return refuse_choice(reading, param, "must be names, separated by commas, from");
        value->choices |= UINT64_C(1) << choice;
    }
    if (value->choices != 1)
        value->choices &= ~UINT64_C(1); /* said or not, it is meant */
    value->text = choices_text(reading, param, value->choices);
    return ERR_OK;
}

/* In the order asked; one asked twice is given once. */
static enum err read_ids(const struct reading *reading, const struct query_param *param,
                         struct str text, struct query_value *value)
{
    char *ids = arena_alloc(reading->arena, (ID_SIZE + 1) * ((size_t)param->max + 1));
    size_t count = 0, listed = 0, i;
    struct str part;
    unsigned char bytes[ID_SIZE / 2];

    while (str_split(&text, ',', &part)) {
        char *to = ids + count * (ID_SIZE + 1);
        if (++listed > (size_t)param->max) {
            problem_addf(reading->problem, param->name, "must be at most %.0f ids", param->max);
            return ERR_INVALID;
        }
        if (hex_decode(part, bytes, sizeof bytes) != ERR_OK)
            return refuse(reading, param, "must be ids of 24 hex digits, separated by commas");
        hex_encode(bytes, sizeof bytes, to);
        to[ID_SIZE] = ',';
        for (i = 0; i < count && memcmp(ids + i * (ID_SIZE + 1), to, ID_SIZE) != 0;)
            i++;
        count += i == count;
    }
    value->text = str_make(ids, count * (ID_SIZE + 1) - 1);
    return ERR_OK;
}

static enum err read_cursor(const struct reading *reading, const struct query_param *param,
                            struct str text, struct query_value *value)
{
    bool good = text.len > 0 && text.len <= (size_t)param->max;

    for (size_t i = 0; good && i < text.len; i++) {
        char c = text.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    }
    if (!good)
        return refuse(reading, param, "must be the next of an earlier page");
    value->text = text;
    return ERR_OK;
}

typedef enum err reader(const struct reading *, const struct query_param *, struct str,
                        struct query_value *);
static reader *const readers[] = {
    [PARAM_STRING] = read_string,   [PARAM_TEXT] = read_string, [PARAM_BOOL] = read_bool,
    [PARAM_NUMBER] = read_number,   [PARAM_UINT] = read_uint,   [PARAM_CHOICE] = read_choice,
    [PARAM_CHOICES] = read_choices, [PARAM_IDS] = read_ids,     [PARAM_CURSOR] = read_cursor,
};

/* --- The whole query --- */

static bool is_dropped(struct str name)
{
    return str_starts(name, STR("utm_")) || str_eq(name, STR("_")) || str_eq(name, STR("fbclid")) ||
           str_eq(name, STR("gclid"));
}

static size_t find_param(const struct query *query, struct str name)
{
    size_t i = 0;

    while (i < query->count && !str_eq(query->params[i].name, name))
        i++;
    return i;
}

static struct str encoding_problem(enum err err)
{
    return err == ERR_INVALID ? STR("has a NUL character (%00), which no text here may have")
                              : STR("is not properly percent-encoded UTF-8");
}

static void read_part(struct query *query, struct str part, uint32_t *seen,
                      const struct reading *reading)
{
    size_t equals = str_find(part, '='), i;
    struct str name, text, raw = str_make(part.ptr, equals);
    struct query_value *value;
    enum err err = percent_decode_query(raw, reading->arena, &name);

    if (err != ERR_OK) {
        problem_add(reading->problem, raw, encoding_problem(err));
        return;
    }
    if (is_dropped(name))
        return;
    i = find_param(query, name);
    if (i == query->count) {
        problem_add(reading->problem, name, STR("is not a known parameter"));
        return;
    }
    if (*seen >> i & 1) {
        problem_add(reading->problem, name, STR("is given more than once"));
        return;
    }
    *seen |= UINT32_C(1) << i;
    value = &query->values[i];
    err = percent_decode_query(str_from_offset(part, equals + 1), reading->arena, &text);
    if (err != ERR_OK) {
        problem_add(reading->problem, name, encoding_problem(err));
        return;
    }
    if (readers[query->params[i].type](reading, &query->params[i], text, value) == ERR_OK)
        value->given = !str_eq(value->text, query->params[i].initial);
}

enum err query_parse(struct query *query, const struct query_param *params, size_t count,
                     struct str text, struct arena *arena, struct problem *problem)
{
    const struct reading reading = {arena, problem};
    uint32_t seen = 0;
    struct str part;

    query->params = params;
    query->count = count;
    memset(query->values, 0, count * sizeof query->values[0]);
    for (size_t i = 0; i < count; i++)
        if (params[i].initial.len > 0)
            readers[params[i].type](&reading, &params[i], params[i].initial, &query->values[i]);
    if (text.len > QUERY_TEXT_MAX) {
        problem_add(problem, STR("query"), STR("is longer than 8192 bytes"));
        return ERR_INVALID;
    }
    while (text.len > 0 && str_split(&text, '&', &part))
        if (part.len > 0)
            read_part(query, part, &seen, &reading);
    return problem->count == 0 ? ERR_OK : ERR_INVALID;
}

/* --- The canonical text --- */

struct str query_text(const struct query *query, uint32_t mask, struct arena *arena)
{
    size_t size = 0;
    char *text, *to;

    for (size_t i = 0; i < query->count; i++)
        if (query->values[i].given && (mask >> i & 1))
            size += query->params[i].name.len + 3 * query->values[i].text.len + 2;
    if (size == 0)
        return STR("");
    text = to = arena_alloc(arena, size);
    for (size_t i = 0; i < query->count; i++) {
        if (!query->values[i].given || !(mask >> i & 1))
            continue;
        if (to > text)
            *to++ = '&';
        memcpy(to, query->params[i].name.ptr, query->params[i].name.len);
        to += query->params[i].name.len;
        *to++ = '=';
        to += percent_encode(query->values[i].text, to).len;
    }
    return str_make(text, (size_t)(to - text));
}

enum err query_set_bool(struct query *query, size_t i, bool value)
{
    if (query->values[i].given)
        return ERR_INVALID;
    query->values[i] = (struct query_value){
        .given = true, .text = value ? STR("true") : STR("false"), .boolean = value};
    return ERR_OK;
}
