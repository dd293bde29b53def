/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_ID_H
#define LARDER_BASE_ID_H

#include "base/value.h"

/* Ids of documents, of one of four types each collection.  Inside the program an id is its
 * canonical text: what its path, its name in the cache and `ids` have. */

enum id_type {
    ID_OBJECTID, /* 24 hex digits, lower case */
    ID_STRING,   /* 1 to 200 bytes of UTF-8, no control characters */
    ID_INTEGER,  /* 64 bits, decimal, no leading zeros */
    ID_UUID      /* 8-4-4-4-12, lower case */
};
enum { ID_TEXT_MAX = 200 };

/* Reads a client's text.  *id is the canonical text: text itself, or made in room.  ERR_SYNTAX. */
enum err id_parse(enum id_type type, struct str text, char room[static ID_TEXT_MAX],
                  struct str *id);
/* The value of a canonical text, which it borrows. */
struct value id_value(enum id_type type, struct str id);
/* The canonical text of a document's _id, made in room or borrowed from the value; empty for a
 * value of another type. */
struct str id_text(enum id_type type, const struct value *value, char room[static ID_TEXT_MAX]);
/* A new one: of ID_STRING the hex digits of a new ObjectId, of ID_INTEGER 53 random bits that are
 * not negative.  Strings are made in room. */
struct value id_new(enum id_type type, char room[static ID_TEXT_MAX]);
/* The message for a bad one: "must be 24 hex digits". */
struct str id_rule(enum id_type type);

#endif
