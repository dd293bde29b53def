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

/* Appends text, compressed.  Its first lead bytes, at most 65,535, are kept as they are, so that
 * gzip_exchange can put others in their place; 0: none.  comment goes into the gzip header, where
 * decoders skip it: no NUL, at most 4,096 bytes; empty: none.  ERR_TOO_LARGE: out's cap was met,
 * out is as it was. */
enum err gzip_pack(struct str text, size_t lead, struct str comment, struct buf *out);
/* The comment of what gzip_pack made; empty when there is none. */
struct str gzip_comment(struct str packed);

enum { GZIP_PARTS = 4 };
/* What gzip_pack made with `old` as its lead, with another one, which need not be as long: as the
 * parts of one text, some of packed and some of the arena.  Nothing is compressed again. */
void gzip_exchange(struct str packed, struct str old, struct str lead, struct arena *arena,
                   struct str parts[static GZIP_PARTS]);

/* A text that is compressed as it comes, in any number of pieces. */
struct gzip_stream;
/* NULL: zlib cannot. */
struct gzip_stream *gzip_stream_new(void);
/* Appends what the piece becomes; all of it can be unpacked at once.  last: nothing follows.
 * ERR_TOO_LARGE: out's cap. */
enum err gzip_stream_add(struct gzip_stream *stream, struct str text, bool last, struct buf *out);
void gzip_stream_free(struct gzip_stream *stream);

#endif
