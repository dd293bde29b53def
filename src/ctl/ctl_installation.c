/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/people/session.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cache/installation.h"
#include "ctl/ctl.h"

/* larderctl installation, and larderctl restored: which cache the database has, and what to do when
 * that changes. */

enum { SILENT_MS = 15000 }; /* since then it has ended, without a word */

struct view {
    struct installation installation;
    struct installation_members members;
    int64_t now_ms, ended;
    bool begin;
};

static enum err read_all(struct mongo_db *db, void *context)
{
    struct view *view = context;
    enum err err = collection_server_time(db, &view->now_ms);

    return err == ERR_OK ? installation_read(db, &view->installation, &view->members) : err;
}

static enum err change(struct mongo_db *db, void *context)
{
    return installation_change(db, ((struct view *)context)->begin);
}

static enum err restore(struct mongo_db *db, void *context)
{
    enum { BEAT_LEAP = 1000 };
    struct view *view = context;
    enum err err = read_all(db, view);

    if (err != ERR_OK)
        return err;
    return installation_restored(db, &view->installation, view->installation.epoch + 1,
                                 view->installation.beat + BEAT_LEAP, sessions.collection,
                                 &view->ended);
}

static bool installation_ask(struct ctl *ctl, enum err (*work)(struct mongo_db *db, void *context),
                             struct view *view)
{
    enum err err = mongo_run(ctl->backend.mongo, work, view);

    if (err != ERR_OK)
        ctl_error("MongoDB: %s", err_text(err));
    return err == ERR_OK;
}

static void print_view(const struct view *view)
{
    const struct installation *installation = &view->installation;
    int64_t left_ms = installation->changing_until_ms - view->now_ms;

    printf("id      %.*s\nepoch   %lld\n", INSTALLATION_ID_SIZE, installation->id,
           (long long)installation->epoch);
    for (size_t i = 0; i < view->members.count; i++) {
        const struct member_document *member = &view->members.list[i];
        if (view->now_ms - member->beat_ms > SILENT_MS)
            continue;
        printf("worker  on %s, Redis %s, prefix %s, seen %.1f s ago\n", member->host, member->redis,
               member->prefix, (double)(view->now_ms - member->beat_ms) / 1000);
    }
    if (left_ms > 0)
        printf("A change of addresses is under way, for %lld s: nobody keeps anything.\n",
               (long long)(left_ms / 1000));
}

static int run_installation(struct ctl *ctl, int argc, char **argv)
{
    struct view *view = mem_zalloc(sizeof *view);
    bool changes = argc == 2 && strcmp(argv[0], "change") == 0;
    int status = CTL_FAILED;

    view->begin = changes && strcmp(argv[1], "begin") == 0;
    if (argc != 0 && !view->begin && !(changes && strcmp(argv[1], "end") == 0))
        status = ctl_usage("installation takes nothing, or change begin, or change end");
    else if (ctl_open_mongo(ctl) && (!changes || installation_ask(ctl, change, view)) &&
             installation_ask(ctl, read_all, view))
        status = CTL_OK;
    if (status == CTL_OK)
        print_view(view);
    free(view);
    return status;
}

static int run_restored(struct ctl *ctl, int argc, char **argv)
{
    struct view *view = mem_zalloc(sizeof *view);
    int status = CTL_FAILED;

    (void)argv;
    if (argc != 0)
        status = ctl_usage("restored takes no argument");
    else if (ctl_open_mongo(ctl) && installation_ask(ctl, restore, view))
        status = CTL_OK;
    if (status == CTL_OK)
        printf("%lld %s ended; what Redis holds is out of reach within seconds\n",
               (long long)view->ended, ctl_noun((uint64_t)view->ended, "session", "sessions"));
    free(view);
    return status;
}

const struct command command_installation = {
    .name = "installation",
    .args = "[change begin|end]",
    .summary = "shows which cache the database has, and lets it be changed",
    .help =
        "Prints the installation's id and the workers that run, with the Redis of each.  A worker\n"
        "with another Redis or prefix than those that run refuses to start.  After change begin\n"
        "it starts: for 15 minutes, or until change end, answers come from MongoDB and nobody\n"
        "keeps any.\n",
    .run = run_installation,
};

const struct command command_restored = {
    .name = "restored",
    .args = "",
    .summary = "after a backup of MongoDB was restored: ends sessions, and begins anew",
    .help = "Ends all sessions, API keys too, and puts what Redis and shared memory hold out of "
            "reach.\n"
            "Workers do the same by themselves when they find that the database has gone back.\n",
    .run = run_restored,
};
