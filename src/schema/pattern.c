/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>

#include "base/mem.h"

/* What one match may cost: some milliseconds, 1 MiB beyond its first frames. */
enum { MATCHES_MAX = 100000, DEPTH_MAX = 10000, HEAP_MAX_KIB = 1024, PATTERN_SIZE_MAX = 4096 };

struct pattern {
    pcre2_code *code;
    pcre2_match_context *bounds;
};

static struct pattern *wrap(pcre2_code *code)
{
    struct pattern *pattern = mem_alloc(sizeof *pattern);

    pattern->code = code;
    pattern->bounds = pcre2_match_context_create(NULL);
    if (pattern->bounds == NULL)
        abort(); /* out of memory: base/mem.h */
    pcre2_set_match_limit(pattern->bounds, MATCHES_MAX);
    pcre2_set_depth_limit(pattern->bounds, DEPTH_MAX);
    pcre2_set_heap_limit(pattern->bounds, HEAP_MAX_KIB);
    return pattern;
}

enum err pattern_new(struct str text, struct pattern **pattern, struct buf *why)
{
    /* As ECMA-262 has them: $ is the end alone, \u0061 a character, [] matches nothing. */
    const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX |
                             PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
                             PCRE2_NEVER_BACKSLASH_C;
    PCRE2_UCHAR message[120];
    PCRE2_SIZE at;
    pcre2_code *code;
    int error;

    *pattern = NULL;
    if (text.len > PATTERN_SIZE_MAX) {
        buf_printf(why, "is longer than %d bytes", PATTERN_SIZE_MAX);
        return ERR_INVALID;
    }
    code = pcre2_compile((PCRE2_SPTR)text.ptr, text.len, options, &error, &at, NULL);
    if (code == NULL) {
        if (pcre2_get_error_message(error, message, sizeof message) < 0)
            message[0] = '\0';
        buf_printf(why, "%s at offset %zu", (const char *)message, (size_t)at);
        return ERR_INVALID;
    }
    *pattern = wrap(code);
    return ERR_OK;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern == NULL)
        return;
    pcre2_match_context_free(pattern->bounds);
    pcre2_code_free(pattern->code);
    free(pattern);
}

enum err pattern_match(const struct pattern *pattern, struct str s)
{
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    const char *text = s.ptr != NULL ? s.ptr : "";
    int found;

    if (data == NULL)
        abort(); /* out of memory: base/mem.h */
    found = pcre2_match(pattern->code, (PCRE2_SPTR)text, s.len, 0, 0, data, pattern->bounds);
    pcre2_match_data_free(data);
    if (found >= 0)
        return ERR_OK;
    return found == PCRE2_ERROR_NOMATCH ? ERR_NOT_FOUND : ERR_RANGE;
}
