/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/project.h"

/* Bytes up to the comma or brace that ends the member which s begins with. */
static size_t member_length(struct str s)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (in_string)
            continue;
        else if (depth == 0 && (c == ',' || c == '}'))
            return i;
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
    }
    return s.len;
}

static bool is_chosen(struct str member, const struct str *names, size_t count, uint64_t chosen)
{
    struct str name = str_from_offset(member, 1);

    name.len = str_find(name, '"');
    for (size_t i = 0; i < count; i++)
        if ((chosen >> i & 1) != 0 && str_eq(names[i], name))
            return true;
    return false;
}

void project_json(struct str json, const struct str *names, size_t count, uint64_t chosen,
                  struct buf *out)
{
    struct str rest = str_from_offset(json, 1);
    bool first = true;

    buf_char(out, '{');
    while (rest.len > 0 && rest.ptr[0] == '"') {
        struct str member = str_make(rest.ptr, member_length(rest));
        if (is_chosen(member, names, count, chosen)) {
            if (!first)
                buf_char(out, ',');
            first = false;
            buf_str(out, member);
        }
        rest = str_from_offset(rest, member.len + 1);
    }
    buf_char(out, '}');
}
