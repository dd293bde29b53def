/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"
#include "ctl/infer.h"
#include "ctl/infer_node.h"

enum { CHILDREN_MAX = 300, CHOICES_MAX = 12, CHOICE_CHARS = 40, CHOICE_TIMES = 10 };

/* --- Strings --- */

static bool is_day(struct str text)
{
    bool good = text.len == 10 && text.ptr[4] == '-' && text.ptr[7] == '-';

    for (size_t i = 0; good && i < text.len; i++)
        good = i == 4 || i == 7 || (text.ptr[i] >= '0' && text.ptr[i] <= '9');
    return good;
}

static bool has_blank(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ')
            return true;
    return false;
}

static bool is_email(struct str text)
{
    size_t at = str_find(text, '@');
    struct str host = str_from_offset(text, at + 1);

    return at > 0 && at < text.len && str_find(host, '@') == host.len &&
           str_find(host, '.') < host.len && !has_blank(text);
}

static bool is_uri(struct str text)
{
    return (str_starts(text, STR("https://")) || str_starts(text, STR("http://"))) &&
           !has_blank(text);
}

static void note_text(struct infer *infer, struct infer_node *node, struct str text)
{
    if (text.len > INFER_TEXT_MAX || node->many_texts) {
        node->many_texts = true;
        return;
    }
    if (node->texts == NULL)
        node->texts = arena_alloc(&infer->arena, INFER_VALUES_MAX * sizeof *node->texts);
    for (size_t i = 0; i < node->text_count; i++)
        if (str_eq(node->texts[i].text, text)) {
            node->texts[i].count++;
            return;
        }
    node->many_texts = node->text_count == INFER_VALUES_MAX;
    if (!node->many_texts)
        node->texts[node->text_count++] = (struct infer_text){arena_str(&infer->arena, text), 1};
}

static void take_string(struct infer *infer, struct infer_node *node, struct str text)
{
    size_t chars = str_is_utf8(text) ? str_chars(text) : text.len;

    if (chars > node->max_chars)
        node->max_chars = chars;
    node->day = node->day && is_day(text);
    node->email = node->email && is_email(text);
    node->uri = node->uri && is_uri(text);
    note_text(infer, node, text);
}

/* --- Nodes --- */

static struct infer_node *new_node(struct infer *infer, struct str name)
{
    struct infer_node *node = arena_zalloc(&infer->arena, sizeof *node);

    node->name = arena_str(&infer->arena, name);
    node->day = node->email = node->uri = true;
    return node;
}

/* Names that a path, or a file, cannot have. */
static bool is_possible(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < ' ' || name.ptr[i] == '.' || name.ptr[i] == ',')
            return false;
    return name.len > 0 && name.ptr[0] != '$' && name.ptr[0] != '-' && str_is_utf8(name);
}

static struct infer_node *child_of(struct infer *infer, struct infer_node *node, struct str name)
{
    struct infer_node *child = node->first;

    while (child != NULL && !str_eq(child->name, name))
        child = child->next;
    if (child != NULL)
        return child;
    if (!is_possible(name) || node->child_count == CHILDREN_MAX) {
        node->left_out = true;
        return NULL;
    }
    child = new_node(infer, name);
    if (node->last != NULL)
        node->last->next = child;
    else
        node->first = child;
    node->last = child;
    node->child_count++;
    return child;
}

static void infer_take(struct infer *infer, struct infer_node *node, const struct value *value);

static void take_object(struct infer *infer, struct infer_node *node, const struct value *value)
{
    for (size_t i = 0; i < value->object.count; i++) {
        struct infer_node *child = child_of(infer, node, value->object.members[i].name);
        if (child != NULL)
            infer_take(infer, child, &value->object.members[i].value);
    }
}

static void take_list(struct infer *infer, struct infer_node *node, const struct value *value)
{
    if (value->list.count > node->max_items)
        node->max_items = value->list.count;
    if (node->items == NULL)
        node->items = new_node(infer, STR(""));
    for (size_t i = 0; i < value->list.count; i++)
        infer_take(infer, node->items, &value->list.items[i]);
}

static void infer_take(struct infer *infer, struct infer_node *node, const struct value *value)
{
    node->seen++;
    node->types[value->type]++;
    if (value->type == VALUE_STRING)
        take_string(infer, node, value->string);
    else if (value->type == VALUE_OBJECT)
        take_object(infer, node, value);
    else if (value->type == VALUE_LIST)
        take_list(infer, node, value);
}

/* --- What it was --- */

enum value_type infer_type(const struct infer_node *node)
{
    static const enum value_type order[] = {VALUE_STRING, VALUE_DOUBLE, VALUE_BOOL, VALUE_DATE,
                                            VALUE_OID,    VALUE_OBJECT, VALUE_LIST, VALUE_DECIMAL,
                                            VALUE_UUID,   VALUE_RAW};
    size_t counts[INFER_TYPES], most = 0;
    enum value_type type = VALUE_NULL;

    memcpy(counts, node->types, sizeof counts);
    counts[VALUE_DOUBLE] += counts[VALUE_INT];
    counts[VALUE_RAW] += counts[VALUE_BYTES];
    for (size_t i = 0; i < COUNT(order); i++)
        if (counts[order[i]] > most) {
            most = counts[order[i]];
            type = order[i];
        }
    return type == VALUE_DOUBLE && node->types[VALUE_DOUBLE] == 0 ? VALUE_INT : type;
}

bool infer_is_choice(const struct infer_node *node)
{
    if (infer_type(node) != VALUE_STRING || node->many_texts || node->text_count < 2 ||
        node->text_count > CHOICES_MAX ||
        node->types[VALUE_STRING] < CHOICE_TIMES * node->text_count ||
        node->max_chars > CHOICE_CHARS)
        return false;
    return !node->day && !node->email && !node->uri;
}

const struct infer_node *infer_find(const struct infer *infer, struct str path, bool *through_array)
{
    const struct infer_node *node = &infer->document;
    struct str name;

    *through_array = false;
    while (str_split(&path, '.', &name)) {
        for (; node != NULL && infer_type(node) == VALUE_LIST; node = node->items)
            *through_array = true;
        if (node == NULL || infer_type(node) != VALUE_OBJECT)
            return NULL;
        for (node = node->first; node != NULL && !str_eq(node->name, name);)
            node = node->next;
        if (node == NULL)
            return NULL;
    }
    for (; node != NULL && infer_type(node) == VALUE_LIST; node = node->items)
        *through_array = true;
    return node;
}

/* --- The server's own fields --- */

static const struct infer_node *top(const struct infer *infer, struct str name)
{
    const struct infer_node *node = infer->document.first;

    while (node != NULL && !str_eq(node->name, name))
        node = node->next;
    return node;
}

/* A name whose values are all of the type, the first of these. */
static struct str first_of(const struct infer *infer, const char *const *names,
                           enum value_type type)
{
    for (; *names != NULL; names++) {
        const struct infer_node *node = top(infer, str_from(*names));
        if (node != NULL && node->types[type] == node->seen)
            return node->name;
    }
    return STR("");
}

/* A number called version may mean anything, but mongoose's __v counts writes. */
struct infer_kept infer_kept(const struct infer *infer)
{
    static const char *const versions[] = {"__v", NULL};
    static const char *const created[] = {
        "createdAt",    "created_at",  "created",      "createdOn", "created_on", "creationDate",
        "dateCreated",  "insertedAt",  "inserted_at",  "addedAt",   "added_at",   "dateAdded",
        "creationTime", "createdDate", "created_date", "CreatedAt", NULL};
    static const char *const updated[] = {"updatedAt",      "updated_at",  "updated",
                                          "updatedOn",      "updated_on",  "modifiedAt",
                                          "modified_at",    "modified",    "lastModified",
                                          "last_modified",  "dateUpdated", "dateModified",
                                          "lastModifiedAt", "updatedDate", "updated_date",
                                          "UpdatedAt",      NULL};

    return (struct infer_kept){first_of(infer, versions, VALUE_INT),
                               first_of(infer, created, VALUE_DATE),
                               first_of(infer, updated, VALUE_DATE)};
}

/* --- Life --- */

struct infer *infer_new(struct str collection)
{
    struct infer *infer = mem_zalloc(sizeof *infer);

    infer->collection = collection;
    arena_init(&infer->arena, NULL, 0);
    return infer;
}

void infer_free(struct infer *infer)
{
    if (infer == NULL)
        return;
    arena_reset(&infer->arena);
    free(infer);
}

void infer_document(struct infer *infer, const struct value *document)
{
    infer_take(infer, &infer->document, document);
}

void infer_index(struct infer *infer, const struct index_spec *index)
{
    struct infer_index_keys *kept = &infer->indexes[infer->index_count];

    if (infer->index_count == INFER_INDEXES_MAX || index->key_count == 0 ||
        (index->key_count == 1 && str_eq(index->keys[0].field, STR("_id"))))
        return;
    infer->index_count++;
    *kept = (struct infer_index_keys){
        .keys = arena_alloc(&infer->arena, index->key_count * sizeof *kept->keys),
        .count = index->key_count,
        .unique = index->unique,
        .sparse = index->sparse};
    for (size_t i = 0; i < index->key_count; i++)
        kept->keys[i] = (struct index_key){arena_str(&infer->arena, index->keys[i].field),
                                           index->keys[i].direction};
}

size_t infer_count(const struct infer *infer)
{
    return infer->document.seen;
}
