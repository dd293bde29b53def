/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/query.h"

#include <stdlib.h>

#include "http/percent.h"

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
                      const struct query_reading *reading)
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
static void read_all(struct query *query, const struct sent *sent,
                     const struct query_reading *reading)
{
    for (size_t i = 0; i < query->count; i++) {
        const struct query_param *param = &query->params[i];
        struct query_value *value = &query->values[i];
        bool given = (sent->seen >> i & 1) != 0;
        if (!given && param->initial.len == 0)
            continue;
        if (query_value_read(reading, param, given ? sent->texts[i] : param->initial, value) ==
            ERR_OK)
            value->given = given && !is_default(param, value->text);
    }
}

enum err query_parse(struct query *query, const struct query_param *params, size_t count,
                     struct str text, struct arena *arena, struct problem *problem)
{
    const struct query_reading reading = {arena, problem};
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

enum err query_none(struct str text, struct arena *arena, struct problem *problem)
{
    struct query query;

    return text.len == 0 ? ERR_OK : query_parse(&query, NULL, 0, text, arena, problem);
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
    const struct query_reading reading = {arena, problem};
    enum err err;

    if (query->values[i].given)
        return ERR_EXISTS;
    err = query_value_read(&reading, &query->params[i], text, &query->values[i]);
    query->values[i].given = err == ERR_OK && !is_default(&query->params[i], query->values[i].text);
    return err;
}
