/* SPDX-License-Identifier: BSD-2-Clause */
/* How fast BSON becomes JSON: ours beside the library's own writer, in MB of JSON a second. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "mongo/bson_json.h"
#include "mongo/driver.h"

enum { DOCUMENTS = 20, RUN_MS = 500 };

static const struct shape_field fields[] = {
    {.name = STR_INIT("_id")},
    {.name = STR_INIT("name")},
    {.name = STR_INIT("price")},
    {.name = STR_INIT("category")},
    {.name = STR_INIT("description")},
    {.name = STR_INIT("inStock")},
    {.name = STR_INIT("featured")},
    {.name = STR_INIT("tags")},
    {.name = STR_INIT("createdAt")},
    {.name = STR_INIT("updatedAt")},
    {.name = STR_INIT("version"), .hidden = true, .capture = true},
};
static const struct shape shape = SHAPE(fields);

static bson_t *make_document(int i, size_t description)
{
    char *text = malloc(description + 1);
    bson_oid_t oid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
    bson_t *document;

    for (size_t k = 0; k < description; k++)
        text[k] = k % 97 == 96 ? '\n' : k % 7 == 6 ? ' ' : (char)('a' + (k + (size_t)i) % 26);
    text[description] = '\0';
    document =
        BCON_NEW("name", BCON_UTF8("Oak table, solid, 160 cm"), "price", BCON_DOUBLE(199.99 + i),
                 "category", BCON_UTF8("furniture"), "description", BCON_UTF8(text), "inStock",
                 BCON_BOOL(true), "featured", BCON_BOOL(false), "tags", "[", BCON_UTF8("oak"),
                 BCON_UTF8("table"), "]", "createdAt", BCON_DATE_TIME(1795453200123 + i * 1000),
                 "updatedAt", BCON_DATE_TIME(1795453200123 + i * 2000), "version", BCON_INT64(i));
    BSON_APPEND_OID(document, "_id", &oid);
    free(text);
    return document;
}

static const struct shape_field maker_fields[] = {
    {.name = STR_INIT("name")},
    {.name = STR_INIT("email")},
    {.name = STR_INIT("stars")},
};
static const struct shape maker = SHAPE(maker_fields);
static const struct shape_field part_fields[] = {
    {.name = STR_INIT("text")},
    {.name = STR_INIT("minutes")},
    {.name = STR_INIT("done")},
};
static const struct shape part = SHAPE(part_fields);
static const struct shape_field nested_fields[] = {
    {.name = STR_INIT("_id")},
    {.name = STR_INIT("name")},
    {.name = STR_INIT("maker"), .inner = &maker},
    {.name = STR_INIT("parts"), .inner = &part},
    {.name = STR_INIT("tags")},
    {.name = STR_INIT("size")},
    {.name = STR_INIT("createdAt")},
};
static const struct shape nested_shape = SHAPE(nested_fields);

/* Half of its JSON is names and marks. */
static bson_t *make_nested(int i, size_t parts)
{
    bson_oid_t oid = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
    bson_t *document = bson_new(), array, item;
    char key[16];

    BSON_APPEND_OID(document, "_id", &oid);
    BSON_APPEND_UTF8(document, "name", "Oak table, solid, 160 cm");
    BSON_APPEND_DOCUMENT_BEGIN(document, "maker", &item);
    BSON_APPEND_UTF8(&item, "name", "A. Carpenter");
    BSON_APPEND_UTF8(&item, "email", "carpenter@example.org");
    BSON_APPEND_INT32(&item, "stars", i % 4);
    bson_append_document_end(document, &item);
    BSON_APPEND_ARRAY_BEGIN(document, "parts", &array);
    for (size_t k = 0; k < parts; k++) {
        snprintf(key, sizeof key, "%u", (unsigned)k);
        BSON_APPEND_DOCUMENT_BEGIN(&array, key, &item);
        BSON_APPEND_UTF8(&item, "text", "Plane the top and oil it");
        BSON_APPEND_INT32(&item, "minutes", (int32_t)(k * 7 + (size_t)i));
        BSON_APPEND_BOOL(&item, "done", k % 2 == 0);
        bson_append_document_end(&array, &item);
    }
    bson_append_array_end(document, &array);
    BSON_APPEND_ARRAY_BEGIN(document, "tags", &array);
    BSON_APPEND_UTF8(&array, "0", "oak");
    BSON_APPEND_UTF8(&array, "1", "table");
    bson_append_array_end(document, &array);
    BSON_APPEND_INT64(document, "size", 1234567 + i);
    BSON_APPEND_DATE_TIME(document, "createdAt", 1795453200123 + i * 1000);
    return document;
}

static void ours(const bson_t *document, const struct shape *of, struct buf *out,
                 struct value *captured)
{
    if (bson_json_write(bson_get_data(document), document->len, of, out, captured, NULL) != ERR_OK)
        abort();
}

/* of NULL: the library. */
static double run(bson_t *const *documents, const struct shape *of, struct buf *out,
                  struct value *captured)
{
    int64_t begin = clock_mono_ns(), end = begin + (int64_t)RUN_MS * 1000000, now;
    uint64_t bytes = 0;

    do {
        buf_reset(out);
        for (int i = 0; i < DOCUMENTS; i++) {
            size_t len = 0;
            if (of == NULL)
                bson_free(bson_as_relaxed_extended_json(documents[i], &len));
            else
                ours(documents[i], of, out, captured);
            bytes += len;
        }
        bytes += out->len;
        now = clock_mono_ns();
    } while (now < end);
    return (double)bytes * 1e3 / (double)(now - begin);
}

static void measure(const char *kind, bson_t *(*make)(int i, size_t size), size_t size,
                    const struct shape *of)
{
    struct value captured[sizeof fields / sizeof fields[0]];
    struct buf out = BUF_INIT(64 << 20);
    bson_t *documents[DOCUMENTS];
    double mine, theirs;

    for (int i = 0; i < DOCUMENTS; i++)
        documents[i] = make(i, size);
    mine = run(documents, of, &out, captured);
    theirs = run(documents, NULL, &out, captured);
    printf("%s document of %5u bytes: larder %7.0f MB/s, libbson %5.0f MB/s\n", kind,
           (unsigned)documents[0]->len, mine, theirs);
    for (int i = 0; i < DOCUMENTS; i++)
        bson_destroy(documents[i]);
    buf_free(&out);
}

int main(void)
{
    static const size_t descriptions[] = {20, 120, 600, 5000}, parts[] = {1, 10, 100};

    for (size_t d = 0; d < sizeof descriptions / sizeof descriptions[0]; d++)
        measure("flat  ", make_document, descriptions[d], &shape);
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
        measure("nested", make_nested, parts[p], &nested_shape);
    return 0;
}
