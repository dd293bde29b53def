/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"
#include "cache/cache_state.h"
#include "mongo/collection.h"

/* A pending invalidation: a write that Redis does not know.  One document in larder_pending: whose
 * names they are (the prefix: another cache on the same database has tags of its own), the tags,
 * whether the write has ended ("open", "closed"), and when it began, by MongoDB's clock. */

const struct str pending_collection = STR_INIT(CACHE_COLLECTION);

enum { PENDING_WRITE_MS = 2500 };

struct pending_job {
    struct mongo_job job; /* must outlive done, so it is not in struct pending */
    struct pending *pending;
};

static enum err pending_write(struct mongo_db *db, void *context)
{
    struct pending *pending = ((struct pending_job *)context)->pending;
    struct value *tags = mem_array(pending->tag_count + 1, sizeof *tags);
    struct condition which = {.field = STR("_id"), .op = OP_EQ, .value = value_oid(pending->id)};
    struct assignment fields[] = {
        {STR("state"), ASSIGN_SET, value_string(pending->closing ? STR("closed") : STR("open"))},
        {STR("prefix"), ASSIGN_SET, value_string(str_from(pending->cache->prefix))},
        {STR("tags"), ASSIGN_SET, value_list(tags, pending->tag_count)},
        {STR("opened"), ASSIGN_NOW, value_null()},
    };
    struct update update = {.collection = pending_collection,
                            .conditions = &which,
                            .condition_count = 1,
                            .assignments = fields,
                            .assignment_count = COUNT(fields),
                            .upsert = true,
                            .max_time_ms = PENDING_WRITE_MS};
    enum err err;

    for (size_t i = 0; i < pending->tag_count; i++)
        tags[i] = value_string(pending->tags[i]);
    err = collection_update(db, &update, NULL);
    free(tags);
    return err;
}

static void on_written(void *context, enum err err)
{
    struct pending *pending = ((struct pending_job *)context)->pending;

    /* First in MongoDB, then in the table: a settler that sees the mark finds the document. */
    if (err == ERR_OK)
        for (size_t i = 0; i < pending->tag_count; i++)
            memory_set_pending(pending->cache->memory, pending->slots[i]);
    pending->done(pending->context, err);
}

static void pending_submit(struct pending *pending)
{
    struct pending_job *job = mem_zalloc(sizeof *job);

    job->pending = pending;
    job->job = (struct mongo_job){
        .work = pending_write, .done = on_written, .release = free, .context = job, .write = true};
    mongo_submit_or_tell(pending->cache->mongo, &job->job);
}

void pending_open(struct pending *pending)
{
    pending->id = oid_new();
    pending->named = true;
    pending->closing = false;
    pending_submit(pending);
}

void pending_close(struct pending *pending)
{
    if (!pending->named)
        pending->id = oid_new();
    pending->named = true;
    pending->closing = true;
    pending_submit(pending);
}
