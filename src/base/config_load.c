/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/idiom.h"
#include "base/json_writer.h"
#include "base/mem.h"

/* Names that the scripts keep beside the settings, in var/env and in the environment. */
static const struct str neighbours[] = {
    STR_INIT("LARDER_ADMIN_EMAIL"), STR_INIT("LARDER_ADMIN_PASSWORD"), STR_INIT("LARDER_BIND"),
    STR_INIT("LARDER_BUILD"),       STR_INIT("LARDER_CACHE"),          STR_INIT("LARDER_EDGE"),
    STR_INIT("LARDER_PORT"),        STR_INIT("LARDER_SOCKET"),         STR_INIT("LARDER_TEST_LOGS"),
    STR_INIT("LARDER_TEST_SEED"),   STR_INIT("LARDER_TEST_STACKS"),    STR_INIT("LARDER_URL"),
    STR_INIT("LARDER_VAR"),
};

static bool is_neighbour(struct str name)
{
    for (size_t i = 0; i < COUNT(neighbours); i++)
        if (str_eq(neighbours[i], name))
            return true;
    return false;
}

/* At most size bytes of the file; more is an error. */
static enum err read_file(const char *file, char *to, size_t size, size_t *len)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    enum err err = fd < 0 ? ERR_IO : ERR_OK;
    ssize_t n = 1;
    int saved;

    for (*len = 0; err == ERR_OK && n != 0;) {
        n = *len < size ? read(fd, to + *len, size - *len) : 0;
        if (*len == size)
            err = ERR_TOO_LARGE;
        else if (n < 0 && errno != EINTR)
            err = ERR_IO;
        else if (n > 0)
            *len += (size_t)n;
    }
    saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return err;
}

struct file {
    const char *name;
    unsigned line;
    unsigned seen[CONFIG_COUNT]; /* line of the setting, 0: none */
    struct buf *problems;
};

/* A pair of quotes around the whole value is taken off, as a shell and systemd do. */
static struct str unquote(struct str value)
{
    if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'') &&
        value.ptr[value.len - 1] == value.ptr[0])
        return str_make(value.ptr + 1, value.len - 2);
    return value;
}

static void file_problem(struct file *file, const char *what, struct str name)
{
    buf_printf(file->problems, "%s:%u: ", file->name, file->line);
    if (name.len > 0)
        json_put_string(file->problems, str_make(name.ptr, name.len > 64 ? 64 : name.len));
    buf_printf(file->problems, "%s%s\n", name.len > 0 ? " " : "", what);
}

static enum err take_line(struct config *config, struct file *file, struct str line)
{
    size_t equals = str_find(line, '=');
    struct str name = str_trim(str_make(line.ptr, equals));
    enum config_id id = config_find(name);
    struct buf place = BUF_INIT(PATH_MAX + DECIMAL_MAX);
    enum err err;

    if (equals == line.len || name.len == 0 || str_find(name, ' ') < name.len) {
        file_problem(file, "expected NAME=VALUE", (struct str){0});
        return ERR_INVALID;
    }
    if (id == CONFIG_COUNT) {
        if (!str_starts(name, STR("LARDER_")) || is_neighbour(name))
            return ERR_OK;
        file_problem(file, "is not a setting; larderd --help lists them", name);
        return ERR_INVALID;
    }
    if (file->seen[id] != 0) {
        file_problem(file, "is set twice", name);
        return ERR_INVALID;
    }
    file->seen[id] = file->line;
    buf_printf(&place, "%s:%u%c", file->name, file->line, '\0');
    err = config_set(config, id, unquote(str_trim(str_from_offset(line, equals + 1))), place.ptr,
                     file->problems);
    buf_free(&place);
    return err;
}

static enum err load_file(struct config *config, const char *name, struct buf *problems)
{
    struct file file = {.name = name, .problems = problems};
    char *text = mem_alloc(CONFIG_FILE_MAX + 1);
    struct str rest, line;
    size_t len = 0;
    enum err err = read_file(name, text, CONFIG_FILE_MAX + 1, &len);

    if (err == ERR_TOO_LARGE)
        buf_printf(problems, "%s: is larger than %d bytes\n", name, CONFIG_FILE_MAX);
    else if (err != ERR_OK)
        buf_printf(problems, "%.*s: cannot be read: %s\n", PATH_MAX, name, strerror(errno));
    rest = str_make(text, err == ERR_OK ? len : 0);
    while (str_split(&rest, '\n', &line)) {
        file.line++;
        if (line.len > 0 && line.ptr[line.len - 1] == '\r')
            line.len--;
        line = str_trim(line);
        if (line.len > 0 && line.ptr[0] != '#' && take_line(config, &file, line) != ERR_OK)
            err = ERR_INVALID;
    }
    mem_wipe(text, len);
    free(text);
    return err;
}

static enum err load_environment(struct config *config, char *const environment[],
                                 struct buf *problems, struct buf *notes)
{
    enum err err = ERR_OK;

    for (; *environment != NULL; environment++) {
        struct str line = str_from(*environment);
        size_t equals = str_find(line, '=');
        struct str name = str_make(line.ptr, equals);
        enum config_id id = config_find(name);

        if (equals + 1 >= line.len)
            continue; /* empty: as good as not set */
        if (id < CONFIG_COUNT) {
            if (config_set(config, id, str_from_offset(line, equals + 1), "environment",
                           problems) != ERR_OK)
                err = ERR_INVALID;
        } else if (notes != NULL && str_starts(name, STR("LARDER_")) && !is_neighbour(name)) {
            json_put_string(notes, str_make(name.ptr, name.len > 64 ? 64 : name.len));
            buf_literal(notes, " in the environment is not a setting\n");
        }
    }
    return err;
}

enum err config_load(struct config *config, const char *file, char *const environment[],
                     struct buf *problems, struct buf *notes)
{
    enum err from_file = file != NULL ? load_file(config, file, problems) : ERR_OK;
    enum err from_environment = load_environment(config, environment, problems, notes);

    return from_file != ERR_OK ? from_file : from_environment;
}
