/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/where.h"

enum { TEXT_MAX = 4096 };

static void put_where(struct buf *out, const struct where *where)
{
    if (where->up != NULL)
        put_where(out, where->up);
    if (where->name.ptr == NULL) {
        buf_printf(out, "[%zu]", where->index);
        return;
    }
    if (out->len > 0)
        buf_char(out, '.');
    buf_str(out, where->name);
}

/* False when no more errors are taken. */
static bool path_of(const struct check *check, const struct where *where, struct str *path)
{
    struct buf text = BUF_INIT(TEXT_MAX);

    if (check->problem->count == PROBLEM_ERRORS_MAX)
        return false;
    put_where(&text, where);
    *path = arena_str(check->arena, buf_view(&text));
    buf_free(&text);
    return true;
}

enum err where_refuse(const struct check *check, const struct where *where, struct str message)
{
    struct str path;

    if (path_of(check, where, &path))
        problem_add(check->problem, path, message);
    return ERR_INVALID;
}

/* The message is made in text, which is freed. */
enum err where_refuse_with(const struct check *check, const struct where *where, struct buf *text)
{
    enum err err = where_refuse(check, where, arena_str(check->arena, buf_view(text)));

    buf_free(text);
    return err;
}
