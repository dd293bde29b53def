/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_INFER_H
#define LARDER_CTL_INFER_H

#include "base/buf.h"
#include "base/value.h"
#include "mongo/collection.h"

/* A resource file for a collection that exists: what is guessed from its documents and indexes
 * (docs/resources.md). */

struct infer; /* opaque */

/* Borrows the collection's name. */
struct infer *infer_new(struct str collection);
void infer_free(struct infer *infer);
/* A whole document (VALUE_OBJECT). */
void infer_document(struct infer *infer, const struct value *document);
/* Text indexes, sorts and filters are proposed in the order of these. */
void infer_index(struct infer *infer, const struct index_spec *index);
/* How many documents there were. */
size_t infer_count(const struct infer *infer);

/* The file.  plain: its name is the collection's; else with an ending, for where that is taken. */
void infer_print(const struct infer *infer, bool plain, struct buf *out);
/* A line for each field whose values are of several types. */
void infer_print_mixed(const struct infer *infer, struct buf *out);

#endif
