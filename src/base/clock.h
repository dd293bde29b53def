/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_CLOCK_H
#define LARDER_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Functions take the time as an argument; only the outermost callers read the clock. */

/* Milliseconds since 1970, UTC. */
int64_t clock_wall_ms(void);
/* CLOCK_MONOTONIC: the same in every process of a host. */
int64_t clock_mono_ns(void);
int64_t clock_mono_ms(void);

/* The first and the last millisecond of the years 0 to 9999, which four digits can show. */
#define CLOCK_FIRST_MS INT64_C(-62167219200000)
#define CLOCK_LAST_MS  INT64_C(253402300799999)

enum { CLOCK_ISO_SIZE = 24 };
/* "2026-11-23T17:00:00.000Z" (24 bytes, no NUL); times outside that range are clamped to it. */
void clock_iso(int64_t wall_ms, char text[static CLOCK_ISO_SIZE]);
/* A day, or a day and a time of day with its zone (RFC 3339): "2026-11-23", "2026-11-23T17:00Z",
 * "2026-11-23T17:00:00.000+01:00", "2026-11-23t17:00:00z".  Digits beyond milliseconds are cut.
 * Years 0 to 9999.  ERR_SYNTAX for any other text. */
enum err clock_parse_iso(struct str text, int64_t *wall_ms);
/* The same, and forms that are common in files: "2026-11-23 17:00:00", followed by "+0100", "+01",
 * "z" or "UTC", also after a space.  A time without a zone is UTC. */
enum err clock_parse_loose(struct str text, int64_t *wall_ms);

#endif
