/* SPDX-License-Identifier: BSD-2-Clause */
#include "stubs.h"

#include <stdio.h>

/* --- Jobs --- */

WRAP(bool, mongo_up, const struct mongo *mongo)
{
    (void)mongo;
    return !stubs.mongo_down;
}

WRAP(void, mongo_submit_or_tell, struct mongo *mongo, struct mongo_job *job)
{
    (void)mongo;
    stubs_note(job->write ? "submit-write" : "submit");
    assert_true(stubs.job_count < STUBS_MAX);
    stubs.jobs[stubs.job_count++] = job;
}

struct mongo_job *stubs_job(void)
{
    struct mongo_job *job = stubs.jobs[0];

    assert_true(stubs.job_count > 0);
    stubs.job_count--;
    memmove(stubs.jobs, stubs.jobs + 1, stubs.job_count * sizeof *stubs.jobs);
    return job;
}

void stubs_work(void)
{
    struct mongo_job *job = stubs_job();

    job->done(job->context, job->work(NULL, job->context));
    job->release(job->context);
}

/* --- What is asked, and answered --- */

static void note_value(struct buf *out, const struct value *value)
{
    char oid[OID_HEX_SIZE];

    if (value->type == VALUE_OID) {
        oid_text(&value->oid, oid);
        buf_append(out, oid, sizeof oid);
    } else if (value->type == VALUE_STRING) {
        buf_str(out, value->string);
    } else if (value->type == VALUE_LIST) {
        for (size_t i = 0; i < value->list.count; i++) {
            note_value(out, &value->list.items[i]);
            buf_char(out, ',');
        }
    } else if (value->type == VALUE_INT) {
        buf_int(out, value->integer);
    } else {
        buf_char(out, '?');
    }
}

/* "_id=65a… version=3 ". */
static void note_conditions(struct buf *out, const struct condition *conditions, size_t count)
{
    static const char *const ops[] = {
        [OP_EQ] = "=",     [OP_NE] = "!=",     [OP_GT] = ">",       [OP_GTE] = ">=",
        [OP_LT] = "<",     [OP_LTE] = "<=",    [OP_IN] = ":",       [OP_EXISTS] = "?",
        [OP_PREFIX] = "^", [OP_TEXT] = "text", [OP_SAME] = " same "};

    for (size_t i = 0; i < count; i++) {
        buf_str(out, conditions[i].field);
        buf_str(out, str_from(ops[conditions[i].op]));
        note_value(out, &conditions[i].value);
        buf_char(out, ' ');
    }
}

static void note_asked(struct buf *text)
{
    buf_char(text, '\0');
    assert_int_equal(text->err, ERR_OK);
    memcpy(stubs.asked, text->ptr, text->len);
    buf_free(text);
}

void stubs_reply(const struct reply *reply)
{
    assert_true(stubs.reply_count < STUBS_MAX);
    stubs.replies[stubs.reply_count++] = *reply;
}

static const struct reply *next_reply(const char *call)
{
    stubs_note(call);
    if (stubs.replied == stubs.reply_count)
        fail_msg("MongoDB is asked once more: %s", stubs.calls);
    return &stubs.replies[stubs.replied++];
}

/* The fields of a document, in its order. */
static size_t recipe_fields(const struct recipe *recipe, struct assignment fields[static 5])
{
    struct oid id, owner;
    size_t count = 1;

    assert_int_equal(oid_parse(str_from(recipe->id), &id), ERR_OK);
    fields[0] = (struct assignment){STR("_id"), ASSIGN_SET, value_oid(id)};
    if (recipe->title != NULL)
        fields[count++] =
            (struct assignment){STR("title"), ASSIGN_SET, value_string(str_from(recipe->title))};
    if (recipe->category != NULL)
        fields[count++] = (struct assignment){STR("category"), ASSIGN_SET,
                                              value_string(str_from(recipe->category))};
    if (recipe->version > 0)
        fields[count++] =
            (struct assignment){STR("version"), ASSIGN_SET, value_int(recipe->version)};
    if (recipe->owner != NULL) {
        assert_int_equal(oid_parse(str_from(recipe->owner), &owner), ERR_OK);
        fields[count++] = (struct assignment){STR("ownerId"), ASSIGN_SET, value_oid(owner)};
    }
    return count;
}

static void give_document(const struct recipe *recipe, const struct found_document *record)
{
    struct assignment fields[5];
    const struct document document = {fields, recipe_fields(recipe, fields)};

    if (record->out != NULL)
        assert_int_equal(document_json(&document, record->shape, record->out), ERR_OK);
    if (record->raw != NULL)
        assert_int_equal(document_bytes(&document, record->raw), ERR_OK);
}

WRAP(enum err, collection_find_one, struct mongo_db *db, struct str collection,
     const struct condition *conditions, size_t count, uint32_t max_time_ms,
     const struct found_document *record)
{
    const struct reply *reply = next_reply("find_one");
    struct buf text = BUF_INIT(sizeof stubs.asked);

    (void)db, (void)collection, (void)max_time_ms;
    note_conditions(&text, conditions, count);
    note_asked(&text);
    if (reply->err == ERR_OK && reply->count > 0)
        give_document(&reply->found[0], record);
    return reply->err;
}

static void note_find(const struct find *find)
{
    struct buf text = BUF_INIT(sizeof stubs.asked);

    note_conditions(&text, find->conditions, find->condition_count);
    for (size_t i = 0; i < find->sort_count; i++) {
        buf_str(&text, find->sort[i].direction < 0 ? STR("sort-") : STR("sort+"));
        buf_str(&text, find->sort[i].field);
        buf_char(&text, ' ');
    }
    buf_literal(&text, "skip ");
    buf_uint(&text, find->skip);
    buf_literal(&text, " limit ");
    buf_uint(&text, find->limit);
    if (find->after != NULL) {
        buf_literal(&text, " after ");
        note_value(&text, &find->after->value);
        buf_char(&text, ' ');
        note_value(&text, &find->after->id);
    }
    note_asked(&text);
}

WRAP(enum err, collection_find, struct mongo_db *db, const struct find *find, struct buf *out,
     struct find_result *result)
{
    const struct reply *reply = next_reply("find");

    (void)db;
    note_find(find);
    for (size_t i = 0; reply->err == ERR_OK && i < reply->count; i++) {
        struct assignment fields[5];
        struct find_item item = {.owner = {.type = VALUE_NONE}};
        struct document document = {fields, recipe_fields(&reply->found[i], fields)};
        const struct assignment *owner = assignment_find(fields, document.count, find->owner);

        if (i > 0)
            buf_char(out, ',');
        item.offset = out->len;
        assert_int_equal(document_json(&document, find->shape, out), ERR_OK);
        item.len = out->len - item.offset;
        item.id = fields[0].value;
        if (owner != NULL)
            item.owner = owner->value;
        if (result->items != NULL)
            result->items[i] = item;
        result->last = (struct keyset){fields[1].value, fields[0].value};
    }
    result->count = reply->count;
    result->more = reply->more;
    return reply->err;
}

WRAP(enum err, collection_count, struct mongo_db *db, struct str collection,
     const struct condition *conditions, size_t count, uint32_t max_time_ms, int64_t *total)
{
    const struct reply *reply = next_reply("count");

    (void)db, (void)collection, (void)conditions, (void)count, (void)max_time_ms;
    *total = reply->total;
    return reply->err;
}

WRAP(enum err, collection_insert, struct mongo_db *db, struct str collection,
     const struct document *document)
{
    (void)db, (void)collection, (void)document;
    return next_reply("insert")->err;
}

WRAP(enum err, collection_insert_many, struct mongo_db *db, struct str collection,
     const struct document *documents, size_t count, const struct outcomes *outcomes)
{
    static const struct refusal refusal = {1, {{"price", "must be at most", true, 1000}}};
    const struct reply *reply = next_reply("insert_many");

    (void)db, (void)collection, (void)documents;
    assert_int_equal(count, reply->count);
    memcpy(outcomes->errs, reply->errs, count * sizeof reply->errs[0]);
    for (size_t i = 0; i < count; i++)
        if (reply->errs[i] == ERR_REFUSED)
            outcomes->refused(outcomes->context, i, &refusal);
    return reply->err;
}

WRAP(enum err, collection_modify, struct mongo_db *db, const struct update *update,
     const struct found_document *record)
{
    const struct reply *reply = next_reply("modify");
    struct buf text = BUF_INIT(sizeof stubs.asked);

    (void)db;
    note_conditions(&text, update->conditions, update->condition_count);
    note_asked(&text);
    if (reply->err == ERR_OK)
        give_document(&reply->found[0], record);
    return reply->err;
}

WRAP(enum err, collection_remove, struct mongo_db *db, struct str collection,
     const struct condition *conditions, size_t count)
{
    struct buf text = BUF_INIT(sizeof stubs.asked);

    (void)db, (void)collection;
    note_conditions(&text, conditions, count);
    note_asked(&text);
    return next_reply("remove")->err;
}

WRAP(enum err, collection_indexes, struct mongo_db *db, struct str collection,
     void (*each)(void *context, const struct index_spec *found), void *context)
{
    (void)db, (void)collection, (void)each, (void)context;
    stubs_note("indexes");
    return ERR_OK;
}
