/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/value.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"

/* --- ObjectIds --- */

enum { TIME_SIZE = 4, PROCESS_SIZE = 5, COUNTER_SIZE = 3 };

static unsigned char oid_process[PROCESS_SIZE];
static atomic_uint oid_counter;

static void oid_seed(void)
{
    unsigned char start[COUNTER_SIZE];

    random_bytes(oid_process, sizeof oid_process);
    random_bytes(start, sizeof start);
    atomic_store(&oid_counter, (unsigned)start[0] << 16 | (unsigned)start[1] << 8 | start[2]);
}

static void put_big_endian(unsigned char *to, uint32_t value, size_t size)
{
    while (size-- > 0) {
        to[size] = (unsigned char)value;
        value >>= 8;
    }
}

struct oid oid_new(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct oid oid;

    pthread_once(&once, oid_seed);
    put_big_endian(oid.bytes, (uint32_t)(clock_wall_ms() / 1000), TIME_SIZE);
    memcpy(oid.bytes + TIME_SIZE, oid_process, PROCESS_SIZE);
    put_big_endian(oid.bytes + TIME_SIZE + PROCESS_SIZE, atomic_fetch_add(&oid_counter, 1),
                   COUNTER_SIZE);
    return oid;
}

enum err oid_parse(struct str text, struct oid *oid)
{
    return hex_decode(text, oid->bytes, sizeof oid->bytes);
}

void oid_text(const struct oid *oid, char text[static OID_HEX_SIZE])
{
    hex_encode(oid->bytes, sizeof oid->bytes, text);
}

/* --- UUIDs --- */

/* Bytes of each group: 8-4-4-4-12 hex digits. */
static const unsigned char uuid_groups[] = {4, 2, 2, 2, 6};

enum err uuid_parse(struct str text, unsigned char uuid[static UUID_SIZE])
{
    const char *from = text.ptr;
    unsigned char *to = uuid;

    if (text.len != UUID_TEXT_SIZE)
        return ERR_SYNTAX;
    for (size_t i = 0; i < sizeof uuid_groups; i++) {
        size_t size = uuid_groups[i];
        if ((i > 0 && *from++ != '-') || hex_decode(str_make(from, 2 * size), to, size) != ERR_OK)
            return ERR_SYNTAX;
        from += 2 * size;
        to += size;
    }
    return ERR_OK;
}

void uuid_text(const unsigned char uuid[static UUID_SIZE], char text[static UUID_TEXT_SIZE])
{
    const unsigned char *from = uuid;

    for (size_t i = 0; i < sizeof uuid_groups; i++) {
        if (i > 0)
            *text++ = '-';
        hex_encode(from, uuid_groups[i], text);
        text += 2 * (size_t)uuid_groups[i];
        from += uuid_groups[i];
    }
}

void uuid_new(unsigned char uuid[static UUID_SIZE])
{
    random_bytes(uuid, UUID_SIZE);
    uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x40); /* version 4 (RFC 9562 section 5.4) */
    uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
}

/* --- Decimals --- */

static size_t count_digits(struct str text)
{
    size_t count = 0;

    while (count < text.len && isdigit((unsigned char)text.ptr[count]))
        count++;
    return count;
}

enum err decimal_check(struct str text)
{
    size_t whole, fraction = 0;

    if (text.len > 0 && text.ptr[0] == '-')
        text = str_from_offset(text, 1);
    whole = count_digits(text);
    text = str_from_offset(text, whole);
    if (text.len > 0 && text.ptr[0] == '.') {
        fraction = count_digits(str_from_offset(text, 1));
        if (fraction == 0)
            return ERR_SYNTAX;
        text = str_from_offset(text, 1 + fraction);
    }
    return whole > 0 && text.len == 0 && whole + fraction <= DECIMAL_DIGITS_MAX ? ERR_OK
                                                                                : ERR_SYNTAX;
}
