/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_INFER_H
#define LARDER_CTL_INFER_H

#include "base/buf.h"
#include "base/value.h"
#include "mongo/collection.h"

/* Infers a resource file for an existing collection from its documents and indexes
 * (docs/resources.md). */

struct infer; /* opaque */

/* Borrows the collection's name. */
struct infer *infer_new(struct str collection);
void infer_free(struct infer *infer);
/* Adds a document (VALUE_OBJECT). */
void infer_document(struct infer *infer, const struct value *document);
/* Adds an index. Text indexes, sorts and filters are proposed in this order. */
void infer_index(struct infer *infer, const struct index_spec *index);
/* The number of documents added. */
size_t infer_count(const struct infer *infer);

/* Appends the file. plain: the resource is named after the collection; else the name gets a suffix,
 * because it is taken. */
void infer_print(const struct infer *infer, bool plain, struct buf *out);
/* Appends a line for each field with values of several types. */
void infer_print_mixed(const struct infer *infer, struct buf *out);

#endif
