/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_TESTS_MODEL_H
#define LARDER_TESTS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A model of the cache protocol that is small enough to be walked whole: one answer under one tag,
 * two hosts (A: workers 0 and 1, B: worker 2), every interleaving of the steps that src/cache/
 * takes.  Each step function names the function of the program whose step it is.  A step is one
 * command or script in Redis, one operation in MongoDB, one critical section of the host's table,
 * or one callback of a worker's loop.
 *
 * What is promised, and looked for in every state (check.c):
 *   OWN    no read on a host is older than a write acknowledged there before the read began
 *   OTHER  nor older than another host's, unless a message is under way, a lease has not run out
 *          since the listener was lost, or a debt is open that the worker cannot have found: it was
 *          connected when the debt was opened, and has not looked since
 *   QUIET  when nothing is under way any more, a hit is what MongoDB holds
 *
 * How the model leaves out, always so that more can happen than in reality:
 *  - Answers are numbers: the state of MongoDB, counted by its commits.  A write that was sent may
 *    commit or abort at any later moment, also when its worker is dead.  So an answer is a total
 *    as well, to which each write adds one, and may be carried over it.
 *  - One change of another program is a bit of that number, FOREIGN_BIT, and nothing is promised of
 *    it but QUIET, once the follower has moved the tag.
 *  - Versions are told apart and nothing else; they are renamed after each step so that states are
 *    the same which differ in names only.
 *  - The lock of a fill is taken or not, as chance will have it.
 *  - That a writer is dead is seen at any time afterwards, or never; in the table and in Redis
 *    apart from each other.
 *  - A fence may go by time when its write can no longer begin and is settled (fence 5 s, sent
 *    within 1.5 s, maxTimeMS 3 s); a debt counts as old likewise; the mark of birth stops being
 *    young when the writes whose fences were lost are settled.
 *  - A look-up that may neither be stored nor answer others is not followed: it asks MongoDB.
 *  - Who joins a fill whose question has not been sent gets an answer asked for after he came.
 *  - That MongoDB is back is noticed before it is away again.
 *  - Memory is looked at in every state for a request that comes at that moment, and so are hits
 *    from Redis and joins; besides, up to READERS look-ups are under way at a time. */

enum { HOSTS = 2, WORKERS = 3, WRITERS = 2, READERS = 2, PAYERS = 2, LIVES = 2 };

/* What Redis holds under the names of one epoch.  Answers are stored as number + 1, 0 is none. */
struct names {
    uint8_t tag;            /* its version, 0: nil */
    uint8_t fences;         /* tokens: one bit a writer */
    uint8_t dead;           /* writers that are known to be: one bit each */
    uint8_t born;           /* enum born */
    uint8_t value, version; /* the entry */
    uint8_t brief;          /* it is one while a fence stands only */
};
enum born { BORN_NIL, BORN_YOUNG, BORN_OLD };

/* The shared segment of a host, and its listener. */
struct host {
    uint8_t fences; /* one bit a writer */
    uint8_t owed;
    uint8_t memory;   /* the record that its tag's sequence still covers, + 1 */
    uint8_t messages; /* of changed tags, under way to the listener */
    uint8_t hearing;  /* enum hearing */
    uint8_t lease;
};
enum hearing { DEAF, VOIDED, SUBSCRIBED, HEARING }; /* VOIDED: only where that comes first */

struct worker {
    uint8_t link; /* enum link */
    uint8_t base; /* the epoch in the names it uses */
    uint8_t stale_look;
    uint8_t away;  /* a ping has told it that MongoDB is */
    uint8_t trust; /* that was so when it lost a connection that knew the debts */
};
enum link { LINK_DOWN, LINK_NEW, LINK_LOOKING, LINK_READY, LINK_KNOWN };

struct writer {
    uint8_t pc;      /* enum writer_pc */
    uint8_t flags;   /* W_ */
    uint8_t mongo;   /* enum outcome, of its write */
    uint8_t commit;  /* the number that its write made */
    uint8_t carried; /* the entry that script_fence told it, to be carried over; or, where the
                        document is kept, what its write makes of the one that was read, + 1 */
    uint8_t version; /* that script_fence gave the tag; with carried */
    uint8_t known;   /* the tag's version, from before the document was read */
    uint8_t debt;    /* enum debt_state, in MongoDB */
    uint8_t late;    /* scripts still on their way: W_LATE_ */
    uint8_t found;   /* workers of the other host, one bit each, that its debt does not excuse */
};
enum writer_pc {
    W_IDLE,
    W_KNOWS,       /* what version the tag had */
    W_HAS_READ,    /* the document that it changes */
    W_FENCE,       /* script_fence has been sent */
    W_DEBT_OPEN,   /* the open debt has been sent to MongoDB */
    W_DEBT_OPENED, /* it is there */
    W_GO,          /* the caller may write */
    W_SENT,
    W_RELEASE, /* script_release has been sent */
    W_DEBT_CLOSE,
    W_DEBT_CLOSED,
    W_TABLE, /* the table's fence goes */
    W_ACK,
    W_END,
    W_DEAD
};
enum {
    W_FENCED = 1,
    W_INDEBTED = 2,
    W_OVERTAKEN = 4 /* the document is not as it was read: the write will find nothing to change */
};
enum { FOREIGN_BIT = 0x40 };
enum { W_LATE_FENCE = 1, W_LATE_RELEASE = 2 };
enum outcome { NOT_SENT, PENDING, COMMITTED, ABORTED };
enum debt_state { DEBT_NONE, DEBT_OPEN, DEBT_CLOSED };

struct reader {
    uint8_t pc; /* enum reader_pc */
    uint8_t worker;
    uint8_t need_own, need_all; /* acknowledged when it came: on its host, anywhere */
    uint8_t flags, reply;       /* R_, REPLY_ */
    uint8_t base;               /* the epoch of the names it asked for */
    uint8_t tag;                /* the version that it knows */
    uint8_t value, version;     /* the entry told, then the answer, + 1 */
    uint8_t older;              /* an entry past its time, + 1 */
    uint8_t brief;              /* looks again with fences; or, of a fill, what it stores */
};
enum reader_pc {
    R_NONE,
    R_ASKED,     /* MGET is on its way */
    R_REPLY,     /* and its reply */
    R_BEGIN,     /* script_begin */
    R_BEGUN,     /* and its reply */
    R_WAIT,      /* for another worker's fill */
    R_FILL,      /* MongoDB will be asked: unsealed */
    R_LATE_TAGS, /* only where the tags are read after the question */
    R_ANSWERED,  /* MongoDB's answer is on its way: sealed */
    R_STORE      /* SET is on its way */
};
enum {
    R_EXCUSED = 1, /* another host's write need not be seen */
    R_STILL = 2,   /* the tag's sequence is that of the snapshot */
    R_LINKED = 4,  /* the connection is that on which it asked */
    R_KNOWN = 8,   /* versions_known */
    R_MEMORY = 16, /* memory_ok */
    R_BACK = 32,   /* in the background */
    R_RETRY = 64,  /* on_retry_reply, not on_reply */
    R_BYPASS = 128 /* nothing goes to Redis */
};
enum {
    REPLY_FENCED = 1,
    REPLY_YOUNG = 2,
    REPLY_LOCKED = 4,
    REPLY_STORED = 8,
    REPLY_BRIEF = 16 /* the entry told is one while a fence stands only */
};

struct settler {
    uint8_t pc;            /* enum payer_pc */
    uint8_t view[WRITERS]; /* enum view, of each writer's debt */
    uint8_t noted, exact;  /* a mark was there; and it is still the same */
};
enum payer_pc { P_IDLE, P_LIST, P_BUMP, P_DELETE, P_SETTLE };
enum view { VIEW_NONE, VIEW_OPEN, VIEW_CLOSED, VIEW_OLD };

/* How often what goes wrong may go wrong. */
enum budget {
    CRASHES,  /* of a writer's worker, at any step */
    FAILS,    /* of a script: refused, lost, or its answer lost (with late: or late) */
    DROPS,    /* of a connection that waits for nothing of a writer */
    MONGO,    /* of a MongoDB operation: not done, or done and not told */
    RESTARTS, /* of Redis: empty, or with its snapshot */
    SAVES,    /* of a snapshot at any moment; there is one of the start */
    FLUSHES,
    EVICTIONS, /* of a tag */
    FENCES,    /* evicted: where nobody is killed, the second versions make up for that */
    DEAFS,     /* of a host's listener */
    REBOOTS,   /* of host A */
    OUTAGES,   /* of MongoDB */
    FOREIGN,   /* changes by another program: one at most */
    BUDGETS
};

struct state {
    uint8_t db, acked[HOSTS];
    uint8_t life; /* of Redis: its run_id */
    uint8_t lost; /* writers whose fence was lost with Redis' memory */
    uint8_t away; /* MongoDB is */
    uint8_t due;  /* the follower has to move the tag */
    struct names names[LIVES], saved[LIVES];
    struct host hosts[HOSTS];
    struct worker workers[WORKERS];
    struct writer writers[WRITERS];
    struct reader readers[READERS];
    struct settler payers[PAYERS];
    uint8_t budget[BUDGETS];
};

/* What may be left out or done wrong. */
enum fault {
    NO_FAULT,
    NO_FENCE,
    NO_SECOND_VERSIONS,
    FENCE_OF_ONE, /* a second writer's token takes the first one's place */
    TAGS_AFTER_QUERY,
    MEMORY_WITHOUT_REDIS, /* what was read without Redis goes into memory */
    MEMORY_UNDER_FENCE,
    RETRY_NO_FENCES,    /* who waits for another's fill and then stores looks at tags only */
    MEMORY_NO_SNAPSHOT, /* put without looking whether the tag has moved */
    JOIN_ANY,
    JOIN_NO_GENERATION,
    WAITERS_TAKE_HIT, /* who joined a fill takes another worker's entry told to its owner */
    LEASE_IGNORED,
    NO_VOID,           /* at a takeover */
    VOID_FIRST,        /* before subscribing */
    TABLE_FENCE_SHORT, /* it may end while the write is under way */
    TABLE_FIRST,       /* released before script_release */
    NO_DEBT,
    DEBT_AFTER_WRITE,
    DEBT_AFTER_OWED,
    CLOSE_NO_UPSERT,
    OWED_ONCE, /* not set again when the debt is closed */
    PAYER_DELETES_OPEN,
    PAYER_NOT_EXACT,    /* deletes whatever state the debt is in by now */
    OWED_NO_GENERATION, /* the payer's compare-and-swap */
    OWED_AT_REPLY,      /* the table is not looked at when the request comes */
    TABLE_NOT_OBEYED,   /* by hits from Redis */
    NO_BORN,
    BEGIN_NO_BORN,    /* script_begin does not look at it */
    NO_EPOCH,         /* in no name */
    NO_EPOCH_IN_TAGS, /* in entries' names only */
    NIL_IS_VERSION,
    UNKNOWN_RELEASED,
    NO_LOOK,         /* at the debts, on a new connection */
    LOOK_OF_ANOTHER, /* connection makes this one ready */
    TRUST_LATE,      /* whether MongoDB is away is asked when the debts are looked at in vain */
    TRUST_NO_END,    /* also when MongoDB has been back meanwhile */
    SEND_BY_REPLY,   /* the time to send is counted from the reply to script_fence */
    CARRY_ANY,       /* a total is carried whose entry was no answer any more */
    CARRY_BESIDE,    /* while another one writes that has begun before */
    CARRY_AFTER,     /* or since */
    CARRY_BRIEF,     /* a total that was kept under the fence of a dead writer */
    KEEP_ANY,        /* a document is kept whatever version its tag had when it was read */
    KEEP_LATE,       /* or that version is taken after it was read */
    KEEP_YOUNG,      /* or from a cache that is young */
    KEEP_ABORTED,    /* though it was not written */
    REAP_FENCE,      /* the fence of a dead writer counts as gone */
    BRIEF_IN_MEMORY, /* what is kept under it goes into memory, too */
    BRIEF_HIT_IN_MEMORY,
    FAULTS
};

/* Where a walk begins: with entry, tag and record; with the tag only; with nothing. */
enum start {
    START_ANY, /* of the next three */
    START_WARM,
    START_COLD,
    START_EMPTY,
    START_OWED, /* warm, and the table of A has the mark of a debt that B has paid */
    START_DEBT  /* warm, and the first writer has just closed its debt and answered */
};

struct config {
    const char *name;
    enum fault fault, second; /* NO_FAULT: as designed */
    enum start start;
    uint8_t writers, readers;       /* how many; readers at a time */
    uint8_t writer_worker[WRITERS]; /* whose requests they are */
    uint8_t read_on;                /* workers, as bits: 1, 2 (both of A), 4 (B) */
    uint8_t payers;                 /* hosts, as bits */
    bool listeners;                 /* messages and leases are followed; else memory is A's alone */
    bool late;                      /* scripts may also be run after they were given up */
    bool totals;                    /* writers carry the answer over their writes */
    bool keeps;                     /* or may store what their write makes of the document */
    bool makes;                     /* or what they have made without reading anything */
    bool refresh, older;            /* refills in the background; entries past their time */
    bool stepwise; /* connecting, taking the epoch and looking at the debts are steps apart */
    uint8_t budget[BUDGETS];
};

enum finding { FINDING_NONE, FINDING_OWN, FINDING_OTHER, FINDING_QUIET };
const char *finding_text(enum finding finding);

struct result {
    size_t states;
    unsigned depth;
    bool complete; /* false: the bound on states was met, or something was found */
    enum finding finding;
    double seconds;
};

/* --- explore.c --- */

struct walk;

/* Breadth first, until all is seen or something is found, whose shortest trace is then printed when
 * trace is set. */
struct result explore(const struct config *config, bool trace);
/* Offers the state that a step leads to; who stands for the # in step. */
void walk_to(struct walk *walk, const struct state *next, const char *step, unsigned who);
/* Tells of an answer given in the state being expanded that must not be given. */
void walk_found(struct walk *walk, enum finding finding, const char *answer, unsigned who);
const struct config *walk_config(const struct walk *walk);

/* --- The steps that are possible in a state, each offered by walk_to --- */

void writer_steps(struct walk *walk, const struct state *s);
void reader_steps(struct walk *walk, const struct state *s);
void payer_steps(struct walk *walk, const struct state *s);
void world_steps(struct walk *walk, const struct state *s);

/* --- check.c --- */

/* What a request that came now would be answered, by every way. */
void check_probes(struct walk *walk, const struct state *s);
/* Whether the worker may still serve what is older than another host's write, from Redis; or, with
 * fewer demands, from memory. */
bool is_excused(const struct state *s, unsigned worker, bool memory);
/* fill.c may_join, for a fill whose question has been sent; bypass: the joiner's. */
bool may_join(const struct config *config, const struct reader *owner, unsigned worker,
              unsigned tag, bool bypass);
/* An answer to a request that came before: value is number + 1. */
void check_answer(struct walk *walk, const struct state *s, const struct reader *reader,
                  unsigned value, const char *answer);

/* --- world.c: what several steps need --- */

static inline unsigned host_of(unsigned worker)
{
    return worker == 2;
}
static inline bool has_fault(const struct config *config, enum fault fault)
{
    return config->fault == fault || config->second == fault;
}
enum {
    VERSION_NEW = 255,
    MESSAGES_MAX = 2 /* more are heard together: fewer voids than in reality */
};

/* The names that a worker means: under its own epoch, unless that is a fault. */
struct names *tag_names(const struct config *config, struct state *s, unsigned base);
struct names *entry_names(const struct config *config, struct state *s, unsigned base);
/* The tag has a new version; the listeners will hear of it. */
void give_version(const struct config *config, struct state *s, unsigned base);
/* memory_bump and the like: the record is gone, and what is being read is void. */
void bump(struct state *s, unsigned host);
/* memory_set_pending. */
void owe(struct state *s, unsigned host);
/* A debt is in MongoDB that was not there, or in another state. */
void put_debt(const struct config *config, struct state *s, unsigned writer, enum debt_state debt);
/* What the debts of a list do to a host's table: debt.c mark_owed. */
void mark_owed(struct state *s, unsigned host);
/* Memory's flags (memory_check), without MEMORY_MOVED. */
bool is_flagged(const struct state *s, unsigned host);
bool is_ready(const struct state *s, unsigned worker);
/* Whether anything is done by this worker; else its connection is not followed. */
bool is_used(const struct config *config, unsigned worker);
/* The connection is lost: what waits on it is told so. */
void lose_link(const struct config *config, struct state *s, unsigned worker);
/* Whether the write cannot happen any more, or has happened. */
bool is_settled(const struct config *config, const struct writer *writer);
/* The worker of a host that pays debts. */
static inline unsigned payer_worker(unsigned host)
{
    return host == 0 ? 1 : 2;
}
/* writer.c, reader.c: the connection is lost on which an answer was waited for. */
void writer_lost_link(const struct config *config, struct writer *writer);
void reader_lost_link(const struct config *config, struct reader *reader);
/* reader.c: told that Redis cannot be asked or believed, it asks MongoDB. */
void reader_bypass(const struct config *config, struct reader *reader);

#endif
