/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/record.h"

#include <string.h>

#include "memory/tags.h"

#define SEQ_MASK ((UINT64_C(1) << 48) - 1)

static size_t fixed_words(const struct record *record)
{
    return RECORD_WORDS + (size_t)record->tag_count;
}

static uint64_t sum_of(const struct record *record)
{
    const size_t from = offsetof(struct record, units);

    return hash64((const uint8_t *)record + from, fixed_words(record) * 8 - from);
}

/* What it takes by its lengths. */
static uint32_t units_of(const struct record *record)
{
    size_t words = fixed_words(record) + words_of(record->key_len);

    for (int i = 0; i < MEMORY_PARTS; i++)
        words += words_of(record->lens[i]);
    return (uint32_t)((words + 1) / 2);
}

void record_make(struct record *record, const struct memory_item *item,
                 const struct memory_snapshot *snapshot)
{
    *record = (struct record){
        .key_len = (uint16_t)item->key.text.len,
        .tag_count = (uint8_t)snapshot->count,
        .kind = RECORD_ENTRY,
        .key_hash = item->key.hash,
        .void_gen = snapshot->void_gen,
        .expires_ms = item->expires_ms,
    };
    for (int i = 0; i < MEMORY_PARTS; i++) {
        record->lens[i] = (uint32_t)item->parts[i].len;
        record->sums[i] = hash64(item->parts[i].ptr, item->parts[i].len);
    }
    record->units = units_of(record);
    for (uint32_t i = 0; i < snapshot->count; i++)
        record->tags[i] =
            (uint64_t)snapshot->tags[i].slot << 48 | (snapshot->tags[i].seq & SEQ_MASK);
    record->sum = sum_of(record);
}

bool record_is_same(const struct record *a, const struct record *b)
{
    return a->key_hash == b->key_hash && a->key_len == b->key_len && a->void_gen == b->void_gen &&
           memcmp(a->lens, b->lens, sizeof a->lens) == 0 &&
           memcmp(a->sums, b->sums, sizeof a->sums) == 0 && a->tag_count == b->tag_count &&
           memcmp(a->tags, b->tags, (size_t)a->tag_count * sizeof a->tags[0]) == 0;
}

const _Atomic uint64_t *record_key(const _Atomic uint64_t *words, const struct record *record)
{
    return words + fixed_words(record);
}

const _Atomic uint64_t *record_part(const _Atomic uint64_t *words, const struct record *record,
                                    enum memory_part part)
{
    words = record_key(words, record) + words_of(record->key_len);
    for (int i = 0; i < (int)part; i++)
        words += words_of(record->lens[i]);
    return words;
}

void record_write(_Atomic uint64_t *words, const struct record *record,
                  const struct memory_item *item)
{
    words_write(words, record, fixed_words(record) * 8);
    words += fixed_words(record);
    words_write(words, item->key.text.ptr, item->key.text.len);
    words += words_of(item->key.text.len);
    for (int i = 0; i < MEMORY_PARTS; i++) {
        words_write(words, item->parts[i].ptr, item->parts[i].len);
        words += words_of(item->parts[i].len);
    }
}

bool record_read(const _Atomic uint64_t *words, uint32_t units, struct record *record)
{
    if ((size_t)units * MEMORY_UNIT < RECORD_WORDS * 8)
        return false;
    words_read(record, words, RECORD_WORDS * 8);
    if (record->kind != RECORD_ENTRY || record->tag_count > MEMORY_TAGS_MAX ||
        record->units > units || record->units != units_of(record))
        return false;
    words_read(record->tags, words + RECORD_WORDS, (size_t)record->tag_count * 8);
    return sum_of(record) == record->sum;
}

bool record_is_current(const struct memory *m, const struct record *record)
{
    if (atomic_load_explicit(&m->segment->void_gen, memory_order_acquire) != record->void_gen)
        return false;
    for (uint32_t i = 0; i < record->tag_count; i++) {
        uint64_t seq = tag_seq(tag_line(m, (uint32_t)(record->tags[i] >> 48)));

        if (((seq ^ record->tags[i]) & SEQ_MASK) != 0)
            return false;
    }
    return true;
}

bool record_is_trusted(const struct memory *m, const struct record *record, int64_t mono_ns)
{
    uint64_t now_ms = ms_of(mono_ns);

    /* All seqs first, then all fences: the seq of a slot is loaded before its own fences. */
    if (!record_is_current(m, record))
        return false;
    for (uint32_t i = 0; i < record->tag_count; i++)
        if (tag_flags(tag_line(m, (uint32_t)(record->tags[i] >> 48)), now_ms) != 0)
            return false;
    return true;
}
