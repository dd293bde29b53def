/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/gzip.h"

#include <stdlib.h>
#include <zlib.h>

#include "base/le.h"
#include "base/mem.h"

enum {
    /* A page of 20 posts (8.5 kB): level 1 makes 3,736 bytes in 178 µs, 4 makes 3,554 in 156, 6
     * makes 3,478 in 267, 9 makes 3,468 in 560. */
    GZIP_LEVEL = 4,
    WINDOW_RAW = -15, /* zlib's way to ask for no frame: the frame is ours */
    MEMORY_LEVEL = 8,
    HEAD_SIZE = 10,
    TAIL_SIZE = 8, /* checksum and length */
    STORED_SIZE = 5,
    COMMENT_MAX = 4096,
    FLAG_COMMENT = 16, /* FCOMMENT: the only optional part that is ever written */
    FLAGS_AT = 3
};

/* zlib's allocator is ours, so that it never fails. */
static voidpf gzip_take(voidpf opaque, uInt count, uInt size)
{
    (void)opaque;
    return mem_array(count, size);
}

static void give(voidpf opaque, voidpf ptr)
{
    (void)opaque;
    free(ptr);
}

/* --- The frame (RFC 1952) --- */

/* No time and no system: the same text gives the same bytes. */
static char *gzip_put_head(char *to, struct str comment)
{
    static const char head[HEAD_SIZE] = {'\x1f', '\x8b', Z_DEFLATED, 0, 0, 0, 0, 0, 0, '\xff'};

    memcpy(to, head, sizeof head);
    if (comment.len == 0)
        return to + sizeof head;
    to[FLAGS_AT] = FLAG_COMMENT;
    to = str_put(to + sizeof head, comment);
    *to++ = '\0';
    return to;
}

static size_t head_size(struct str packed)
{
    bool comment = (packed.ptr[FLAGS_AT] & FLAG_COMMENT) != 0;

    return HEAD_SIZE + (comment ? gzip_comment(packed).len + 1 : 0);
}

/* A block that is not compressed and not the last (RFC 1951 section 3.2.4). */
static char *put_stored(char *to, struct str text)
{
    *to++ = 0;
    to = le_put(to, (uint32_t)text.len, 2);
    to = le_put(to, ~(uint32_t)text.len, 2);
    return str_put(to, text);
}

static uint32_t checksum(struct str text)
{
    return (uint32_t)crc32(0, (const Bytef *)text.ptr, (uInt)text.len);
}

/* --- Packing --- */

enum err gzip_pack(struct str text, size_t lead, struct str comment, struct buf *out)
{
    z_stream stream = {.zalloc = gzip_take, .zfree = give};
    struct str rest = str_from_offset(text, lead);
    enum err err = ERR_INTERNAL;
    char *begin, *to;
    size_t bound;

    if (comment.len > COMMENT_MAX || text.len > UINT32_MAX / 2 || lead > UINT16_MAX)
        return ERR_TOO_LARGE;
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, WINDOW_RAW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_INTERNAL;
    bound = deflateBound(&stream, (uLong)rest.len);
    to = begin =
        buf_reserve(out, HEAD_SIZE + comment.len + 1 + STORED_SIZE + lead + bound + TAIL_SIZE);
    if (begin == NULL) {
        out->err = ERR_OK;
        err = ERR_TOO_LARGE;
        goto out;
    }
    to = gzip_put_head(to, comment);
    if (lead > 0)
        to = put_stored(to, str_make(text.ptr, lead));
    stream.next_in = (Bytef *)(uintptr_t)rest.ptr;
    stream.avail_in = (uInt)rest.len;
    stream.next_out = (Bytef *)to;
    stream.avail_out = (uInt)bound;
    if (deflate(&stream, Z_FINISH) == Z_STREAM_END) {
        to = le_put(to + stream.total_out, checksum(text), 4);
        to = le_put(to, (uint32_t)text.len, 4);
        buf_commit(out, (size_t)(to - begin));
        err = ERR_OK;
    }
out:
    deflateEnd(&stream);
    return err;
}

struct str gzip_comment(struct str packed)
{
    struct str rest = str_from_offset(packed, HEAD_SIZE);

    if (packed.len <= HEAD_SIZE || (packed.ptr[FLAGS_AT] & FLAG_COMMENT) == 0)
        return STR("");
    return str_make(rest.ptr, str_find(rest, '\0'));
}

/* What a beginning adds to the checksum of a text that goes on for rest bytes behind it: checksums
 * are linear. */
static uint32_t share(struct str lead, uint32_t rest)
{
    return (uint32_t)crc32_combine(checksum(lead), 0, (z_off_t)rest);
}

void gzip_exchange(struct str packed, struct str old, struct str lead, struct arena *arena,
                   struct str parts[static GZIP_PARTS])
{
    size_t head = head_size(packed), tail = packed.len - TAIL_SIZE;
    size_t behind = head + STORED_SIZE + old.len;
    uint32_t sum = (uint32_t)le_get(packed.ptr + tail, 4);
    uint32_t rest = (uint32_t)le_get(packed.ptr + tail + 4, 4) - (uint32_t)old.len;
    char *stored = arena_alloc(arena, STORED_SIZE + lead.len + TAIL_SIZE), *end;

    end = put_stored(stored, lead);
    sum ^= share(old, rest) ^ share(lead, rest);
    le_put(le_put(end, sum, 4), rest + (uint32_t)lead.len, 4);
    parts[0] = str_make(packed.ptr, head);
    parts[1] = str_make(stored, STORED_SIZE + lead.len);
    parts[2] = str_make(packed.ptr + behind, tail - behind);
    parts[3] = str_make(end, TAIL_SIZE);
}

/* --- Piece by piece --- */

struct gzip_stream {
    z_stream z;
};

struct gzip_stream *gzip_stream_new(void)
{
    enum { WINDOW_GZIP = 15 + 16 }; /* zlib's way to ask for the frame of RFC 1952 */
    struct gzip_stream *stream = mem_zalloc(sizeof *stream);

    stream->z.zalloc = gzip_take;
    stream->z.zfree = give;
    if (deflateInit2(&stream->z, GZIP_LEVEL, Z_DEFLATED, WINDOW_GZIP, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) == Z_OK)
        return stream;
    free(stream);
    return NULL;
}

enum err gzip_stream_add(struct gzip_stream *stream, struct str text, bool last, struct buf *out)
{
    z_stream *z = &stream->z;
    size_t bound = deflateBound(z, (uLong)text.len) + STORED_SIZE + TAIL_SIZE;
    char *to = buf_reserve(out, bound);

    if (to == NULL)
        return ERR_TOO_LARGE;
    z->next_in = (Bytef *)(uintptr_t)text.ptr;
    z->avail_in = (uInt)text.len;
    z->next_out = (Bytef *)to;
    z->avail_out = (uInt)bound;
    if (deflate(z, last ? Z_FINISH : Z_SYNC_FLUSH) < 0 || z->avail_in > 0)
        return ERR_INTERNAL;
    buf_commit(out, bound - z->avail_out);
    return ERR_OK;
}

void gzip_stream_free(struct gzip_stream *stream)
{
    if (stream == NULL)
        return;
    deflateEnd(&stream->z);
    free(stream);
}
