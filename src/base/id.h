/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_ID_H
#define LARDER_BASE_ID_H

#include "base/value.h"

/* Ids of documents.  A collection has one of four types of id.  Inside the program an id is its
 * canonical text, as in paths, names of entries and `ids`. */

enum id_type {
    ID_OBJECTID, /* 24 hex digits, lower case */
    ID_STRING,   /* 1 to 200 bytes of UTF-8, no control characters */
    ID_INTEGER,  /* 64 bits, decimal, no leading zeros */
    ID_UUID      /* 8-4-4-4-12, lower case */
};
enum { ID_TEXT_MAX = 200 };

/* Reads a client's text.  *id becomes the canonical text: text itself, or a copy in room.
 * ERR_SYNTAX if it is no id of this type. */
enum err id_parse(enum id_type type, struct str text, char room[static ID_TEXT_MAX],
                  struct str *id);
/* Returns the typed value of a canonical text.  The value borrows the text. */
struct value id_value(enum id_type type, struct str id);
/* The canonical text of a document's _id, made in room or borrowed from the value; empty for a
 * value of another type. */
struct str id_text(enum id_type type, const struct value *value, char room[static ID_TEXT_MAX]);
/* Makes a new id: for ID_STRING the hex digits of a new ObjectId, for ID_INTEGER 53 random bits,
 * never negative.  Strings are written to room. */
struct value id_new(enum id_type type, char room[static ID_TEXT_MAX]);
/* The message for a malformed id: "must be 24 hex digits". */
struct str id_rule(enum id_type type);

#endif
