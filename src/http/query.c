/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/query.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "http/percent.h"

enum { NUMBER_TEXT_MAX = 40 };

/* --- One value, from decoded text to its type and canonical text --- */

struct reading {
    struct arena *arena;
    struct problem *problem;
};

static enum err refuse(const struct reading *reading, const struct query_param *param,
                       struct str message)
{
    problem_add(reading->problem, param->name, message);
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
    value->value = value_string(text);
    return ERR_OK;
}

static enum err read_bool(const struct reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value)
{
    if (!str_eq(text, STR("true")) && !str_eq(text, STR("false")))
        return refuse(reading, param, STR("must be true or false"));
    value->text = text;
    value->value = value_bool(text.len == 4);
    return ERR_OK;
}

static struct str number_text(const struct reading *reading, double number)
{
    struct buf text = BUF_INIT(NUMBER_TEXT_MAX);
    struct str copy;

    buf_json_double(&text, number == 0 ? 0 : number); /* -0 is 0 */
    copy = arena_str(reading->arena, buf_view(&text));
    buf_free(&text);
    return copy;
}

static enum err read_number(const struct reading *reading, const struct query_param *param,
                            struct str text, struct query_value *value)
{
    double number;

    if (str_double(text, param->min, param->max, &number) != ERR_OK) {
        problem_addf(reading->problem, param->name, "must be a number of at least %g", param->min);
        return ERR_INVALID;
    }
    value->text = number_text(reading, number);
    value->value = value_double(number);
    return ERR_OK;
}

/* Of a field also 1e3 and 30.0, as far as every double is exact. */
static bool is_whole(const struct query_param *param, struct str text, int64_t *integer)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    double number;

    if (str_int(text, INT64_MIN, INT64_MAX, integer) == ERR_OK)
        return true;
    if (!param_is_filter(param->op) || str_double(text, -exact, exact, &number) != ERR_OK ||
        floor(number) != number)
        return false;
    *integer = (int64_t)number;
    return true;
}

static struct str integer_text(const struct reading *reading, int64_t integer)
{
    char *room = arena_alloc(reading->arena, 1 + DECIMAL_MAX), digits[DECIMAL_MAX];
    uint64_t size = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    struct str text = str_decimal(size, digits);

    room[0] = '-';
    memcpy(room + (integer < 0), text.ptr, text.len);
    return str_make(room, text.len + (integer < 0));
}

/* Whether digits are the canonical text already. */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.ptr[0] != '0' || text.len == 1;
}

static enum err read_integer(const struct reading *reading, const struct query_param *param,
                             struct str text, struct query_value *value)
{
    int64_t integer = 0;

    if (!is_whole(param, text, &integer) || integer < param->low || integer > param->high) {
        problem_addf(reading->problem, param->name, "must be a whole number from %lld to %lld",
                     (long long)param->low, (long long)param->high);
        return ERR_INVALID;
    }
    value->text = is_plain(text) ? text : integer_text(reading, integer);
    value->value = value_int(integer);
    return ERR_OK;
}

/* MongoDB takes 1.50 and 1.5 for equal, and -0 and 0. */
static enum err read_decimal(const struct reading *reading, const struct query_param *param,
                             struct str text, struct query_value *value)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    struct str digits = str_from_offset(text, negative);

    if (decimal_check(text) != ERR_OK)
        return refuse(reading, param,
                      STR("must be a decimal number of at most 34 digits, such as 19.99"));
    while (digits.len > 1 && digits.ptr[0] == '0' && digits.ptr[1] != '.')
        digits = str_from_offset(digits, 1);
    if (str_find(digits, '.') < digits.len) {
        while (digits.ptr[digits.len - 1] == '0')
            digits.len--;
        if (digits.ptr[digits.len - 1] == '.')
            digits.len--;
    }
    if (str_eq(digits, STR("0")))
        negative = false;
    value->text = negative ? ARENA_JOIN(reading->arena, STR("-"), digits) : digits;
    value->value = value_decimal(value->text);
    return ERR_OK;
}

static enum err read_time(const struct reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value)
{
    char *room = arena_alloc(reading->arena, CLOCK_ISO_SIZE);
    int64_t ms;

    if (clock_parse_iso(text, &ms) != ERR_OK)
        return refuse(reading, param, STR("must be a time such as 2026-11-23T17:00:00.000Z"));
    clock_iso(ms, room);
    value->text = str_make(room, CLOCK_ISO_SIZE);
    value->value = value_date(ms);
    return ERR_OK;
}

static enum err read_day(const struct reading *reading, const struct query_param *param,
                         struct str text, struct query_value *value)
{
    enum { DAY_SIZE = 10 };
    int64_t ms;

    if (text.len != DAY_SIZE || clock_parse_iso(text, &ms) != ERR_OK)
        return refuse(reading, param, STR("must be a day such as 2026-11-23"));
    value->text = text;
    value->value = value_string(text);
    return ERR_OK;
}

static enum err read_id(const struct reading *reading, const struct query_param *param,
                        struct str text, enum id_type type, struct query_value *value)
{
    char *room = arena_alloc(reading->arena, ID_TEXT_MAX);

    if (id_parse(type, text, room, &value->text) != ERR_OK)
        return refuse(reading, param, id_rule(type));
    value->value = id_value(type, value->text);
    return ERR_OK;
}

static enum err read_objectid(const struct reading *reading, const struct query_param *param,
                              struct str text, struct query_value *value)
{
    return read_id(reading, param, text, ID_OBJECTID, value);
}

static enum err read_uuid(const struct reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value)
{
    return read_id(reading, param, text, ID_UUID, value);
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
    size_t i = 0;

    buf_str(&text, str_from(lead));
    for (; i < param->choice_count && text.len + param->choices[i].len + 8 < text.cap; i++) {
        buf_str(&text, i == 0 ? STR(" ") : STR(", "));
        buf_str(&text, param->choices[i]);
    }
    if (i < param->choice_count)
        buf_literal(&text, ", …");
    problem_add(reading->problem, param->name, arena_str(reading->arena, buf_view(&text)));
    buf_free(&text);
    return ERR_INVALID;
}

static enum err read_choice(const struct reading *reading, const struct query_param *param,
                            struct str text, struct query_value *value)
{
    size_t choice = find_choice(param, text);

    if (choice == param->choice_count)
        return refuse_choice(reading, param, "must be one of");
    value->text = param->choices[choice];
    if (param->op == PARAM_SORT)
        value->choice = choice;
    else
        value->value =
            param->choice_values != NULL ? param->choice_values[choice] : value_string(value->text);
    return ERR_OK;
}

/* Named twice is named once, and the order does not matter: one text for one set. */
static struct str names_text(const struct reading *reading, const struct query_param *param,
                             const struct query_chosen *chosen)
{
    size_t len = 0;
    char *text;

    for (size_t i = 0; i < param->choice_count; i++)
        if (query_has_chosen(chosen, i))
            len += param->choices[i].len + 1;
    text = arena_alloc(reading->arena, len + 1);
    len = 0;
    for (size_t i = 0; i < param->choice_count; i++) {
        if (!query_has_chosen(chosen, i))
            continue;
        if (len > 0)
            text[len++] = ',';
        memcpy(text + len, param->choices[i].ptr, param->choices[i].len);
        len += param->choices[i].len;
    }
    return str_make(text, len);
}

/* Whether a name is inside of another that is chosen: "chef.name" goes without saying beside
 * "chef". */
static bool is_inside(const struct query_param *param, const struct query_chosen *chosen, size_t at)
{
    struct str name = param->choices[at];

    for (size_t i = 0; i < param->choice_count; i++) {
        struct str outer = param->choices[i];
        if (i != at && query_has_chosen(chosen, i) && name.len > outer.len &&
            str_starts(name, outer) && name.ptr[outer.len] == '.')
            return true;
    }
    return false;
}

static enum err read_names(const struct reading *reading, const struct query_param *param,
                           struct str text, struct query_value *value)
{
    struct query_chosen *chosen = arena_zalloc(reading->arena, sizeof *chosen);
    bool others = false;
    struct str part;

    while (str_split(&text, ',', &part)) {
        size_t choice = find_choice(param, part);
        if (choice == param->choice_count)
            return refuse_choice(reading, param, "must be names, separated by commas, from");
        chosen->bits[choice / 64] |= UINT64_C(1) << choice % 64;
        others = others || choice > 0;
    }
    for (size_t i = 1; i < param->choice_count; i++)
        if (query_has_chosen(chosen, i) && is_inside(param, chosen, i))
            chosen->bits[i / 64] &= ~(UINT64_C(1) << i % 64);
    if (others)
        chosen->bits[0] &= ~UINT64_C(1); /* said or not, it is meant */
    value->text = names_text(reading, param, chosen);
    chosen->bits[0] |= 1;
    value->chosen = chosen;
    return ERR_OK;
}

static enum err read_some(const struct reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value)
{
    struct query_chosen *chosen = arena_zalloc(reading->arena, sizeof *chosen);
    struct str part;
    size_t count = 0;

    while (str_split(&text, ',', &part)) {
        size_t choice = find_choice(param, part);
        if (choice == param->choice_count)
            return refuse_choice(reading, param, "must be some of");
        if (query_has_chosen(chosen, choice))
            return refuse(reading, param, STR("must not name one twice"));
        if (++count > (size_t)param->max) {
            problem_addf(reading->problem, param->name, "must be at most %.0f", param->max);
            return ERR_INVALID;
        }
        chosen->bits[choice / 64] |= UINT64_C(1) << choice % 64;
    }
    value->text = names_text(reading, param, chosen);
    value->chosen = chosen;
    return ERR_OK;
}

/* In the order asked; one asked twice is given once. */
static enum err read_id_list(const struct reading *reading, const struct query_param *param,
                             struct str text, struct query_value *value)
{
    struct str *ids = arena_alloc(reading->arena, (size_t)param->max * sizeof *ids), part;
    size_t count = 0, listed = 0, i;

    while (str_split(&text, ',', &part)) {
        char *room = arena_alloc(reading->arena, ID_TEXT_MAX);
        if (++listed > (size_t)param->max) {
            problem_addf(reading->problem, param->name, "must be at most %.0f ids", param->max);
            return ERR_INVALID;
        }
        if (id_parse(param->id, part, room, &ids[count]) != ERR_OK) {
            problem_addf(reading->problem, param->name, "each %.*s", (int)id_rule(param->id).len,
                         id_rule(param->id).ptr);
            return ERR_INVALID;
        }
        for (i = 0; i < count && !str_eq(ids[i], ids[count]);)
            i++;
        count += i == count;
    }
    value->text = arena_list(reading->arena, ids, count, ',');
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
        return refuse(reading, param, STR("must be the next of an earlier page"));
    value->text = text;
    return ERR_OK;
}

typedef enum err reader(const struct reading *, const struct query_param *, struct str,
                        struct query_value *);
static reader *const readers[] = {
    [PARAM_STRING] = read_string,     [PARAM_TEXT] = read_string,
    [PARAM_BOOL] = read_bool,         [PARAM_NUMBER] = read_number,
    [PARAM_INTEGER] = read_integer,   [PARAM_DECIMAL] = read_decimal,
    [PARAM_TIME] = read_time,         [PARAM_DAY] = read_day,
    [PARAM_OBJECTID] = read_objectid, [PARAM_UUID] = read_uuid,
    [PARAM_CHOICE] = read_choice,     [PARAM_NAMES] = read_names,
    [PARAM_ID_LIST] = read_id_list,   [PARAM_CURSOR] = read_cursor,
    [PARAM_SOME] = read_some,         [PARAM_PARTS] = read_string,
};

/* --- Several values --- */

static int by_text(const void *a, const void *b)
{
    return str_cmp(((const struct query_value *)a)->text, ((const struct query_value *)b)->text);
}

/* Sorted, none twice: one text for one set. */
static void put_values(const struct reading *reading, struct query_value *all, size_t count,
                       struct query_value *value)
{
    struct str *texts = arena_alloc(reading->arena, count * sizeof *texts);
    struct value *values = arena_alloc(reading->arena, count * sizeof *values);
    size_t kept = 0;

    qsort(all, count, sizeof *all, by_text);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && str_eq(all[i].text, all[i - 1].text))
            continue;
        texts[kept] = all[i].text;
        values[kept++] = all[i].value;
    }
    value->text = arena_list(reading->arena, texts, kept, ',');
    value->value = value_list(values, kept);
}

static enum err read_several(const struct reading *reading, const struct query_param *param,
                             struct str text, struct query_value *value)
{
    struct query_value all[QUERY_IN_MAX];
    size_t count = 0;
    struct str part;

    while (str_split(&text, ',', &part)) {
        if (count == QUERY_IN_MAX) {
            problem_addf(reading->problem, param->name, "must be at most %d values", QUERY_IN_MAX);
            return ERR_INVALID;
        }
        if (readers[param->type](reading, param, part, &all[count]) != ERR_OK)
            return ERR_INVALID;
        count++;
    }
    put_values(reading, all, count, value);
    return ERR_OK;
}

static enum err read_value(const struct reading *reading, const struct query_param *param,
                           struct str text, struct query_value *value)
{
    if (param->op == PARAM_IN)
        return read_several(reading, param, text, value);
    return readers[param->type](reading, param, text, value);
}

enum err query_read_value(const struct query_param *param, struct str text, struct arena *arena,
                          struct problem *problem, struct query_value *value)
{
    const struct reading reading = {arena, problem};

    return readers[param->type](&reading, param, text, value);
}

/* --- The whole query --- */

static bool is_dropped(struct str name)
{
    return str_starts(name, STR("utm_")) || str_eq(name, STR("_")) || str_eq(name, STR("fbclid")) ||
           str_eq(name, STR("gclid"));
}

size_t query_find(const struct query_param *params, size_t count, struct str name)
{
    size_t i = 0;

    while (i < count && !str_eq(params[i].name, name))
        i++;
    return i;
}

static struct str encoding_problem(enum err err)
{
    return err == ERR_INVALID ? STR("has a NUL character (%00), which no text here may have")
                              : STR("is not properly percent-encoded UTF-8");
}

static bool takes_several(const struct query_param *param)
{
    return param->op == PARAM_IN || param->type == PARAM_NAMES || param->type == PARAM_ID_LIST ||
           param->type == PARAM_SOME || param->type == PARAM_PARTS;
}

/* The texts as sent, decoded, before they are read: repeated ones are one with commas. */
struct sent {
    uint64_t seen;
    struct str texts[QUERY_PARAMS_MAX];
};

static void take_part(const struct query *query, struct str part, struct sent *sent,
                      const struct reading *reading)
{
    size_t equals = str_find(part, '='), i;
    struct str name, text, raw = str_make(part.ptr, equals);
    enum err err = percent_decode_query(raw, reading->arena, &name);

    if (err != ERR_OK) {
        problem_add(reading->problem, raw, encoding_problem(err));
        return;
    }
    if (is_dropped(name))
        return;
    i = query_find(query->params, query->count, name);
    if (i == query->count) {
        problem_add(reading->problem, name, STR("is not a known parameter"));
        return;
    }
    err = percent_decode_query(str_from_offset(part, equals + 1), reading->arena, &text);
    if (err != ERR_OK) {
        problem_add(reading->problem, name, encoding_problem(err));
        return;
    }
    if ((sent->seen >> i & 1) == 0)
        sent->texts[i] = text;
    else if (takes_several(&query->params[i]))
        sent->texts[i] = ARENA_JOIN(reading->arena, sent->texts[i], STR(","), text);
    else
        problem_add(reading->problem, name, STR("is given more than once"));
    sent->seen |= UINT64_C(1) << i;
}

/* A default that is said is left out; what has no default is never left out, an empty text neither.
 */
static bool is_default(const struct query_param *param, struct str text)
{
    return param->initial.len > 0 && str_eq(text, param->initial);
}

/* What was sent, and the defaults of the rest. */
static void read_all(struct query *query, const struct sent *sent, const struct reading *reading)
{
    for (size_t i = 0; i < query->count; i++) {
        const struct query_param *param = &query->params[i];
        struct query_value *value = &query->values[i];
        bool given = (sent->seen >> i & 1) != 0;
        if (!given && param->initial.len == 0)
            continue;
        if (read_value(reading, param, given ? sent->texts[i] : param->initial, value) == ERR_OK)
            value->given = given && !is_default(param, value->text);
    }
}

enum err query_parse(struct query *query, const struct query_param *params, size_t count,
                     struct str text, struct arena *arena, struct problem *problem)
{
    const struct reading reading = {arena, problem};
    struct sent sent;
    struct str part;

    sent.seen = 0;
    *query = (struct query){params, count, arena_zalloc(arena, count * sizeof query->values[0])};
    if (text.len > QUERY_TEXT_MAX) {
        problem_add(problem, STR("query"), STR("is longer than 8192 bytes"));
        return ERR_INVALID;
    }
    while (text.len > 0 && str_split(&text, '&', &part))
        if (part.len > 0)
            take_part(query, part, &sent, &reading);
    read_all(query, &sent, &reading);
    return problem->count == 0 ? ERR_OK : ERR_INVALID;
}

/* --- The canonical text --- */

struct str query_text(const struct query *query, uint64_t mask, struct arena *arena)
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

enum err query_set(struct query *query, size_t i, struct str text, struct arena *arena,
                   struct problem *problem)
{
    const struct reading reading = {arena, problem};
    enum err err;

    if (query->values[i].given)
        return ERR_EXISTS;
    err = read_value(&reading, &query->params[i], text, &query->values[i]);
    query->values[i].given = err == ERR_OK && !is_default(&query->params[i], query->values[i].text);
    return err;
}
