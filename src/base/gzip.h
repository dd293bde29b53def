/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_GZIP_H
#define LARDER_BASE_GZIP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Compressed bodies (RFC 1952), made once and sent many times. */

enum {
    GZIP_WORTH = 1024, /* shorter texts fit into one packet anyway */
    GZIP_LEVEL = 6
};

/* Appends text, compressed.  comment goes into the gzip header, where decoders skip it: no NUL, at
 * most 4,096 bytes; empty: none.  ERR_TOO_LARGE: out's cap was met, out is as it was. */
enum err gzip_pack(struct str text, struct str comment, struct buf *out);
/* The comment of what gzip_pack made; empty when there is none. */
struct str gzip_comment(struct str packed);

#endif
