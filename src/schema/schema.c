/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/schema.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "schema/file.h"
#include "schema/node.h"
#include "schema/pattern.h"

enum { FILE_SIZE_MAX = 1 << 20, PATH_SIZE = 4096 };

struct schema {
    struct arena arena;
    json_t *owned; /* what its resources borrow from */
    struct used_pattern *patterns;
    struct resource *resources;
    struct str *files; /* of each */
    size_t count;
    char hash[8];
};

/* --- One file --- */

/* The whole file; ERR_IO, ERR_TOO_LARGE. */
static enum err read_bytes(const char *path, struct buf *bytes)
{
    FILE *file = fopen(path, "re");
    enum err err = ERR_OK;
    char part[16 << 10];
    size_t got;

    if (file == NULL)
        return ERR_IO;
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        buf_append(bytes, part, got);
    if (ferror(file))
        err = ERR_IO;
    fclose(file);
    return err == ERR_OK ? bytes->err : err;
}

static json_t *schema_parse(struct reading *reading, struct str text)
{
    json_error_t error;
    json_t *json = json_loadb(text.ptr != NULL ? text.ptr : "", text.len,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (json == NULL)
        report(reading, NULL, "line %d, column %d: %s", error.line, error.column, error.text);
    return json;
}

static enum err read_file(struct schema *schema, const char *path, struct buf *problems)
{
    const char *slash = strrchr(path, '/');
    struct resource *resource = &schema->resources[schema->count];
    struct reading reading = {
        .arena = &schema->arena,
        .owned = schema->owned,
        .patterns = &schema->patterns,
        .problems = problems,
        .file = arena_str(&schema->arena, str_from(slash != NULL ? slash + 1 : path))};
    struct buf bytes = BUF_INIT(FILE_SIZE_MAX);
    enum err err = read_bytes(path, &bytes);
    json_t *json;

    if (err == ERR_IO)
        report(&reading, NULL, "cannot be read: %s", strerror(errno));
    else if (err != ERR_OK)
        report(&reading, NULL, "is larger than 1 MiB");
    if (err == ERR_OK && (json = schema_parse(&reading, buf_view(&bytes))) != NULL)
        file_read(&reading, reading_own(&reading, json), resource);
    buf_free(&bytes);
    schema->files[schema->count] = reading.file;
    resource->index = schema->count++;
    if (err == ERR_IO)
        return err;
    return reading.errors > 0 ? ERR_INVALID : ERR_OK;
}

/* --- All of them together --- */

static void tell_same(struct schema *schema, size_t i, size_t k, const char *key, struct str text,
                      struct buf *problems)
{
    buf_printf(problems, "%.*s: /%s: \"%.*s\" is in %.*s, too\n", SHOW(schema->files[i]), key,
               SHOW(text), SHOW(schema->files[k]));
}

/* No two resources share a name, a singular or a collection. */
static enum err compare(struct schema *schema, struct buf *problems)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < schema->count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct resource *one = &schema->resources[i], *other = &schema->resources[k];
            const struct {
                const char *key;
                struct str text;
                bool same;
            } all[] = {
                {"name", one->name,
                 str_eq(one->name, other->name) || str_eq(one->name, other->singular)},
                {"singular", one->singular,
                 str_eq(one->singular, other->name) || str_eq(one->singular, other->singular)},
                {"collection", one->collection, str_eq(one->collection, other->collection)},
            };
            for (size_t j = 0; j < sizeof all / sizeof *all; j++)
                if (all[j].same && all[j].text.len > 0) {
                    tell_same(schema, i, k, all[j].key, all[j].text, problems);
                    err = ERR_INVALID;
                }
        }
    return err;
}

static void make_hash(struct schema *schema)
{
    struct buf text = BUF_INIT(schema->count * sizeof schema->hash + 1);
    uint64_t hash;

    for (size_t i = 0; i < schema->count; i++)
        buf_append(&text, schema->resources[i].hash, sizeof schema->resources[i].hash);
    hash = hash64(text.ptr, text.len);
    hex_encode(&hash, sizeof schema->hash / 2, schema->hash);
    buf_free(&text);
}

enum err schema_load_files(char *const *files, size_t count, struct schema **schema,
                           struct buf *problems)
{
    struct schema *made = mem_zalloc(sizeof *made);
    enum err err = ERR_OK, one;

    *schema = NULL;
    arena_init(&made->arena, NULL, 0);
    made->owned = json_array();
    made->resources = arena_zalloc(&made->arena, (count + 1) * sizeof *made->resources);
    made->files = arena_zalloc(&made->arena, (count + 1) * sizeof *made->files);
    for (size_t i = 0; i < count; i++) {
        one = read_file(made, files[i], problems);
        err = err == ERR_OK ? one : err;
    }
    one = compare(made, problems);
    err = err == ERR_OK ? one : err;
    make_hash(made);
    if (err == ERR_OK)
        *schema = made;
    else
        schema_free(made);
    return err;
}

/* --- A folder --- */

static int is_resource_file(const struct dirent *entry)
{
    struct str name = str_from(entry->d_name), end = STR(".json"), other = STR(".schema.json");

    return name.len > end.len && name.ptr[0] != '.' &&
           str_eq(str_from_offset(name, name.len - end.len), end) &&
           !(name.len >= other.len && str_eq(str_from_offset(name, name.len - other.len), other));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

enum err schema_load(const char *folder, struct schema **schema, struct buf *problems)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_resource_file, by_name);
    enum err err = ERR_INVALID;
    char **files;

    *schema = NULL;
    if (count < 0) {
        buf_printf(problems, "%s: cannot be read: %s\n", folder, strerror(errno));
        return ERR_IO;
    }
    files = mem_array((size_t)count + 1, sizeof *files);
    for (int i = 0; i < count; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        files[i] = mem_strdup(path);
        free(entries[i]);
    }
    free(entries);
    if (count == 0)
        buf_printf(problems, "%s: holds no resource file (*.json)\n", folder);
    else
        err = schema_load_files(files, (size_t)count, schema, problems);
    for (int i = 0; i < count; i++)
        free(files[i]);
    free(files);
    return err;
}

/* --- What others ask --- */

void schema_free(struct schema *schema)
{
    if (schema == NULL)
        return;
    for (struct used_pattern *used = schema->patterns; used != NULL; used = used->next)
        pattern_free(used->pattern);
    json_decref(schema->owned);
    arena_reset(&schema->arena);
    free(schema);
}

size_t schema_count(const struct schema *schema)
{
    return schema->count;
}

const struct resource *schema_resource(const struct schema *schema, size_t index)
{
    return &schema->resources[index];
}

const struct resource *schema_find(const struct schema *schema, struct str name)
{
    for (size_t i = 0; i < schema->count; i++)
        if (str_eq(schema->resources[i].name, name))
            return &schema->resources[i];
    return NULL;
}

struct str schema_hash(const struct schema *schema)
{
    return str_make(schema->hash, sizeof schema->hash);
}

struct str schema_file(const struct schema *schema, const struct resource *resource)
{
    return schema->files[resource->index];
}

/* --- Forms of the program's own --- */

const struct field *schema_form(const char *text)
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    static struct arena arena;
    static json_t *owned;
    static struct used_pattern *patterns;
    struct buf problems = BUF_INIT(FILE_SIZE_MAX);
    struct reading reading = {
        .arena = &arena, .patterns = &patterns, .problems = &problems, .file = STR("form")};
    const struct place top = {.up = NULL};
    const struct field *document;
    json_t *json;

    pthread_mutex_lock(&one_at_a_time);
    if (owned == NULL)
        owned = json_array();
    reading.owned = owned;
    json = schema_parse(&reading, str_from(text));
    document = node_document(&reading, &top, reading_own(&reading, json));
    if (reading.errors > 0) {
        fprintf(stderr, "%.*s", SHOW(buf_view(&problems)));
        abort();
    }
    pthread_mutex_unlock(&one_at_a_time);
    buf_free(&problems);
    return document;
}

void schema_form_once(struct resource *form, const char *text)
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

    pthread_mutex_lock(&one_at_a_time);
    if (form->document == NULL)
        form->document = schema_form(text);
    pthread_mutex_unlock(&one_at_a_time);
}
