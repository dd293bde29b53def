/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/json_text.h"

#include <stdbool.h>
#include <string.h>

size_t json_value_length(struct str s)
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
        else if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return i;
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
    }
    return s.len;
}

/* The writer escapes nothing but quotes, backslashes and control characters. */
unsigned json_next_byte(struct str *json)
{
    static const char names[] = "nrtbf", bytes[] = "\n\r\t\b\f";
    char c = json->ptr[0];
    const char *name;
    unsigned char byte = 0;

    if (c != '\\' || json->len < 2) {
        *json = str_from_offset(*json, 1);
        return (unsigned char)c;
    }
    c = json->ptr[1];
    *json = str_from_offset(*json, 2);
    if (c == 'u') {
        (void)hex_decode(str_make(json->ptr + 2, 2), &byte, 1);
        *json = str_from_offset(*json, 4);
        return byte;
    }
    name = strchr(names, c);
    return name != NULL ? (unsigned char)bytes[name - names] : (unsigned char)c;
}
