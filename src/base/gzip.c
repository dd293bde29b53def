/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/gzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"

enum {
    WINDOW_GZIP = 15 + 16, /* zlib's way to ask for gzip's frame */
    MEMORY_LEVEL = 8,
    COMMENT_MAX = 4096,
    COMMENT_AT = 10,   /* no other optional part is ever written */
    FLAG_COMMENT = 16, /* FCOMMENT */
    FLAGS_AT = 3
};

/* zlib's allocator is ours, so that it never fails. */
static voidpf take(voidpf opaque, uInt count, uInt size)
{
    (void)opaque;
    return mem_array(count, size);
}

static void give(voidpf opaque, voidpf ptr)
{
    (void)opaque;
    free(ptr);
}

enum err gzip_pack(struct str text, struct str comment, struct buf *out)
{
    z_stream stream = {.zalloc = take, .zfree = give};
    gz_header header = {.os = 255}; /* no time and no system: the same text gives the same bytes */
    char *note = NULL, *to;
    size_t bound;
    enum err err = ERR_INTERNAL;

    if (comment.len > COMMENT_MAX || text.len > UINT32_MAX / 2)
        return ERR_TOO_LARGE;
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_INTERNAL;
    if (comment.len > 0) {
        note = mem_strndup(comment.ptr, comment.len);
        header.comment = (Bytef *)note;
    }
    deflateSetHeader(&stream, &header);
    bound = deflateBound(&stream, (uLong)text.len);
    to = buf_reserve(out, bound);
    if (to == NULL) {
        out->err = ERR_OK;
        err = ERR_TOO_LARGE;
        goto out;
    }
    stream.next_in = (Bytef *)(uintptr_t)text.ptr;
    stream.avail_in = (uInt)text.len;
    stream.next_out = (Bytef *)to;
    stream.avail_out = (uInt)bound;
    if (deflate(&stream, Z_FINISH) == Z_STREAM_END) {
        buf_commit(out, stream.total_out);
        err = ERR_OK;
    }
out:
    deflateEnd(&stream);
    free(note);
    return err;
}

struct str gzip_comment(struct str packed)
{
    struct str rest = str_from_offset(packed, COMMENT_AT);

    if (packed.len <= COMMENT_AT || (packed.ptr[FLAGS_AT] & FLAG_COMMENT) == 0)
        return STR("");
    return str_make(rest.ptr, str_find(rest, '\0'));
}
