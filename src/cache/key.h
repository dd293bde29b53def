/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_KEY_H
#define LARDER_CACHE_KEY_H

#include "base/arena.h"
#include "base/str.h"

/* Names in Redis: "<prefix>:<epoch>:" and then, for one entry and one tag,
 *   product:<id>, products:<canonical query>, count:products:<canonical filter>
 *   tag:<tag>, fence:<tag>, lock:fill:<entry>, lock:own:<change>, dead:<writer>, born */

enum { KEY_NAME_MAX = 200, KEY_HASHED_MAX = 128, EPOCH_MAX = 64 };

/* The kind, between base and name. */
#define KEY_ENTRY     STR("")
#define KEY_TAG       STR("tag:")
#define KEY_FENCE     STR("fence:")
#define KEY_DEAD      STR("dead:")
#define KEY_BORN      STR("born") /* no name */
#define KEY_LOCK      STR("lock:")
#define KEY_LOCK_FILL STR("lock:fill:")
#define KEY_LOCK_OWN  STR("lock:own:")

/* A tag of no entry: a write to it voids everything that hosts hold in memory. */
#define KEY_TAG_ALL STR("*")

/* Finds the run_id in INFO's reply and borrows it. ERR_PROTOCOL if there is none. */
enum err key_epoch(struct str info, struct str *epoch);

/* Returns a name as used in keys and in memory: the name itself or, if it is longer than
 * KEY_NAME_MAX, its first word and the SHA-256 of the whole, in room. */
struct str key_name(struct str name, char room[static KEY_HASHED_MAX]);

/* A tag's slot in the host's table (memory/memory.h). */
uint32_t key_slot(struct str tag);

/* Makes "<base><kind><name>", with name bounded as above, in the arena. */
struct str key_make(struct arena *arena, struct str base, struct str kind, struct str name);

#endif
