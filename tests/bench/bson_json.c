/* SPDX-License-Identifier: BSD-2-Clause */
/* How fast BSON becomes JSON: ours beside the library's own writer, in MB of BSON a second. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "store/bson_json.h"
#include "store/driver.h"

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

static void ours(const bson_t *document, struct buf *out, struct value *captured)
{
    if (bson_json_write(bson_get_data(document), document->len, &shape, out, captured, NULL) !=
        ERR_OK)
        abort();
}

static double run(bson_t *const *documents, bool library, struct buf *out, struct value *captured)
{
    int64_t begin = clock_mono_ns(), end = begin + (int64_t)RUN_MS * 1000000, now;
    uint64_t bytes = 0;

    do {
        buf_reset(out);
        for (int i = 0; i < DOCUMENTS; i++) {
            if (library)
                bson_free(bson_as_relaxed_extended_json(documents[i], NULL));
            else
                ours(documents[i], out, captured);
            bytes += documents[i]->len;
        }
        now = clock_mono_ns();
    } while (now < end);
    return (double)bytes * 1e3 / (double)(now - begin);
}

int main(void)
{
    static const size_t descriptions[] = {20, 120, 600, 5000};
    struct value captured[sizeof fields / sizeof fields[0]];
    struct buf out = BUF_INIT(64 << 20);

    for (size_t d = 0; d < sizeof descriptions / sizeof descriptions[0]; d++) {
        bson_t *documents[DOCUMENTS];
        double mine, theirs;
        for (int i = 0; i < DOCUMENTS; i++)
            documents[i] = make_document(i, descriptions[d]);
        mine = run(documents, false, &out, captured);
        theirs = run(documents, true, &out, captured);
        printf("document of %5u bytes: larder %7.0f MB/s, libbson %5.0f MB/s\n",
               (unsigned)documents[0]->len, mine, theirs);
        for (int i = 0; i < DOCUMENTS; i++)
            bson_destroy(documents[i]);
    }
    buf_free(&out);
    return 0;
}
