/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CACHE_SCRIPT_H
#define LARDER_CACHE_SCRIPT_H

#include "redis/redis.h"

/* The protocol's steps that Redis carries out as one.  Keys and arguments in this order: */

/* KEYS born; ARGV life in ms.  Sets the mark where none is that can be right: a later birth is
 * never wrong.  Gives Redis' clock and the mark's text (or nil when it refuses writes). */
extern struct redis_script script_born;
/* KEYS lock, born, tags…, fences…, entry; ARGV token, life of the lock, life of a new tag, how long
 * Redis counts as young (and a fence may stand), size of a head, what names of dead writers begin
 * with, a version for each tag.  Creates absent tags.  Gives 1 (go on, the lock is taken), 4 (the
 * same, under fences of dead writers alone), 0 (another fills), 2 (fenced) or 3 (young), then the
 * tags' versions, then, with 1 and 4, so much of the entry: another worker may have stored it since
 * it was looked for.
 */
extern struct redis_script script_begin;
/* KEYS tags…; ARGV life of a tag: those that end within half of it are prolonged.  Not at each
 * fill: Redis sends each change to all hosts, and their memory voids what has the tag. */
extern struct redis_script script_prolong;
/* KEYS lock; ARGV token: takes the own lock away. */
extern struct redis_script script_unlock;
/* KEYS tags…, fences…, totals…; ARGV token, life of the fence, life of a tag, number of tags, a
 * version for each tag, and for each total the number of its tag, negative where its entry is not
 * asked for.  A fence's value lists the writes under way, "<token>@<end in ms> " each; what else it
 * holds counts as one.  Gives two strings for each total: the version that its tag had and the
 * entry, both empty where another write is under way. */
extern struct redis_script script_fence;
/* The same, but for each total four arguments: the number of its tag, the version that this tag
 * must still have for the total to be stored, the entry, the entry's life. */
extern struct redis_script script_release;
/* KEYS tags…; ARGV life of a tag, a version for each. */
extern struct redis_script script_bump;
/* KEYS tags…, own marks…; ARGV life of a tag, number of tags, a version for each, a '1' for each
 * that is moved in any case, and for each mark another to take away and the numbers of the tags
 * that are moved where there is no such mark.  Gives a '1' for each tag that was moved, else '0'.
 */
extern struct redis_script script_move;
/* KEYS state of the follower: gives Redis' clock, and at of the hash. */
extern struct redis_script script_gate;
/* KEYS the hash of cache/member.h; ARGV prefix, run_id, owner (empty: not known yet), epoch, beat,
 * how long a member counts as running, member (empty: it is not to be seen), its text, life of the
 * hash. Gives what the epoch adds to names, whether the hash is the owner's, its epoch, its beat,
 * whether members of another owner run, and of each member id, age in ms and text. */
extern struct redis_script script_member;

#endif
