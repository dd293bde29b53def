/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/accept.h"

/* A weight in thousandths (RFC 9110 section 12.4.2); what is none counts as 0. */
static int parse_weight(struct str s)
{
    int weight, scale = 100;

    if (s.len == 0 || s.len > 5 || (s.ptr[0] != '0' && s.ptr[0] != '1') ||
        (s.len > 1 && s.ptr[1] != '.'))
        return 0;
    weight = (s.ptr[0] - '0') * 1000;
    for (size_t i = 2; i < s.len; i++, scale /= 10) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return 0;
        weight += (s.ptr[i] - '0') * scale;
    }
    return weight > 1000 ? 0 : weight;
}

static int weight_of(struct str params)
{
    struct str part;

    while (str_split(&params, ';', &part)) {
        part = str_trim(part);
        if (part.len > 2 && (part.ptr[0] == 'q' || part.ptr[0] == 'Q') && part.ptr[1] == '=')
            return parse_weight(str_from_offset(part, 2));
    }
    return 1000;
}

bool accept_gzip(struct str field)
{
    int gzip = -1, identity = -1, any = -1;
    struct str item;

    /* What browsers send. */
    if (field.len == 0 || str_starts(field, STR("gzip,")) || str_eq(field, STR("gzip")))
        return field.len > 0;
    while (str_split(&field, ',', &item)) {
        size_t end = str_find(item, ';');
        struct str coding = str_trim(str_make(item.ptr, end));
        int weight = weight_of(str_from_offset(item, end + 1));
        if (str_eq_nocase(coding, STR("gzip")) || str_eq_nocase(coding, STR("x-gzip")))
            gzip = weight;
        else if (str_eq_nocase(coding, STR("identity")))
            identity = weight;
        else if (str_eq(coding, STR("*")))
            any = weight;
    }
    if (gzip < 0)
        gzip = any;
    return gzip > 0 && gzip >= identity;
}

/* The weight that the field gives to a media type, of whose names the first found counts: its own,
 * then that of its kind, then that of all; -1 where it names none. */
static int weight_among(struct str field, const struct str names[static 3])
{
    int weights[3] = {-1, -1, -1};
    struct str item;

    while (str_split(&field, ',', &item)) {
        size_t end = str_find(item, ';');
        struct str type = str_trim(str_make(item.ptr, end));
        for (size_t i = 0; i < 3; i++)
            if (type.len > 0 && str_eq_nocase(type, names[i]))
                weights[i] = weight_of(str_from_offset(item, end + 1));
    }
    return weights[0] >= 0 ? weights[0] : weights[1] >= 0 ? weights[1] : weights[2];
}

bool accept_event_stream(struct str field)
{
    static const struct str stream[] = {STR_INIT("text/event-stream"), STR_INIT(""), STR_INIT("")};
    static const struct str json[] = {STR_INIT("application/json"), STR_INIT("application/*"),
                                      STR_INIT("*/*")};
    int weight;

    if (field.len < stream[0].len)
        return false;
    weight = weight_among(field, stream);
    return weight > 0 && weight >= weight_among(field, json);
}

static bool is_utf8(struct str param)
{
    return str_eq_nocase(param, STR("charset=utf-8")) ||
           str_eq_nocase(param, STR("charset=\"utf-8\""));
}

bool media_type_has_other_charset(struct str field)
{
    static const struct str name = STR_INIT("charset=");
    struct str params = str_from_offset(field, str_find(field, ';') + 1), part;

    while (params.len > 0 && str_split(&params, ';', &part)) {
        part = str_trim(part);
        if (part.len >= name.len && str_eq_nocase(str_make(part.ptr, name.len), name) &&
            !is_utf8(part))
            return true;
    }
    return false;
}

bool media_type_is(struct str field, struct str type)
{
    size_t end = str_find(field, ';');
    struct str params = str_from_offset(field, end + 1), part;

    if (!str_eq_nocase(str_trim(str_make(field.ptr, end)), type))
        return false;
    while (params.len > 0 && str_split(&params, ';', &part)) {
        part = str_trim(part);
        if (part.len > 0 && !is_utf8(part))
            return false;
    }
    return true;
}
