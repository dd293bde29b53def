/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/write/receipt.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/idiom.h"
#include "http/percent.h"
#include "http/response.h"

static const struct index indexes[] = {
    {.name = STR_INIT("expires"), .keys = STR_INIT("expiresAt"), .expire_after_s = 1}};

const struct bookkeeping receipts = {
    .collection = STR_INIT("larder_receipts"), .indexes = indexes, .index_count = COUNT(indexes)};

enum { KEEP_MS = 86400000 };

static void hash_all(const struct str *parts, size_t count, char hex[static RECEIPT_HEX])
{
    unsigned char digest[SHA256_SIZE];
    struct buf text = BUF_INIT(1 << 20);

    for (size_t i = 0; i < count; i++) {
        buf_uint(&text, parts[i].len);
        buf_char(&text, ':');
        buf_str(&text, parts[i]);
    }
    sha256(buf_view(&text), digest);
    hex_encode(digest, sizeof digest, hex);
    buf_free(&text);
}

/* The client's own key salts the print: a body may hold a password. */
void receipt_init(struct receipt *receipt, struct str who, struct str where, struct str key,
                  const struct request *request)
{
    bool posts = request->method == METHOD_POST;

    *receipt = (struct receipt){.document = oid_new()};
    arena_init(&receipt->arena, NULL, 0);
    buf_init(&receipt->body, RESPONSE_BODY_MAX);
    hash_all((const struct str[]){who, where, key}, 3, receipt->id);
    hash_all((const struct str[]){key, request->body, request->method_text, request->query},
             posts ? 2 : 4, receipt->print);
}

void receipt_free(struct receipt *receipt)
{
    arena_reset(&receipt->arena);
    buf_free(&receipt->body);
}

/* --- Who is first --- */

enum { PRINT, STATE, DOCUMENT, LEASE, STATUS, HEAD, BODY, EXPIRES, FIELDS };

static const struct shape_field shape_fields[FIELDS] = {
    [PRINT] = {.name = STR_INIT("print"), .capture = true},
    [STATE] = {.name = STR_INIT("state"), .capture = true},
    [DOCUMENT] = {.name = STR_INIT("document"), .capture = true},
    [LEASE] = {.name = STR_INIT("leaseUntil"), .capture = true},
    [STATUS] = {.name = STR_INIT("status"), .capture = true},
    [HEAD] = {.name = STR_INIT("head"), .capture = true},
    [BODY] = {.name = STR_INIT("body"), .capture = true},
    [EXPIRES] = {.name = STR_INIT("expiresAt"), .capture = true},
};
static const struct shape shape = SHAPE(shape_fields);

static struct value id_of(const struct receipt *receipt)
{
    return value_string(str_make(receipt->id, sizeof receipt->id));
}

static enum err receipt_insert(struct mongo_db *db, const struct receipt *receipt, int64_t now_ms)
{
    const struct assignment fields[] = {
        {STR("_id"), ASSIGN_SET, id_of(receipt)},
        {STR("print"), ASSIGN_SET, value_string(str_make(receipt->print, sizeof receipt->print))},
        {STR("state"), ASSIGN_SET, value_string(STR("busy"))},
        {STR("document"), ASSIGN_SET, value_oid(receipt->document)},
        {STR("leaseUntil"), ASSIGN_SET, value_date(now_ms + RECEIPT_LEASE_MS)},
        {STR("expiresAt"), ASSIGN_SET, value_date(now_ms + KEEP_MS)},
    };

    return collection_insert(db, receipts.collection, &(struct document){fields, COUNT(fields)});
}

/* Exactly the record that was seen is taken over; else another worker was first. */
static enum err take_over(struct mongo_db *db, struct receipt *receipt, const struct value *seen,
                          int64_t now_ms)
{
    const struct condition conditions[] = {
        {STR("_id"), OP_EQ, id_of(receipt)},
        {STR("state"), OP_EQ, value_string(STR("busy"))},
        {STR("leaseUntil"), OP_EQ, seen[LEASE]},
    };
    struct assignment next = {STR("leaseUntil"), ASSIGN_SET, value_date(now_ms + RECEIPT_LEASE_MS)};
    enum err err = collection_modify(db,
                                     &(struct update){.collection = receipts.collection,
                                                      .conditions = conditions,
                                                      .condition_count = COUNT(conditions),
                                                      .assignments = &next,
                                                      .assignment_count = 1},
                                     NULL);

    receipt->verdict = err == ERR_OK ? RECEIPT_FIRST : RECEIPT_UNDER_WAY;
    if (err == ERR_OK && seen[DOCUMENT].type == VALUE_OID)
        receipt->document = seen[DOCUMENT].oid;
    return err == ERR_NOT_FOUND || err == ERR_CONFLICT ? ERR_OK : err;
}

/* FIRST: its lease is over. */
static void receipt_judge(struct receipt *receipt, const struct value *seen, int64_t now_ms)
{
    if (seen[PRINT].type != VALUE_STRING ||
        !str_eq(seen[PRINT].string, str_make(receipt->print, sizeof receipt->print))) {
        receipt->verdict = RECEIPT_OTHER_BODY;
    } else if (seen[STATUS].type == VALUE_INT && seen[BODY].type == VALUE_STRING) {
        receipt->verdict = RECEIPT_REPLAY;
        receipt->status = (unsigned)seen[STATUS].integer;
        receipt->head = seen[HEAD].type == VALUE_STRING ? seen[HEAD].string : STR("");
        buf_str(&receipt->body, seen[BODY].string);
    } else if (seen[LEASE].type == VALUE_DATE && seen[LEASE].integer > now_ms) {
        receipt->verdict = RECEIPT_UNDER_WAY;
    } else {
        receipt->verdict = RECEIPT_FIRST;
    }
}

/* What is over goes before the database's own clock takes it. */
static enum err drop_expired(struct mongo_db *db, const struct receipt *receipt,
                             const struct value *seen)
{
    const struct condition conditions[] = {{STR("_id"), OP_EQ, id_of(receipt)},
                                           {STR("expiresAt"), OP_EQ, seen[EXPIRES]}};
    enum err err = collection_remove(db, receipts.collection, conditions, 2);

    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err receipt_claim(struct mongo_db *db, struct receipt *receipt)
{
    struct condition condition = {STR("_id"), OP_EQ, id_of(receipt)};
    struct found_document record = {.shape = &shape, .arena = &receipt->arena};
    struct value seen[FIELDS];
    int64_t now_ms = clock_wall_ms();
    enum err err = ERR_EXISTS;

    record.captured = seen;
    receipt->verdict = RECEIPT_FIRST;
    for (int tries = 0; err == ERR_EXISTS && tries < 2; tries++) {
        err = receipt_insert(db, receipt, now_ms);
        if (err != ERR_EXISTS)
            return err;
        err = collection_find_one(db, receipts.collection, &condition, 1, 0, &record);
        if (err == ERR_OK && seen[EXPIRES].type == VALUE_DATE && seen[EXPIRES].integer <= now_ms)
            err = drop_expired(db, receipt, seen) == ERR_OK ? ERR_EXISTS : ERR_CONFLICT;
        else if (err == ERR_OK)
            receipt_judge(receipt, seen, now_ms);
        else if (err == ERR_NOT_FOUND)
            err = ERR_EXISTS; /* it has just expired */
    }
    if (err == ERR_OK && receipt->verdict == RECEIPT_FIRST)
        return take_over(db, receipt, seen, now_ms);
    return err == ERR_EXISTS ? ERR_CONFLICT : err;
}

enum err receipt_peek(struct mongo_db *db, struct receipt *receipt)
{
    struct condition condition = {STR("_id"), OP_EQ, id_of(receipt)};
    struct found_document record = {.shape = &shape, .arena = &receipt->arena};
    struct value seen[FIELDS];
    enum err err;

    record.captured = seen;
    receipt->verdict = RECEIPT_FIRST;
    err = collection_find_one(db, receipts.collection, &condition, 1, 0, &record);
    if (err == ERR_OK)
        receipt_judge(receipt, seen, clock_wall_ms());
    if (receipt->verdict == RECEIPT_FIRST)
        receipt->verdict = RECEIPT_UNDER_WAY;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* --- Whether what was made is there --- */

/* The last part of the path in the line "Location: …"; empty where there is none. */
static struct str made_at(const struct receipt *receipt)
{
    struct str rest = receipt->head, line, part, last = STR("");

    while (str_split(&rest, '\n', &line)) {
        if (!str_starts(line, STR("Location: ")))
            continue;
        line.len = str_find(line, '\r');
        while (str_split(&line, '/', &part))
            last = part;
    }
    return last;
}

enum err receipt_look(struct mongo_db *db, struct receipt *receipt, struct str collection,
                      enum id_type type)
{
    static const struct shape nothing = {.count = 0};
    struct condition is = {STR("_id"), OP_EQ, {.type = VALUE_NONE}};
    char room[ID_TEXT_MAX];
    struct str text, id;
    enum err err;

    if (receipt->status != 201 ||
        percent_decode_path(made_at(receipt), &receipt->arena, &text) != ERR_OK ||
        id_parse(type, text, room, &id) != ERR_OK)
        return ERR_OK;
    is.value = id_value(type, id);
    err =
        collection_find_one(db, collection, &is, 1, 0, &(struct found_document){.shape = &nothing});
    if (err == ERR_NOT_FOUND)
        receipt->verdict = RECEIPT_GONE;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* --- Afterwards --- */

/* A refusal of a request that anybody may send: nothing was made, and what made it wrong would be
 * kept for a day.  A worker that took over meanwhile may have stored an answer. */
static enum err forget(struct mongo_db *db, const struct receipt *receipt)
{
    const struct condition conditions[] = {{STR("_id"), OP_EQ, id_of(receipt)},
                                           {STR("document"), OP_EQ, value_oid(receipt->document)},
                                           {STR("state"), OP_EQ, value_string(STR("busy"))}};

    return collection_remove(db, receipts.collection, conditions, COUNT(conditions));
}

enum err receipt_keep(struct mongo_db *db, const struct receipt *receipt)
{
    const struct condition conditions[] = {{STR("_id"), OP_EQ, id_of(receipt)},
                                           {STR("document"), OP_EQ, value_oid(receipt->document)}};
    const struct assignment done[] = {
        {STR("state"), ASSIGN_SET, value_string(STR("done"))},
        {STR("status"), ASSIGN_SET, value_int(receipt->status)},
        {STR("head"), ASSIGN_SET, value_string(receipt->head)},
        {STR("body"), ASSIGN_SET, value_string(buf_view(&receipt->body))},
    };
    const struct assignment again = {STR("leaseUntil"), ASSIGN_SET, value_date(0)};
    bool final = receipt->status < 500;

    if (receipt->of_anybody && final && receipt->status >= 400)
        return forget(db, receipt);
    return collection_modify(db,
                             &(struct update){.collection = receipts.collection,
                                              .conditions = conditions,
                                              .condition_count = 2,
                                              .assignments = final ? done : &again,
                                              .assignment_count = final ? COUNT(done) : 1},
                             NULL);
}
