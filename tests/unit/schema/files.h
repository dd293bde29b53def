/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_SCHEMA_FILES_H
#define LARDER_TESTS_SCHEMA_FILES_H

/* Resource files that a test writes and loads. */

#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schema/schema.h"

enum { FILES_MAX = 64, FILES_TEXT_MAX = 1 << 20 };

static char folder[] = "/tmp/larder-test-schema-XXXXXX";

static int files_setup(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int files_teardown(void **state)
{
    (void)state;
    return rmdir(folder);
}

static inline void files_path(const char *name, char path[static 256])
{
    snprintf(path, 256, "%s/%s", folder, name);
}

static inline void files_write(const char *name, const char *text)
{
    char path[256];
    FILE *file;

    files_path(name, path);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline void files_remove(const char *name)
{
    char path[256];

    files_path(name, path);
    unlink(path);
}

/* Loads one file of this text, named recipes.json.  problems ends with a NUL; it is the caller's to
 * buf_free. */
static inline struct schema *files_load(const char *text, struct buf *problems)
{
    struct schema *schema = NULL;

    *problems = BUF_INIT(FILES_TEXT_MAX);
    files_write("recipes.json", text);
    schema_load(folder, &schema, problems);
    files_remove("recipes.json");
    buf_char(problems, '\0');
    return schema;
}

/* The same of one that is right. */
static inline struct schema *files_good(const char *text)
{
    struct buf problems;
    struct schema *schema = files_load(text, &problems);

    if (schema == NULL)
        fail_msg("%s\n%s", text, problems.ptr);
    buf_free(&problems);
    return schema;
}

/* A file with these properties of its schema, and with more (", \"key\": …"). */
static inline const char *files_text(const char *properties, const char *more)
{
    static char text[FILES_TEXT_MAX];

    snprintf(text, sizeof text,
             "{\"name\": \"recipes\", \"singular\": \"recipe\", \"schema\": {\"type\": \"object\", "
             "\"properties\": {%s}}%s}",
             properties, more);
    return text;
}

#endif
