/* SPDX-License-Identifier: BSD-2-Clause */
#include "mongo/bson_path.h"
#include "mongo/bson_update.h"
#include "mongo/bson_value.h"
#include "mongo/collection.h"
#include "mongo/mongo_query.h"

enum err document_bytes(const struct document *document, struct buf *out)
{
    bson_t made = BSON_INITIALIZER;

    mongo_query_document(&made, document);
    buf_append(out, bson_get_data(&made), made.len);
    bson_destroy(&made);
    return out->err;
}

enum err document_json(const struct document *document, const struct shape *shape, struct buf *out)
{
    bson_t made = BSON_INITIALIZER;
    size_t start = out->len;
    enum err err;

    mongo_query_document(&made, document);
    err = bson_json_write(bson_get_data(&made), made.len, shape, out, NULL, NULL);
    if (err != ERR_OK)
        out->len = start;
    bson_destroy(&made);
    return err;
}

enum err collection_preview(struct str before, const struct assignment *assignments, size_t count,
                            struct buf *after)
{
    bson_t made = BSON_INITIALIZER;
    enum err err = ERR_UNSUPPORTED;

    if (bson_update(&made, before, assignments, count)) {
        buf_append(after, bson_get_data(&made), made.len);
        err = after->err;
    }
    bson_destroy(&made);
    return err;
}

enum err document_value(struct str document, struct str path, bool raw, struct value *value)
{
    struct bson_element element;
    enum err err = bson_path_find(document, path, &element);

    *value = (struct value){.type = VALUE_NONE};
    if (err == ERR_OK)
        *value = raw && element.kind != KIND_NULL ? bson_raw(&element) : bson_scalar(&element);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

struct listener {
    void (*each)(void *context, const struct value *value);
    void *context;
};

static void document_tell(void *context, const struct bson_element *element, bool item)
{
    const struct listener *listener = context;
    struct value value = element != NULL ? bson_scalar(element) : value_null();
    char room[BSON_DECIMAL_SIZE];

    (void)item;
    if (element != NULL && element->kind == KIND_DECIMAL)
        value = value_decimal(bson_decimal_text(element->data, room));
    listener->each(listener->context, &value);
}

enum err document_each_value(struct str document, struct str path,
                             void (*each)(void *context, const struct value *value), void *context)
{
    struct listener listener = {each, context};

    return bson_path_each(document, path, document_tell, &listener) ? ERR_OK : ERR_PROTOCOL;
}
