/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_APP_STUBS_H
#define LARDER_TESTS_APP_STUBS_H

#include "../unit.h"

#include "app/app_state.h"
#include "app/indexes.h"
#include "mongo/collection.h"

/* Handlers without servers.  What they call of the cache, of MongoDB and of each other is replaced
 * when the test is linked (APP_WRAPS in tests/sources.mk) by functions that only note the call:
 * what a handler begins is under way until the test ends it, and MongoDB answers what the test has
 * told it to. */

/* A document of the first resource; what is NULL or 0 is not there. */
struct recipe {
    const char *id, *title, *category, *owner;
    int64_t version;
};

/* What one call to MongoDB gives. */
struct reply {
    enum err err;
    struct recipe found[3];
    size_t count;
    bool more;
    int64_t total;
    enum err errs[4]; /* of a collection_insert_many() */
};

/* A fill that a test has begun, and how it ended. */
struct cache_fill {
    struct cache_lookup *waiter; /* is told when it ends; NULL: by the test */
    bool sealed, done;
    enum err err;
    struct entry entry; /* its bytes are those below */
    struct buf plain, gzip, etag;
};

enum { STUBS_MAX = 160 };

struct stubs {
    struct app app;
    uv_loop_t loop;
    struct schema *schema;
    const struct plan *recipes, *diaries; /* each of the latter is its owner's alone */

    char calls[2048]; /* "submit find_one fence ", in order */
    char asked[4096]; /* conditions of the last call to MongoDB, and the rest of a find */

    struct mongo_job *jobs[STUBS_MAX]; /* submitted and not done */
    size_t job_count;
    struct reply replies[STUBS_MAX];
    size_t reply_count, replied;

    struct cache_lookup *lookups[STUBS_MAX];
    size_t lookup_count;
    struct cache_fill fills[STUBS_MAX];
    size_t fill_count;
    struct cache_write *write; /* begun and not done */
    bool in_memory;            /* the item that is changed: what is made of it is kept */
    enum err outcome;          /* what cache_write_end() was told */
    struct repeat *repeat;     /* asked and not told */

    int64_t now_ms;
    bool late; /* the fence is over too soon for a write */
    bool mongo_down, redis_down;
    bool disagree;          /* workers have several layouts */
    bool keyed;             /* the request has an Idempotency-Key */
    enum words_state words; /* of the text index */
};
extern struct stubs stubs;

/* For a group: the app.  For each test: nothing is under way, before and afterwards. */
int stubs_open(void **state);
int stubs_close(void **state);
int stubs_setup(void **state);
int stubs_teardown(void **state);
#define STUBS_TEST(test) cmocka_unit_test_setup_teardown(test, stubs_setup, stubs_teardown)
#define STUBS_RUN(tests) cmocka_run_group_tests(tests, stubs_open, stubs_close)

/* MongoDB's next answer. */
void stubs_reply(const struct reply *reply);
#define REPLY(...) stubs_reply(&(struct reply){__VA_ARGS__})
/* Takes the first job out: it is the test's to end. */
struct mongo_job *stubs_job(void);
/* Ends the first job. */
void stubs_work(void);
/* Ends the fence's beginning, or its end. */
void stubs_fenced(enum err err);
void stubs_released(enum err err);
/* Whether this removal was begun before. */
void stubs_repeated(bool repeated);
/* Ends all that is under way, without errors. */
void stubs_run(void);
/* The look-up of this number is a miss: begins its fill. */
struct cache_fill *stubs_miss(size_t lookup);
/* Answers the look-up with what its fill has given. */
void stubs_filled(size_t lookup, const struct cache_fill *fill);
/* What has been called since the last time. */
void assert_calls(const char *expected);
/* "recipes recipes:soup ". */
void assert_tags(const struct str *tags, size_t count, const char *expected);

/* For the files of the stubs: adds a call; and a function in the place of another. */
void stubs_note(const char *call);
#define WRAP(type, name, ...)                                                                      \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

#endif
