/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

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
    const int64_t first = -62167219200000, last = 253402300799999;
    int64_t ms = wall_ms < first ? first : wall_ms > last ? last : wall_ms;
    /* Days since 0000-03-01 make leap days the last of their year and the arithmetic plain
     * (H. Hinnant, "chrono-compatible low-level date algorithms"). */
    int64_t days = (ms - first) / day_ms + 305 - 365;
    int64_t rest = (ms - first) % day_ms;
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
