/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/note.h"

#include "base/gzip.h"

void note_put(struct buf *out, uint64_t pages, struct str next)
{
    buf_uint(out, pages);
    buf_char(out, ' ');
    buf_str(out, next);
}

static struct str digits_of(struct str s)
{
    size_t len = 0;

    while (len < s.len && s.ptr[len] >= '0' && s.ptr[len] <= '9')
        len++;
    return str_make(s.ptr, len);
}

/* The first place of needle in what stands before the documents. */
static struct str behind(struct str body, struct str needle)
{
    size_t len = body.len < NOTE_MAX ? body.len : NOTE_MAX;
    const char *at = memmem(body.ptr, len, needle.ptr, needle.len);

    return at == NULL ? STR("") : str_from_offset(body, (size_t)(at - body.ptr) + needle.len);
}

/* It is put into a header as it is, and the entry comes from Redis: what no cursor consists of is
 * none. */
static struct str cursor_of(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' &&
            c != '_')
            return STR("");
    }
    return text;
}

struct str note_take(const struct entry *entry, bool gzip, uint64_t *pages)
{
    struct str text, next;

    *pages = 0;
    if (gzip) {
        text = gzip_comment(entry->gzip);
        next = str_from_offset(text, str_find(text, ' ') + 1);
    } else {
        text = behind(entry->plain, STR(",\"pages\":"));
        next = behind(text, STR(",\"next\":"));
        next = next.len > 0 && next.ptr[0] == '"' ? str_from_offset(next, 1) : STR("");
        next.len = str_find(next, '"');
    }
    (void)str_uint(digits_of(text), 0, INT64_MAX, pages);
    return cursor_of(next);
}
