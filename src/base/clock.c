/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <stdio.h>

#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_wall_ms(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t clock_mono_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000000;
}

static void put_digits(char *to, int count, int64_t value)
{
    while (count-- > 0) {
        to[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

void clock_iso(int64_t wall_ms, char text[static CLOCK_ISO_SIZE])
{
    const int64_t day_ms = 86400000;
    int64_t ms = wall_ms < CLOCK_FIRST_MS  ? CLOCK_FIRST_MS
                 : wall_ms > CLOCK_LAST_MS ? CLOCK_LAST_MS
                                           : wall_ms;
    /* Days since 0000-03-01 make leap days the last of their year and the arithmetic plain
     * (H. Hinnant, "chrono-compatible low-level date algorithms"). */
    int64_t days = (ms - CLOCK_FIRST_MS) / day_ms + 305 - 365;
    int64_t rest = (ms - CLOCK_FIRST_MS) % day_ms;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * month + 2) / 5 + 1;

    month += month < 10 ? 3 : -9;
    year += era * 400 + (month <= 2);
    put_digits(text, 4, year);
    text[4] = '-';
    put_digits(text + 5, 2, month);
    text[7] = '-';
    put_digits(text + 8, 2, day);
    text[10] = 'T';
    put_digits(text + 11, 2, rest / 3600000);
    text[13] = ':';
    put_digits(text + 14, 2, rest / 60000 % 60);
    text[16] = ':';
    put_digits(text + 17, 2, rest / 1000 % 60);
    text[19] = '.';
    put_digits(text + 20, 3, rest % 1000);
    text[23] = 'Z';
}

/* count digits off the front of *s; -1 when they are not there. */
static int take_digits(struct str *s, size_t count)
{
    int value = 0;

    if (s->len < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return -1;
        value = value * 10 + (s->ptr[i] - '0');
    }
    *s = str_from_offset(*s, count);
    return value;
}

static bool take_char(struct str *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = str_from_offset(*s, 1);
    return true;
}

/* Days since 1970-01-01 (the inverse of the arithmetic above). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t era, of_era, of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_era = year - era * 400;
    of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static enum err parse_day(struct str *s, int64_t *days)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    bool leap;

    if ((year = take_digits(s, 4)) < 0 || !take_char(s, '-') || (month = take_digits(s, 2)) < 1 ||
        month > 12 || !take_char(s, '-') || (day = take_digits(s, 2)) < 1 ||
        day > lengths[month - 1])
        return ERR_SYNTAX;
    leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month == 2 && day == 29 && !leap)
        return ERR_SYNTAX;
    *days = days_from_civil(year, month, day);
    return ERR_OK;
}

/* Milliseconds of ".123456"; 0 when there is no fraction, -1 when it has no digit. */
static int take_fraction(struct str *s)
{
    int ms = 0, scale = 100;
    size_t digits = 0;

    if (!take_char(s, '.'))
        return 0;
    while (digits < s->len && s->ptr[digits] >= '0' && s->ptr[digits] <= '9') {
        ms += (s->ptr[digits++] - '0') * scale;
        scale /= 10;
    }
    *s = str_from_offset(*s, digits);
    return digits > 0 ? ms : -1;
}

/* Minutes east of UTC. */
static enum err take_zone(struct str *s, int *minutes)
{
    int sign = 1, hour, minute;

    *minutes = 0;
    if (take_char(s, 'Z') || take_char(s, 'z'))
        return ERR_OK;
    if (take_char(s, '-'))
        sign = -1;
    else if (!take_char(s, '+'))
        return ERR_SYNTAX;
    if ((hour = take_digits(s, 2)) < 0 || hour > 23 || !take_char(s, ':') ||
        (minute = take_digits(s, 2)) < 0 || minute > 59)
        return ERR_SYNTAX;
    *minutes = sign * (hour * 60 + minute);
    return ERR_OK;
}

enum err clock_parse_iso(struct str text, int64_t *wall_ms)
{
    int64_t days, ms;
    int hour, minute, second = 0, fraction = 0, zone;

    if (parse_day(&text, &days) != ERR_OK)
        return ERR_SYNTAX;
    ms = days * 86400000;
    if (text.len > 0) {
        if ((!take_char(&text, 'T') && !take_char(&text, 't')) ||
            (hour = take_digits(&text, 2)) < 0 || hour > 23 || !take_char(&text, ':') ||
            (minute = take_digits(&text, 2)) < 0 || minute > 59)
            return ERR_SYNTAX;
        if (take_char(&text, ':') && ((second = take_digits(&text, 2)) < 0 || second > 59 ||
                                      (fraction = take_fraction(&text)) < 0))
            return ERR_SYNTAX;
        if (take_zone(&text, &zone) != ERR_OK || text.len > 0)
            return ERR_SYNTAX;
        ms += ((int64_t)(hour * 60 + minute - zone) * 60 + second) * 1000 + fraction;
    }
    if (ms < CLOCK_FIRST_MS || ms > CLOCK_LAST_MS)
        return ERR_SYNTAX;
    *wall_ms = ms;
    return ERR_OK;
}

/* Of a time of day: what is behind its last digit, from a sign or a letter on. */
static struct str zone_of(struct str time)
{
    size_t at = 0;

    while (at < time.len && ((time.ptr[at] >= '0' && time.ptr[at] <= '9') || time.ptr[at] == ':' ||
                             time.ptr[at] == '.'))
        at++;
    return str_from_offset(time, at);
}

enum err clock_parse_loose(struct str text, int64_t *wall_ms)
{
    enum { DAY = 10, ROOM = 64 };
    struct str time = str_from_offset(text, DAY + 1), zone = zone_of(time), name = str_trim(zone);
    struct str minutes = STR("");
    char room[ROOM];
    int len;

    if (text.len <= DAY + 1 || text.len > ROOM / 2 ||
        (text.ptr[DAY] != ' ' && text.ptr[DAY] != 'T' && text.ptr[DAY] != 't'))
        return clock_parse_iso(text, wall_ms);
    if (name.len == 0 || str_eq_nocase(name, STR("z")) || str_eq_nocase(name, STR("utc"))) {
        name = STR("Z");
    } else if (name.len == 5 && str_find(name, ':') == name.len) {
        minutes = str_from_offset(name, 3);
        name.len = 3;
    } else if (name.len == 3) {
        minutes = STR("00");
    }
    len = snprintf(room, sizeof room, "%.*sT%.*s%.*s%s%.*s", DAY, text.ptr,
                   (int)(time.len - zone.len), time.ptr, (int)name.len, name.ptr,
                   minutes.len > 0 ? ":" : "", (int)minutes.len, minutes.ptr);
    return clock_parse_iso(str_make(room, (size_t)len), wall_ms);
}
