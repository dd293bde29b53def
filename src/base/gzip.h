/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_GZIP_H
#define LARDER_BASE_GZIP_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Compressed bodies (RFC 1952), made once and sent many times. */

enum { GZIP_WORTH = 1024 }; /* shorter texts fit into one packet anyway */

/* Appends the text, compressed.  The first lead bytes (0 to 65,535) are stored uncompressed, so
 * that gzip_exchange can replace them. comment is stored in the gzip header, which decoders skip:
 * at most 4,096 bytes without NUL; may be empty.  ERR_TOO_LARGE: out's maximum is reached, and out
 * is unchanged. */
enum err gzip_pack(struct str text, size_t lead, struct str comment, struct buf *out);
/* Returns the comment in the output of gzip_pack; empty if there is none. */
struct str gzip_comment(struct str packed);

enum { GZIP_PARTS = 4 };
/* Replaces the lead `old` in the output of gzip_pack by another one, of any length.  Returns the
 * result as parts, which point into packed and into the arena.  Nothing is compressed again. */
void gzip_exchange(struct str packed, struct str old, struct str lead, struct arena *arena,
                   struct str parts[static GZIP_PARTS]);

/* A text that is compressed in pieces, as they arrive. */
struct gzip_stream;
/* NULL: zlib cannot. */
struct gzip_stream *gzip_stream_new(void);
/* Compresses the piece and appends it, flushed so that the receiver can unpack all of it. last: no
 * piece follows.  ERR_TOO_LARGE: out's maximum is reached. */
enum err gzip_stream_add(struct gzip_stream *stream, struct str text, bool last, struct buf *out);
void gzip_stream_free(struct gzip_stream *stream);

#endif
