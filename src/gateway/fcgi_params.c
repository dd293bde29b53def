/* SPDX-License-Identifier: BSD-2-Clause */
#include "gateway/fcgi_params.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/idiom.h"
#include "base/word.h"
#include "http/printable.h"

/* Headers that must not come twice; of the other HTTP_ ones nginx before 1.23 sends each. */
static const struct str single_headers[] = {
    STR_INIT("HTTP_HOST"),
    STR_INIT("HTTP_AUTHORIZATION"),
    STR_INIT("HTTP_ORIGIN"),
    STR_INIT("HTTP_COOKIE"),
    STR_INIT("HTTP_IDEMPOTENCY_KEY"),
    STR_INIT("HTTP_CONTENT_LENGTH"),
    STR_INIT("HTTP_TRANSFER_ENCODING"),
};

static bool take_length(struct str *block, size_t *length)
{
    const unsigned char *at = (const unsigned char *)block->ptr;
    size_t n = 1;

    if (block->len == 0)
        return false;
    if (at[0] & 0x80) {
        n = 4;
        if (block->len < n)
            return false;
        *length = (size_t)(at[0] & 0x7f) << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
    } else {
        *length = at[0];
    }
    block->ptr += n;
    block->len -= n;
    return true;
}

enum err fcgi_params_next(struct str *block, struct param *pair)
{
    size_t name, value;

    if (block->len == 0)
        return ERR_NOT_FOUND;
    if (!take_length(block, &name) || !take_length(block, &value))
        return ERR_SYNTAX;
    if (name > block->len || value > block->len - name)
        return ERR_SYNTAX;
    pair->name = str_make(block->ptr, name);
    pair->value = str_make(block->ptr + name, value);
    block->ptr += name + value;
    block->len -= name + value;
    return ERR_OK;
}

static inline uint64_t controls_and_equals(uint64_t word)
{
    return word_controls(word) | word_has(word, '=');
}

/* Neither a control byte nor the one that separates names from values elsewhere. */
static bool is_name(struct str name)
{
    uint64_t padded = WORD_EACH('_');

    if (name.len >= sizeof padded)
        return word_find(name, controls_and_equals) == 0;
    if (name.len > 0)
        memcpy(&padded, name.ptr, name.len);
    return name.len > 0 && controls_and_equals(padded) == 0;
}

static bool is_single(struct str name)
{
    if (!str_starts(name, STR("HTTP_")))
        return true;
    for (size_t i = 0; i < COUNT(single_headers); i++)
        if (str_eq(name, single_headers[i]))
            return true;
    return false;
}

/* A set of names seen so far, by a few bits of each: says no, or "look closer". */
struct seen {
    uint64_t bits[4];
};

static bool maybe_seen(struct seen *seen, struct str name)
{
    unsigned char last = (unsigned char)name.ptr[name.len - 1];
    unsigned char middle = (unsigned char)name.ptr[name.len / 2];
    size_t hash = (name.len * 7 + last * 31u + middle * 131u) & 255;
    uint64_t bit = UINT64_C(1) << (hash & 63);
    bool found = (seen->bits[hash >> 6] & bit) != 0;

    seen->bits[hash >> 6] |= bit;
    return found;
}

static bool is_among(const struct param *params, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(params[i].name, name))
            return true;
    return false;
}

enum err fcgi_params_parse(struct str block, struct param params[static PARAMS_COUNT_MAX],
                           size_t *count)
{
    struct seen seen = {{0}};
    struct param pair;
    size_t n = 0;
    enum err err;

    if (block.len > PARAMS_SIZE_MAX)
        return ERR_TOO_LARGE;
    while ((err = fcgi_params_next(&block, &pair)) == ERR_OK) {
        if (pair.name.len > PARAMS_NAME_MAX || pair.value.len > PARAMS_VALUE_MAX ||
            n == PARAMS_COUNT_MAX)
            return ERR_TOO_LARGE;
        if (!is_name(pair.name) || !printable_is(pair.value))
            return ERR_SYNTAX;
        if (maybe_seen(&seen, pair.name) && is_single(pair.name) && is_among(params, n, pair.name))
            return ERR_SYNTAX;
        if (!str_eq(pair.name, STR("HTTP_PROXY")))
            params[n++] = pair;
    }
    *count = n;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
