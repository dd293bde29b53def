/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/idiom.h"
#include "mongo/bson_path.h"
#include "mongo/bson_value.h"
#include "mongo/collection.h"
#include "mongo/keyset.h"
#include "mongo/mongo_cursor.h"

/* One page.  A walk asks for what is behind its place in the place's bracket of types, and when the
 * page is not full by then, for the brackets that follow: first for all that an index finds, then
 * for all the others.  Documents of several brackets at once are taken as far as they come in the
 * order that MongoDB documents; where they do not, the brackets are asked for one by one. */
struct page {
    struct mongo_db *db;
    const struct find *find;
    struct find_result *result;
    struct buf *out;
    struct keyset_range range;
    unsigned remaining;   /* brackets not asked for yet */
    bool walks, careful;  /* careful: one bracket at a time */
    int bracket;          /* of the last document; -1: none */
    enum bracket stopped; /* of the one that could not be used */
    struct keyset after;  /* where it begins; its bytes are the find's, or in place */
    struct keyset last;   /* of the last document; its bytes are in value and id */
    struct buf value, id, place;
};

static struct str *bytes_of(struct value *value)
{
    return value->type == VALUE_STRING || value->type == VALUE_BYTES ? &value->string
           : value->type == VALUE_RAW                                ? &value->raw.bytes
                                                                     : NULL;
}

/* A document's bytes are gone with the next one. */
static void copy_value(struct buf *bytes, struct value *value)
{
    struct str *text = bytes_of(value);

    if (text == NULL)
        return;
    buf_reset(bytes);
    buf_str(bytes, *text);
    *text = buf_view(bytes);
}

static bool is_full(const struct page *page)
{
    return page->result->more ||
           (page->find->limit > 0 && page->result->count == page->find->limit &&
            !page->find->look_ahead);
}

/* Into the page; the place is what it is sorted by. */
static enum err collection_find_take(struct page *page, struct str document,
                                     const struct keyset_place *place)
{
    struct find_result *result = page->result;
    struct find_item *item = result->items != NULL ? &result->items[result->count] : NULL;
    struct value id = {.type = VALUE_NONE}, owner = {.type = VALUE_NONE};
    size_t offset;
    enum err err;

    if (result->count > 0)
        buf_char(page->out, ',');
    offset = page->out->len;
    err = bson_json_write((const uint8_t *)document.ptr, document.len, page->find->shape, page->out,
                          NULL, NULL);
    if (err == ERR_OK)
        err = document_value(document, STR("_id"), false, &id);
    if (err == ERR_OK && page->find->owner.len > 0)
        err = document_value(document, page->find->owner, false, &owner);
    if (err != ERR_OK)
        return err;
    if (item != NULL) {
        *item = (struct find_item){offset, page->out->len - offset, id, owner};
        if (result->arena != NULL) {
            bson_keep(&item->id, result->arena);
            bson_keep(&item->owner, result->arena);
        } else {
            item->id = item->owner = (struct value){.type = VALUE_NONE};
        }
    }
    page->bracket = (int)place->bracket;
    page->last = (struct keyset){place->value, id};
    copy_value(&page->value, &page->last.value);
    copy_value(&page->id, &page->last.id);
    result->count++;
    return ERR_OK;
}

/* Whether the document is the next one: those of one bracket are, unless others come first. */
static bool is_next(const struct page *page, enum bracket bracket)
{
    const unsigned alone = BRACKETS_BY_ID | BRACKET(BRACKET_EMPTY) | BRACKET(BRACKET_NULL);
    unsigned set = page->range.set, bit = BRACKET(bracket);
    unsigned others = page->remaining & ~set;
    bool up = page->range.up;

    if ((set & (set - 1)) == 0)
        return (others & brackets_before(brackets_first(set, up), up)) == 0;
    if ((set & bit) == 0 || (alone & bit) != 0 || (others & brackets_before(bracket, up)) != 0)
        return false;
    return page->bracket < 0 || page->bracket == (int)bracket ||
           (brackets_after((unsigned)page->bracket, up) & bit) != 0;
}

static struct str bytes(const bson_t *document)
{
    return str_make((const char *)bson_get_data(document), document->len);
}

/* All that one question gives, or as much as can be used. */
static enum err read_range(struct page *page, struct mongo_cursor *read)
{
    const bson_t *document;
    struct keyset_place place = {BRACKET_NULL, {.type = VALUE_NONE}};
    enum err err = ERR_OK;

    while (err == ERR_OK && mongoc_cursor_next(read->cursor, &document)) {
        if (page->find->limit > 0 && page->result->count == page->find->limit) {
            page->result->more = true;
            return ERR_OK;
        }
        if (page->find->sort_count > 0)
            err = keyset_place(bytes(document), page->range.field, page->range.up, &place);
        if (err == ERR_OK && page->walks && !is_next(page, place.bracket)) {
            page->careful = true;
            page->stopped = place.bracket;
            return ERR_OK;
        }
        if (err == ERR_OK)
            err = collection_find_take(page, bytes(document), &place);
    }
    return err == ERR_OK ? mongo_cursor_error(read) : err;
}

/* One question, for what the page still has room for. */
static enum err collection_find_ask(struct page *page)
{
    struct find find = *page->find;
    struct mongo_cursor read;
    enum err err;

    if (find.limit > 0)
        find.limit -= (uint32_t)page->result->count;
    read = mongo_cursor_begin(page->db, &find, page->walks ? &page->range : NULL);
    err = read_range(page, &read);
    mongo_cursor_end(&read);
    return err;
}

/* The place that the walk has come to.  Where its value was left out, it is where its document lies
 * now; NOT_FOUND: nowhere. */
static enum err find_place(struct page *page)
{
    const struct keyset *after = page->find->after;
    const struct condition by_id = {STR("_id"), OP_EQ, after->id};
    const struct find find = {.collection = page->find->collection,
                              .conditions = &by_id,
                              .condition_count = 1,
                              .limit = 1,
                              .shape = page->find->shape,
                              .max_time_ms = page->find->max_time_ms};
    struct keyset_place place = {BRACKET_NULL, after->value};
    struct mongo_cursor read;
    const bson_t *document;
    enum err err;

    page->after = *after;
    if (page->range.by_id || after->value.type != VALUE_NONE)
        return ERR_OK;
    read = mongo_cursor_begin(page->db, &find, NULL);
    if (mongoc_cursor_next(read.cursor, &document))
        err = keyset_place(bytes(document), page->range.field, page->range.up, &place);
    else
        err = mongo_cursor_error(&read) == ERR_OK ? ERR_NOT_FOUND : mongo_cursor_error(&read);
    page->after.value = place.value;
    copy_value(&page->place, &page->after.value);
    mongo_cursor_end(&read);
    return err;
}

/* What is behind the place, in its bracket. */
static enum err ask_behind(struct page *page)
{
    const struct keyset *after = &page->after;
    enum bracket bracket = bson_value_bracket(page->range.by_id ? &after->id : &after->value);

    page->range.set = BRACKET(bracket);
    page->range.after = after;
    page->remaining = brackets_after(bracket, page->range.up);
    if (page->range.by_id && (BRACKETS_CONSTANT & BRACKET(bracket)) != 0)
        return ERR_OK;
    return collection_find_ask(page);
}

/* Which brackets are asked for next. */
static unsigned next_set(const struct page *page)
{
    const unsigned groups[] = {BRACKETS_INDEXED, BRACKET(BRACKET_NUMBER), BRACKET(BRACKET_NAN)};

    if (page->careful)
        return BRACKET(brackets_first(page->remaining, page->range.up));
    for (size_t i = 0; page->remaining != BRACKETS_ALL && i < COUNT(groups); i++)
        if ((page->remaining & groups[i]) != 0)
            return page->remaining & groups[i];
    return page->remaining;
}

/* Brackets that hold nothing any more after a question that has ended at a document that could not
 * be used.  Whatever servers make of null, they sort it after, or before, all that is something. */
static unsigned exhausted(const struct page *page)
{
    const unsigned nothing = BRACKET(BRACKET_EMPTY) | BRACKET(BRACKET_NULL);
    bool up = page->range.up;
    unsigned set = 0;

    if (page->bracket >= 0)
        set = ~brackets_after((unsigned)page->bracket, up);
    if ((nothing & BRACKET(page->stopped)) != 0)
        set |= page->range.set & brackets_before(up ? BRACKET_EMPTY : BRACKET_NULL, up);
    return set;
}

static enum err ask_rest(struct page *page)
{
    bool careful = page->careful;
    enum err err;

    page->range.set = next_set(page);
    page->range.after = NULL;
    page->bracket = -1;
    err = collection_find_ask(page);
    page->remaining &= page->careful == careful ? ~page->range.set : ~exhausted(page);
    return err;
}

static enum err ask_all(struct page *page)
{
    enum err err = ERR_OK;

    if (!page->walks)
        return collection_find_ask(page);
    if (page->find->after != NULL)
        err = find_place(page);
    if (err == ERR_OK && page->find->after != NULL)
        err = ask_behind(page);
    while (err == ERR_OK && !is_full(page) && page->remaining != 0)
        err = ask_rest(page);
    return err;
}

/* For the caller, of types that say what they are. */
static struct value kept(struct value value, struct arena *arena)
{
    char room[BSON_DECIMAL_SIZE];

    if (value.type == VALUE_RAW && value.raw.kind == KIND_DECIMAL)
        return value_decimal(
            arena_str(arena, bson_decimal_text((const uint8_t *)value.raw.bytes.ptr, room)));
    bson_keep(&value, arena);
    return value;
}

enum err collection_find(struct mongo_db *db, const struct find *find, struct buf *out,
                         struct find_result *result)
{
    bool fits = keyset_fits(find->sort, find->sort_count);
    struct page page = {
        .db = db,
        .find = find,
        .result = result,
        .out = out,
        .walks = fits && find->skip == 0 && (find->after != NULL || find->look_ahead),
        .remaining = BRACKETS_ALL,
        .bracket = -1,
        .value = BUF_INIT(INT32_MAX),
        .id = BUF_INIT(INT32_MAX),
        .place = BUF_INIT(INT32_MAX),
    };
    size_t start = out->len;
    enum err err;

    if (find->sort_count > 0) {
        page.range.field = find->sort[0].field;
        page.range.up = find->sort[0].direction > 0;
        page.range.by_id = find->sort_count == 1 && fits;
    }
    result->count = 0;
    result->more = false;
    err = ask_all(&page);
    if (err != ERR_OK) {
        out->len = start;
        result->count = 0;
    } else if (result->count > 0 && result->arena != NULL) {
        result->last.value = kept(page.last.value, result->arena);
        result->last.id = kept(page.last.id, result->arena);
    }
    buf_free(&page.value);
    buf_free(&page.id);
    buf_free(&page.place);
    return err;
}
