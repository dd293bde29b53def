/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "base/idiom.h"
#include "base/mem.h"
#include "cache/state.h"
#include "store/collection.h"

/* A debt: what Redis was not told of a write.  One document in cache_debts: whose names they are
 * (the prefix: another cache on the same database has tags of its own), the tags, whether the write
 * has ended ("open", "closed"), and when it began, by MongoDB's clock. */

const struct str debt_collection = STR_INIT(CACHE_COLLECTION);

enum { DEBT_WRITE_MS = 2500 };

struct debt_job {
    struct mongo_job job; /* must outlive done, so it is not the debt's */
    struct debt *debt;
};

static enum err write_debt(struct mongo_db *db, void *context)
{
    struct debt *debt = ((struct debt_job *)context)->debt;
    struct value *tags = mem_array(debt->tag_count + 1, sizeof *tags);
    struct condition which = {.field = STR("_id"), .op = OP_EQ, .value = value_oid(debt->id)};
    struct assignment fields[] = {
        {STR("state"), ASSIGN_SET, value_string(debt->closing ? STR("closed") : STR("open"))},
        {STR("prefix"), ASSIGN_SET, value_string(str_from(debt->cache->prefix))},
        {STR("tags"), ASSIGN_SET, value_list(tags, debt->tag_count)},
        {STR("opened"), ASSIGN_NOW, value_null()},
    };
    struct update update = {.collection = debt_collection,
                            .conditions = &which,
                            .condition_count = 1,
                            .assignments = fields,
                            .assignment_count = COUNT(fields),
                            .upsert = true,
                            .max_time_ms = DEBT_WRITE_MS};
    enum err err;

    for (size_t i = 0; i < debt->tag_count; i++)
        tags[i] = value_string(debt->tags[i]);
    err = collection_update(db, &update, NULL);
    free(tags);
    return err;
}

static void on_written(void *context, enum err err)
{
    struct debt *debt = ((struct debt_job *)context)->debt;

    /* First in MongoDB, then in the table: a payer that sees the mark finds the debt. */
    if (err == ERR_OK)
        for (size_t i = 0; i < debt->tag_count; i++)
            memory_owe(debt->cache->memory, debt->slots[i]);
    debt->done(debt->context, err);
}

static void submit(struct debt *debt)
{
    struct debt_job *job = mem_zalloc(sizeof *job);

    job->debt = debt;
    job->job = (struct mongo_job){
        .work = write_debt, .done = on_written, .release = free, .context = job, .write = true};
    mongo_submit_or_tell(debt->cache->mongo, &job->job);
}

void debt_open(struct debt *debt)
{
    debt->id = oid_new();
    debt->named = true;
    debt->closing = false;
    submit(debt);
}

void debt_close(struct debt *debt)
{
    if (!debt->named)
        debt->id = oid_new();
    debt->named = true;
    debt->closing = true;
    submit(debt);
}
