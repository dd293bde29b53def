/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_INPUT_H
#define LARDER_CTL_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* A file or pipe of records, read block by block: lines of text, elements of a JSON array, objects
 * one behind the other, or rows of CSV (RFC 4180). */

enum {
    INPUT_RECORD_MAX = 4 << 20, /* bytes of a line, element or row */
    INPUT_COLUMNS_MAX = 300
};

struct input;

/* Reads from fd, and waits for it until the descriptor stop (-1: none) can be read: from then on,
 * lines and rows end with ERR_CANCELED.  Both stay the caller's.  A UTF-8 byte order mark at the
 * start is skipped. */
struct input *input_new(int fd, int stop);
void input_free(struct input *input);
/* The next byte that is not blank and no newline, without taking anything but such; -1 at the
 * end. */
int input_peek(struct input *input);
/* What the file begins with, without taking it: as much as was read at once. */
struct str input_head(const struct input *input);
/* Bytes taken so far, and of the whole file (0 for a pipe). */
uint64_t input_done(const struct input *input);
uint64_t input_size(const struct input *input);

/* The next line that is not blank, without its end, valid until the next call; *number is its line
 * in the file, from 1.  ERR_NOT_FOUND at the end.  ERR_TOO_LARGE: the line was skipped and reading
 * can go on.  ERR_IO: errno says why.  ERR_CANCELED. */
enum err input_line(struct input *input, struct str *line, uint64_t *number);

/* The next element of the array that the file is, which need not be valid JSON itself: what is
 * between the brackets and commas.  ERR_NOT_FOUND behind the last.  ERR_TOO_LARGE: it was skipped
 * and reading can go on.  ERR_SYNTAX: the array is no such, and nothing behind can be read: *why (a
 * static text) says where.  ERR_IO, ERR_CANCELED. */
enum err input_element(struct input *input, struct str *element, uint64_t *number,
                       const char **why);

/* The next object, over as many lines as it has.  ERR_NOT_FOUND at the end.  ERR_TOO_LARGE: it was
 * skipped; ERR_SYNTAX: *why (a static text) says what is there instead, and its line was skipped:
 * reading can go on.  ERR_IO, ERR_CANCELED. */
enum err input_object(struct input *input, struct str *object, uint64_t *number, const char **why);
/* Whether JSON that begins in the first line goes on in the second: of a file of which nothing was
 * taken but blanks. */
bool input_spans_lines(const struct input *input);

struct input_row {
    struct str cells[INPUT_COLUMNS_MAX]; /* unquoted, valid until the next call */
    bool quoted[INPUT_COLUMNS_MAX];      /* the cell stood in quotes */
    size_t count;
    uint64_t line;   /* where the row begins */
    const char *why; /* after ERR_SYNTAX and ERR_TOO_LARGE */
};

/* The next row that is not blank.  Cells in quotes may hold commas, doubled quotes and line ends.
 * ERR_NOT_FOUND at the end.  ERR_SYNTAX (also for too many cells), ERR_TOO_LARGE: the rest of that
 * line was skipped and reading can go on.  ERR_IO, ERR_CANCELED. */
enum err input_row(struct input *input, struct input_row *row);

#endif
