/* SPDX-License-Identifier: BSD-2-Clause */
#include <mongoc/mongoc.h>

#include "others.h"
#include "peer.h"

enum { MADE_AT_ONCE = 100 };

static pthread_rwlock_t dropping = PTHREAD_RWLOCK_INITIALIZER;

struct writer {
    mongoc_client_t *client;
    mongoc_collection_t *collection;
    uint64_t random;
    unsigned me;
};

static void put_fields(bson_t *to, unsigned i, unsigned seq, unsigned category)
{
    struct timespec wall;
    char text[64];

    clock_gettime(CLOCK_REALTIME, &wall);
    snprintf(text, sizeof text, OTHERS_NAME "%u", (unsigned long long)options.seed, i);
    BSON_APPEND_UTF8(to, "name", text);
    BSON_APPEND_INT32(to, "price", (int32_t)seq);
    snprintf(text, sizeof text, OTHERS_NAME "%u", (unsigned long long)options.seed, category);
    BSON_APPEND_UTF8(to, "category", text);
    BSON_APPEND_DATE_TIME(to, "updatedAt", wall.tv_sec * 1000 + wall.tv_nsec / 1000000);
}

static void put_operation(struct writer *writer, mongoc_bulk_operation_t *bulk, unsigned i)
{
    struct slot *slot = &slots[i];
    const struct state was = *slot_state(slot, slot->newest);
    bool there = was.exists && !slot->unsure;
    bool exists = !options.deletes || !there || pick(&writer->random, 5) > 0;
    unsigned category = pick(&writer->random, 2)
                            ? was.category
                            : pick(&writer->random, (unsigned)options.categories);
    bson_oid_t id;
    bson_t *selector = bson_new(), document = BSON_INITIALIZER, set;
    bson_t upsert = BSON_INITIALIZER;

    memcpy(id.bytes, slot->id, sizeof id.bytes);
    BSON_APPEND_OID(selector, "_id", &id);
    slot_begin(slot, exists, category);
    BSON_APPEND_BOOL(&upsert, "upsert", true);
    if (!exists) {
        mongoc_bulk_operation_remove_one(bulk, selector);
    } else if (there && pick(&writer->random, 2)) {
        BSON_APPEND_DOCUMENT_BEGIN(&document, "$set", &set);
        put_fields(&set, i, slot->newest, category);
        bson_append_document_end(&document, &set);
        mongoc_bulk_operation_update_one(bulk, selector, &document, false);
    } else {
        BSON_APPEND_OID(&document, "_id", &id);
        put_fields(&document, i, slot->newest, category);
        if (slot->newest > 1 && !was.exists && !slot->unsure)
            mongoc_bulk_operation_insert(bulk, &document);
        else
            mongoc_bulk_operation_replace_one_with_opts(bulk, selector, &document, &upsert, NULL);
    }
    bson_destroy(&upsert);
    bson_destroy(&document);
    bson_destroy(selector);
}

static bool run_bulk(mongoc_bulk_operation_t *bulk, mongoc_client_session_t *session)
{
    bson_error_t error;
    bson_t reply;
    bool good = mongoc_bulk_operation_execute(bulk, &reply, &error) != 0;

    bson_destroy(&reply);
    if (session != NULL && good) {
        good = mongoc_client_session_commit_transaction(session, &reply, &error);
        bson_destroy(&reply);
    } else if (session != NULL) {
        mongoc_client_session_abort_transaction(session, NULL);
    }
    if (!good && atomic_load(&counters.unknown_writes) < TOLD_MAX)
        fprintf(stderr, "error at %.3f: write: %s\n", now(), error.message);
    return good;
}

/* `count` slots of this writer's, one after the other from any. */
static void write_some(struct writer *writer, unsigned count, mongoc_client_session_t *session)
{
    unsigned begin = (unsigned)options.still + writer->me, step = (unsigned)options.writers;
    unsigned own = ((unsigned)options.slots - begin + step - 1) / step;
    unsigned first = pick(&writer->random, own);
    bson_t opts = BSON_INITIALIZER;
    mongoc_bulk_operation_t *bulk;
    double when;
    bool good;

    if (session != NULL)
        mongoc_client_session_append(session, &opts, NULL);
    bulk = mongoc_collection_create_bulk_operation_with_opts(writer->collection, &opts);
    count = count < own ? count : own;
    for (unsigned i = 0; i < count; i++)
        put_operation(writer, bulk, begin + (first + i) % own * step);
    good = run_bulk(bulk, session);
    when = now();
    for (unsigned i = 0; i < count; i++)
        slot_end(&slots[begin + (first + i) % own * step], good, when);
    mongoc_bulk_operation_destroy(bulk);
    bson_destroy(&opts);
    if (!good) /* what was sent may still be on its way, and must not come after the next */
        sleep_ms(400);
}

static void write_transaction(struct writer *writer, unsigned count)
{
    mongoc_client_session_t *session = mongoc_client_start_session(writer->client, NULL, NULL);

    if (session == NULL)
        return;
    if (mongoc_client_session_start_transaction(session, NULL, NULL))
        write_some(writer, count, session);
    mongoc_client_session_destroy(session);
}

static struct writer *writer_new(unsigned me)
{
    struct writer *writer = calloc(1, sizeof *writer);
    mongoc_uri_t *uri = mongoc_uri_new(options.mongo);

    if (writer == NULL || uri == NULL)
        fail("--mongo is no URI");
    writer->me = me;
    writer->random = options.seed * 977 + me + 1;
    writer->client = mongoc_client_new_from_uri(uri);
    writer->collection = mongoc_client_get_collection(writer->client, mongoc_uri_get_database(uri),
                                                      options.collection);
    mongoc_uri_destroy(uri);
    return writer;
}

static void writer_free(struct writer *writer)
{
    mongoc_collection_destroy(writer->collection);
    mongoc_client_destroy(writer->client);
    free(writer);
}

static void make_some(struct writer *writer, unsigned first, unsigned count)
{
    mongoc_bulk_operation_t *bulk =
        mongoc_collection_create_bulk_operation_with_opts(writer->collection, NULL);

    for (unsigned i = 0; i < count; i++)
        put_operation(writer, bulk, first + i * (unsigned)options.writers);
    if (!run_bulk(bulk, NULL))
        fail("documents cannot be made");
    for (unsigned i = 0; i < count; i++)
        slot_end(&slots[first + i * options.writers], true, now());
    mongoc_bulk_operation_destroy(bulk);
}

void writers_make_all(void)
{
    for (unsigned me = 0; me < options.writers; me++) {
        struct writer *writer = writer_new(me);
        for (unsigned i = me; i < options.slots; i += (unsigned)options.writers * MADE_AT_ONCE) {
            unsigned left = (unsigned)((options.slots - i + options.writers - 1) / options.writers);
            make_some(writer, i, left < MADE_AT_ONCE ? left : MADE_AT_ONCE);
        }
        writer_free(writer);
    }
    atomic_store(&counters.writes, 0);
}

void *write_on(void *number)
{
    struct writer *writer = writer_new((unsigned)(uintptr_t)number);
    double due = now();

    while (!atomic_load(&over)) {
        unsigned count = pick(&writer->random, 3) ? (unsigned)options.bulk : 1;
        pace(&due, (double)options.write_rate / (double)options.writers / count);
        pthread_rwlock_rdlock(&dropping);
        if (options.transactions && pick(&writer->random, 4) == 0)
            write_transaction(writer, count);
        else
            write_some(writer, count, NULL);
        pthread_rwlock_unlock(&dropping);
    }
    writer_free(writer);
    return NULL;
}

/* The collection is made anew with documents of before a change. */
static void drop(struct writer *writer)
{
    mongoc_database_t *database = mongoc_client_get_database(
        writer->client, mongoc_uri_get_database(mongoc_client_get_uri(writer->client)));
    bson_t *images = BCON_NEW("changeStreamPreAndPostImages", "{", "enabled", BCON_BOOL(true), "}");
    mongoc_collection_t *made;
    bool good;
    double when;

    for (unsigned i = 0; i < options.slots; i++)
        slot_begin(&slots[i], false, 0);
    good = mongoc_collection_drop(writer->collection, NULL);
    when = now();
    for (unsigned i = 0; i < options.slots; i++)
        slot_end(&slots[i], good, when);
    atomic_fetch_add(&counters.drops, good);
    made = mongoc_database_create_collection(database, options.collection, images, NULL);
    if (made != NULL)
        mongoc_collection_destroy(made);
    bson_destroy(images);
    mongoc_database_destroy(database);
}

void *drop_on(void *nothing)
{
    struct writer *writer = writer_new((unsigned)options.writers);
    double due = now();

    (void)nothing;
    for (;;) {
        pace(&due, 1 / (double)options.drops);
        if (atomic_load(&over))
            break;
        pthread_rwlock_wrlock(&dropping);
        drop(writer);
        pthread_rwlock_unlock(&dropping);
        sleep_ms(500); /* in which it is known to be empty */
    }
    writer_free(writer);
    return NULL;
}
