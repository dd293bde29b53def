/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/note.h"

#include "base/gzip.h"

/* The total is last, so that nothing else moves where there is none. */
void note_put(struct buf *out, const struct note *note)
{
    buf_uint(out, note->pages);
    buf_char(out, ' ');
    buf_str(out, note->next);
    buf_char(out, ' ');
    buf_str(out, note->total);
}

static struct str digits_of(struct str s)
{
    size_t len = 0;

    while (len < s.len && s.ptr[len] >= '0' && s.ptr[len] <= '9')
        len++;
    return str_make(s.ptr, len);
}

/* It is put into a header as it is, and the entry comes from Redis: what no cursor consists of is
 * none. */
static struct str cursor_of(struct str text)
{
    static const bool taken[256] = {['0' ... '9'] = true,
                                    ['A' ... 'Z'] = true,
                                    ['a' ... 'z'] = true,
                                    ['-'] = true,
                                    ['_'] = true};
    bool all = true;

    for (size_t i = 0; i < text.len; i++)
        all = all && taken[(unsigned char)text.ptr[i]];
    return all ? text : STR("");
}

/* "3 cursor 42"; the last is missing where an older worker has written it. */
static struct note note_of_comment(struct str comment)
{
    struct note note = {.next = str_from_offset(comment, str_find(comment, ' ') + 1)};
    const char *last = note.next.len > 0 ? memrchr(note.next.ptr, ' ', note.next.len) : NULL;

    (void)str_uint(digits_of(comment), 0, INT64_MAX, &note.pages);
    if (last != NULL) {
        size_t len = (size_t)(last - note.next.ptr);
        note.total = digits_of(str_from_offset(note.next, len + 1));
        note.next.len = len;
    }
    return note;
}

static struct str until_quote(struct str s)
{
    return str_make(s.ptr, str_find(s, '"'));
}

/* Of what stands before the documents: ,"total":42 ,"pages":3 ,"next":"cursor". */
static struct note note_of_body(struct str body)
{
    static const struct str total = STR_INIT(",\"total\":"), pages = STR_INIT(",\"pages\":"),
                            next = STR_INIT(",\"next\":\""), end = STR_INIT(",\"data\":");
    struct str rest = str_make(body.ptr, body.len < NOTE_MAX ? body.len : NOTE_MAX);
    struct note note = {0};

    while ((rest = str_from_offset(rest, str_find(rest, ','))).len > 0 && !str_starts(rest, end)) {
        if (str_starts(rest, total))
            note.total = digits_of(str_from_offset(rest, total.len));
        else if (str_starts(rest, pages))
            (void)str_uint(digits_of(str_from_offset(rest, pages.len)), 0, INT64_MAX, &note.pages);
        else if (str_starts(rest, next))
            note.next = until_quote(str_from_offset(rest, next.len));
        rest = str_from_offset(rest, 1);
    }
    return note;
}

struct note note_take(const struct entry *entry, bool gzip)
{
    struct note note =
        gzip ? note_of_comment(gzip_comment(entry->gzip)) : note_of_body(entry->plain);

    note.next = cursor_of(note.next);
    return note;
}
