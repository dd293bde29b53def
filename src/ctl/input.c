/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/input.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { BLOCK = 64 << 10, END = -1 };

struct input {
    int fd, stop, error; /* error: errno of a failed read, ECANCELED after a stop */
    bool ended;
    size_t at, len;
    uint64_t taken, size, line; /* taken: bytes of earlier blocks */
    bool in_array, over;        /* of the array: begun, and at its end */
    struct buf text;
    char block[BLOCK];
};

/* A stop counts also while a pipe that stays open has nothing to read. */
static ssize_t read_block(struct input *input)
{
    struct pollfd fds[] = {{.fd = input->stop, .events = POLLIN},
                           {.fd = input->fd, .events = POLLIN}};
    ssize_t n;

    do {
        n = poll(fds, 2, -1);
        if (n > 0 && fds[0].revents != 0) {
            errno = ECANCELED;
            return -1;
        }
        if (n > 0)
            n = read(input->fd, input->block, BLOCK);
    } while (n < 0 && errno == EINTR);
    return n;
}

static bool refill(struct input *input)
{
    ssize_t n;

    if (input->ended)
        return false;
    input->taken += input->len;
    input->at = input->len = 0;
    n = read_block(input);
    if (n < 0)
        input->error = errno;
    input->ended = n <= 0;
    input->len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static inline int peek(struct input *input)
{
    if (input->at == input->len && !refill(input))
        return END;
    return (unsigned char)input->block[input->at];
}

static inline int input_take(struct input *input)
{
    int c = peek(input);

    if (c == END)
        return END;
    input->at++;
    if (c == '\n')
        input->line++;
    return c;
}

struct input *input_new(int fd, int stop)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    struct input *input = mem_zalloc(sizeof *input);
    struct stat status;

    input->fd = fd;
    input->stop = stop;
    input->line = 1;
    buf_init(&input->text, INPUT_RECORD_MAX);
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
        input->size = (uint64_t)status.st_size;
    for (size_t i = 0; i < sizeof mark && peek(input) == mark[i]; i++)
        input->at++;
    return input;
}

void input_free(struct input *input)
{
    if (input == NULL)
        return;
    buf_free(&input->text);
    free(input);
}

int input_peek(struct input *input)
{
    int c = peek(input);

    while (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        input_take(input);
        c = peek(input);
    }
    return c;
}

struct str input_head(const struct input *input)
{
    return str_make(input->block + input->at, input->len - input->at);
}

uint64_t input_done(const struct input *input)
{
    return input->taken + input->at;
}

uint64_t input_size(const struct input *input)
{
    return input->size;
}

static enum err ended(const struct input *input)
{
    if (input->error == 0)
        return ERR_NOT_FOUND;
    errno = input->error;
    return input->error == ECANCELED ? ERR_CANCELED : ERR_IO;
}

static void skip_line(struct input *input)
{
    int c;

    do
        c = input_take(input);
    while (c != END && c != '\n');
}

/* Takes the bytes up to and with the line's end into text; runs at a time, since this is where a
 * large file spends its time. */
static void take_line(struct input *input)
{
    buf_reset(&input->text);
    while (peek(input) != END) {
        struct str run = str_make(input->block + input->at, input->len - input->at);
        size_t newline = str_find(run, '\n');

        buf_append(&input->text, run.ptr, newline);
        input->at += newline;
        if (newline < run.len) {
            input_take(input);
            return;
        }
    }
}

enum err input_line(struct input *input, struct str *line, uint64_t *number)
{
    if (input_peek(input) == END)
        return ended(input);
    *number = input->line;
    take_line(input);
    if (input->error != 0)
        return ended(input);
    if (input->text.err != ERR_OK)
        return ERR_TOO_LARGE;
    *line = buf_view(&input->text);
    if (line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    return ERR_OK;
}

/* --- Elements of an array --- */

/* How deep in objects and arrays a text is.  A string's quotes and escapes are looked at, so that
 * no bracket in it counts. */
struct nesting {
    bool in_string, escaped;
    int depth;
};

static void nesting_add(struct nesting *nesting, char c)
{
    if (nesting->escaped)
        nesting->escaped = false;
    else if (nesting->in_string && c == '\\')
        nesting->escaped = true;
    else if (c == '"')
        nesting->in_string = !nesting->in_string;
    else if (!nesting->in_string && (c == '{' || c == '['))
        nesting->depth++;
    else if (!nesting->in_string && (c == '}' || c == ']'))
        nesting->depth--;
}

static bool is_inside(const struct nesting *nesting)
{
    return nesting->in_string || nesting->depth > 0;
}

static void take_nested(struct input *input, struct nesting *nesting)
{
    char c = (char)input_take(input);

    buf_char(&input->text, c);
    nesting_add(nesting, c);
}

/* Takes what is up to the comma or bracket behind an element into text. */
static bool take_element(struct input *input)
{
    struct nesting nesting = {.depth = 0};
    int c;

    buf_reset(&input->text);
    while ((c = peek(input)) != END) {
        if (!nesting.in_string && nesting.depth == 0 && (c == ',' || c == ']'))
            return true;
        take_nested(input, &nesting);
    }
    return false;
}

/* The bracket or comma before an element; false when there is none. */
static const char *begin_element(struct input *input)
{
    int c = input_peek(input);

    if (c == (input->in_array ? ',' : '[')) {
        input_take(input);
        c = input_peek(input);
        input->over = !input->in_array && c == ']';
        input->in_array = true;
        if (c == ',' || (c == ']' && !input->over))
            return "an element is missing between commas";
        if (!input->over)
            return NULL;
    } else if (c == ']' && input->in_array) {
        input->over = true;
    } else {
        return "the array ends without its bracket";
    }
    input_take(input);
    return input_peek(input) != END ? "something is behind the end of the array" : NULL;
}

enum err input_element(struct input *input, struct str *element, uint64_t *number, const char **why)
{
    bool whole;

    *number = input->line;
    if (input->over)
        return ended(input);
    *why = begin_element(input);
    *number = input->line;
    if (input->error != 0)
        return ended(input);
    if (*why != NULL || input->over)
        input->over = true;
    if (*why != NULL)
        return ERR_SYNTAX;
    if (input->over)
        return ERR_NOT_FOUND;
    whole = take_element(input);
    if (input->error != 0)
        return ended(input);
    if (!whole) {
        input->over = true;
        *why = "the array ends within this element";
        return ERR_SYNTAX;
    }
    *element = buf_view(&input->text);
    while (element->len > 0 && memchr(" \t\r\n", element->ptr[element->len - 1], 4) != NULL)
        element->len--;
    return input->text.err != ERR_OK ? ERR_TOO_LARGE : ERR_OK;
}

/* --- Objects, one behind the other --- */

enum err input_object(struct input *input, struct str *object, uint64_t *number, const char **why)
{
    struct nesting nesting = {.depth = 0};
    int first = input_peek(input);

    *number = input->line;
    *why = "no object begins here";
    if (first == END)
        return ended(input);
    if (first != '{') {
        take_line(input);
        return input->error != 0 ? ended(input) : ERR_SYNTAX;
    }
    buf_reset(&input->text);
    do
        take_nested(input, &nesting);
    while (is_inside(&nesting) && peek(input) != END);
    if (input->error != 0)
        return ended(input);
    *why = "the file ends within this object";
    *object = buf_view(&input->text);
    if (is_inside(&nesting))
        return ERR_SYNTAX;
    return input->text.err != ERR_OK ? ERR_TOO_LARGE : ERR_OK;
}

bool input_spans_lines(const struct input *input)
{
    struct str head = input_head(input);
    size_t end = str_find(head, '\n');
    struct nesting nesting = {.depth = 0};

    for (size_t i = 0; i < end && end < head.len; i++)
        nesting_add(&nesting, head.ptr[i]);
    return is_inside(&nesting);
}

/* --- Rows --- */

/* In the quotes, each quote is two. */
static const char *take_quoted(struct input *input)
{
    int c;

    input_take(input);
    while ((c = input_take(input)) != END) {
        if (c == '"' && peek(input) != '"')
            return NULL;
        if (c == '"')
            input_take(input);
        buf_char(&input->text, (char)c);
        if (input->text.err != ERR_OK)
            return "row is too long";
    }
    return "quoted cell is not closed";
}

static const char *take_plain(struct input *input)
{
    int c;

    while ((c = peek(input)) != END && c != ',' && c != '\n') {
        if (c == '"')
            return "quote inside a cell that does not begin with one";
        if (c == '\r') {
            input_take(input);
            if (peek(input) == '\n' || peek(input) == END)
                return NULL;
        } else {
            input_take(input);
        }
        buf_char(&input->text, (char)c);
    }
    return input->text.err != ERR_OK ? "row is too long" : NULL;
}

/* Takes one cell and the comma or line end behind it into text; *last says that the row has ended
 * with it.  Gives NULL, or what is wrong. */
static const char *take_cell(struct input *input, bool *last)
{
    const char *why = peek(input) == '"' ? take_quoted(input) : take_plain(input);
    int c;

    if (why != NULL)
        return why;
    if (peek(input) == '\r')
        input_take(input);
    c = peek(input);
    *last = c != ',';
    if (c != ',' && c != '\n' && c != END)
        return "text behind the closing quote";
    input_take(input);
    return NULL;
}

enum err input_row(struct input *input, struct input_row *row)
{
    size_t ends[INPUT_COLUMNS_MAX], from = 0;
    bool last = false;

    row->count = 0;
    row->why = NULL;
    while (peek(input) == '\n' || peek(input) == '\r')
        input_take(input);
    if (peek(input) == END)
        return ended(input);
    row->line = input->line;
    buf_reset(&input->text);
    while (row->why == NULL && !last) {
        if (row->count == INPUT_COLUMNS_MAX) {
            row->why = "more than 300 cells";
            break;
        }
        row->quoted[row->count] = peek(input) == '"';
        row->why = take_cell(input, &last);
        ends[row->count++] = input->text.len;
    }
    if (input->error != 0)
        return ended(input);
    if (row->why != NULL) {
        skip_line(input);
        return input->text.err != ERR_OK ? ERR_TOO_LARGE : ERR_SYNTAX;
    }
    for (size_t i = 0; i < row->count; i++) {
        row->cells[i] = str_make(ends[i] > from ? input->text.ptr + from : "", ends[i] - from);
        from = ends[i];
    }
    return ERR_OK;
}
