/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_replies.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"

enum { FIRST = 256 << 10, READ_KEPT = 256 << 10 };

struct redis_replies {
    struct arena arena;
    char first[FIRST];
};

/* hiredis gives back a reply by its address alone. */
struct owned {
    struct redis_replies *owner;
    redisReply reply;
};

#if HIREDIS_MAJOR < 1
typedef int array_size;
#else
typedef size_t array_size;
#endif

static struct arena *arena_of(const redisReadTask *task)
{
    return &((struct redis_replies *)task->privdata)->arena;
}

/* A reply, or an item of the array that is being read. */
static redisReply *redis_replies_add(const redisReadTask *task)
{
    struct owned *owned = arena_zalloc(arena_of(task), sizeof *owned);

    owned->owner = task->privdata;
    owned->reply.type = task->type;
    if (task->parent != NULL)
        ((redisReply *)task->parent->obj)->element[task->idx] = &owned->reply;
    return &owned->reply;
}

static void redis_replies_put_text(const redisReadTask *task, redisReply *reply, const char *text,
                                   size_t len)
{
    struct str copy = arena_str(arena_of(task), str_make(text, len));

    reply->str = (char *)(uintptr_t)copy.ptr;
    reply->len = len;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
    redisReply *reply = redis_replies_add(task);

    redis_replies_put_text(task, reply, text, len);
    return reply;
}

static void *create_array(const redisReadTask *task, array_size count)
{
    redisReply *reply = redis_replies_add(task);

    if (count > 0) {
        reply->elements = (size_t)count;
        reply->element = arena_zalloc(arena_of(task), (size_t)count * sizeof *reply->element);
    }
    return reply;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    redisReply *reply = redis_replies_add(task);

    reply->integer = value;
    return reply;
}

/* An absent string has the task's type string. */
static void *create_nil(const redisReadTask *task)
{
    redisReply *reply = redis_replies_add(task);

    reply->type = REDIS_REPLY_NIL;
    return reply;
}

#if HIREDIS_MAJOR >= 1
static void *create_double(const redisReadTask *task, double value, char *text, size_t len)
{
    redisReply *reply = redis_replies_add(task);

    reply->dval = value;
    redis_replies_put_text(task, reply, text, len);
    return reply;
}

static void *create_bool(const redisReadTask *task, int value)
{
    redisReply *reply = redis_replies_add(task);

    reply->integer = value != 0;
    return reply;
}
#endif

/* The whole reply; its items are never given back by themselves. */
static void free_reply(void *reply)
{
    struct owned *owned = (struct owned *)((char *)reply - offsetof(struct owned, reply));

    arena_reset(&owned->owner->arena);
}

static redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
#if HIREDIS_MAJOR >= 1
    .createDouble = create_double,
    .createBool = create_bool,
#endif
    .freeObject = free_reply,
};

struct redis_replies *redis_replies_new(redisContext *c)
{
    struct redis_replies *replies = mem_alloc(sizeof *replies);

    arena_init(&replies->arena, replies->first, sizeof replies->first);
    c->reader->fn = &functions;
    c->reader->privdata = replies;
    c->reader->maxbuf = READ_KEPT; /* its own 16 KiB are given back and grown anew each time */
    return replies;
}

void redis_replies_free(struct redis_replies *replies)
{
    if (replies == NULL)
        return;
    arena_reset(&replies->arena);
    free(replies);
}
