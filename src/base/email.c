/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/email.h"

enum err email_normalise(struct str text, char room[static EMAIL_MAX], struct str *email)
{
    static const char never[] = "\"(),:;<>[\\]";
    size_t at = str_find(text, '@');

    if (text.len > EMAIL_MAX || at == 0 || at + 1 >= text.len ||
        str_find(str_from_offset(text, at + 1), '@') < text.len - at - 1)
        return ERR_SYNTAX;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (c <= ' ' || c >= 0x7f || memchr(never, c, sizeof never - 1) != NULL)
            return ERR_SYNTAX;
        room[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    *email = str_make(room, text.len);
    return ERR_OK;
}
