/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/query_value.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json_writer.h"
#include "http/percent.h"

enum { NUMBER_TEXT_MAX = 40 };

/* --- One value, from decoded text to its type and canonical text --- */

static enum err query_refuse(const struct query_reading *reading, const struct query_param *param,
                             struct str message)
{
    problem_add(reading->problem, param->name, message);
    return ERR_INVALID;
}

static enum err read_string(const struct query_reading *reading, const struct query_param *param,
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

static enum err read_bool(const struct query_reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value)
{
    if (!str_eq(text, STR("true")) && !str_eq(text, STR("false")))
        return query_refuse(reading, param, STR("must be true or false"));
    value->text = text;
    value->value = value_bool(text.len == 4);
    return ERR_OK;
}

static struct str number_text(const struct query_reading *reading, double number)
{
    struct buf text = BUF_INIT(NUMBER_TEXT_MAX);
    struct str copy;

    json_put_double(&text, number == 0 ? 0 : number); /* -0 is 0 */
    copy = arena_str(reading->arena, buf_view(&text));
    buf_free(&text);
    return copy;
}

static enum err read_number(const struct query_reading *reading, const struct query_param *param,
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

static struct str integer_text(const struct query_reading *reading, int64_t integer)
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

static enum err read_integer(const struct query_reading *reading, const struct query_param *param,
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
static enum err read_decimal(const struct query_reading *reading, const struct query_param *param,
                             struct str text, struct query_value *value)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    struct str digits = str_from_offset(text, negative);

    if (decimal_check(text) != ERR_OK)
        return query_refuse(reading, param,
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

static enum err read_time(const struct query_reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value)
{
    char *room = arena_alloc(reading->arena, CLOCK_ISO_SIZE);
    int64_t ms;

    if (clock_parse_iso(text, &ms) != ERR_OK)
        return query_refuse(reading, param, STR("must be a time such as 2026-11-23T17:00:00.000Z"));
    clock_iso(ms, room);
    value->text = str_make(room, CLOCK_ISO_SIZE);
    value->value = value_date(ms);
    return ERR_OK;
}

static enum err read_day(const struct query_reading *reading, const struct query_param *param,
                         struct str text, struct query_value *value)
{
    enum { DAY_SIZE = 10 };
    int64_t ms;

    if (text.len != DAY_SIZE || clock_parse_iso(text, &ms) != ERR_OK)
        return query_refuse(reading, param, STR("must be a day such as 2026-11-23"));
    value->text = text;
    value->value = value_string(text);
    return ERR_OK;
}

static enum err read_id(const struct query_reading *reading, const struct query_param *param,
                        struct str text, enum id_type type, struct query_value *value)
{
    char *room = arena_alloc(reading->arena, ID_TEXT_MAX);

    if (id_parse(type, text, room, &value->text) != ERR_OK)
        return query_refuse(reading, param, id_rule(type));
    value->value = id_value(type, value->text);
    return ERR_OK;
}

static enum err read_objectid(const struct query_reading *reading, const struct query_param *param,
                              struct str text, struct query_value *value)
{
    return read_id(reading, param, text, ID_OBJECTID, value);
}

static enum err read_uuid(const struct query_reading *reading, const struct query_param *param,
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
static enum err refuse_choice(const struct query_reading *reading, const struct query_param *param,
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

static enum err read_choice(const struct query_reading *reading, const struct query_param *param,
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
static struct str names_text(const struct query_reading *reading, const struct query_param *param,
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

static enum err read_names(const struct query_reading *reading, const struct query_param *param,
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

static enum err read_some(const struct query_reading *reading, const struct query_param *param,
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
            return query_refuse(reading, param, STR("must not name one twice"));
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
static enum err read_id_list(const struct query_reading *reading, const struct query_param *param,
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

static enum err read_cursor(const struct query_reading *reading, const struct query_param *param,
                            struct str text, struct query_value *value)
{
    bool good = text.len > 0 && text.len <= (size_t)param->max;

    for (size_t i = 0; good && i < text.len; i++) {
        char c = text.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    }
    if (!good)
        return query_refuse(reading, param, STR("must be the next of an earlier page"));
    value->text = text;
    return ERR_OK;
}

typedef enum err reader(const struct query_reading *, const struct query_param *, struct str,
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
static void put_values(const struct query_reading *reading, struct query_value *all, size_t count,
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

static enum err read_several(const struct query_reading *reading, const struct query_param *param,
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

enum err query_value_read(const struct query_reading *reading, const struct query_param *param,
                          struct str text, struct query_value *value)
{
    if (param->op == PARAM_IN)
        return read_several(reading, param, text, value);
    return readers[param->type](reading, param, text, value);
}

enum err query_read_value(const struct query_param *param, struct str text, struct arena *arena,
                          struct problem *problem, struct query_value *value)
{
    const struct query_reading reading = {arena, problem};

    return readers[param->type](&reading, param, text, value);
}
