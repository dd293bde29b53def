/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_GZIP_H
#define LARDER_BASE_GZIP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Compressed bodies (RFC 1952), made once and sent many times. */

enum {
    GZIP_WORTH = 1024, /* shorter texts fit into one packet anyway */
    /* A page of 20 posts (8.5 kB): level 1 makes 3,736 bytes in 178 µs, 4 makes 3,554 in 156, 6
     * makes 3,478 in 267, 9 makes 3,468 in 560. */
    GZIP_LEVEL = 4
};

/* Appends text, compressed.  comment goes into the gzip header, where decoders skip it: no NUL, at
 * most 4,096 bytes; empty: none.  ERR_TOO_LARGE: out's cap was met, out is as it was. */
enum err gzip_pack(struct str text, struct str comment, struct buf *out);
/* The comment of what gzip_pack made; empty when there is none. */
struct str gzip_comment(struct str packed);

#endif
