/* SPDX-License-Identifier: BSD-2-Clause */
#include "memory/ring.h"

#include <string.h>

/* Words between a piece's start and the one that holds units and kind, and the key's hash. */
enum { WORD_SHAPE = 1, WORD_HASH = 2 };
static_assert(offsetof(struct record, units) == WORD_SHAPE * 8, "place of the shape");
static_assert(offsetof(struct record, key_hash) == WORD_HASH * 8, "place of the hash");

static uint64_t load(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static void store(_Atomic uint64_t *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_relaxed);
}

static uint64_t advance(const struct ring *ring, uint64_t place, uint32_t units)
{
    if (ring_to_end(ring, place) <= units)
        return ((place >> 32) + 1) << 32;
    return place + units;
}

void ring_init(struct ring *ring)
{
    atomic_store(&ring->ends->head, UINT64_C(1) << 32);
    atomic_store(&ring->ends->tail, UINT64_C(1) << 32);
}

bool ring_is_sound(const struct ring *ring)
{
    uint64_t head = load(&ring->ends->head), tail = load(&ring->ends->tail);
    uint64_t laps = (head >> 32) - (tail >> 32);

    return tail >> 32 > 0 && ring_to_end(ring, head) > 0 && ring_to_end(ring, tail) > 0 &&
           (laps == 0 ? head >= tail : laps == 1 && (uint32_t)head <= (uint32_t)tail);
}

uint32_t ring_free(const struct ring *ring)
{
    uint64_t head = load(&ring->ends->head), tail = load(&ring->ends->tail);
    uint64_t used = ((head >> 32) - (tail >> 32)) * ring->units + (uint32_t)head - (uint32_t)tail;

    return used < ring->units ? ring->units - (uint32_t)used : 0;
}

uint32_t ring_cost(const struct ring *ring, uint32_t units)
{
    uint32_t left = ring_to_end(ring, load(&ring->ends->head));

    return left < units ? left + units : units;
}

bool ring_has_turned(const struct ring *ring)
{
    return load(&ring->ends->head) >> 32 != 1;
}

static void write_pad(struct ring *ring, uint64_t place, uint32_t units)
{
    struct record pad = {.units = units, .kind = RECORD_PAD};
    uint64_t words[RECORD_WORDS];

    memcpy(words, &pad, sizeof words);
    store(ring_at(ring, place), 0);
    store(ring_at(ring, place) + WORD_SHAPE, words[WORD_SHAPE]);
}

uint64_t ring_reserve(struct ring *ring, uint32_t units)
{
    uint64_t head = load(&ring->ends->head);
    uint32_t left = ring_to_end(ring, head);

    atomic_thread_fence(memory_order_release);
    if (left >= units)
        return head;
    write_pad(ring, head, left);
    head = advance(ring, head, left);
    atomic_store_explicit(&ring->ends->head, head, memory_order_release);
    return head;
}

void ring_publish(struct ring *ring, uint64_t place, uint32_t units)
{
    atomic_store_explicit(&ring->ends->head, advance(ring, place, units), memory_order_release);
}

bool ring_piece(const struct ring *ring, uint64_t place, struct ring_piece *piece)
{
    _Atomic uint64_t *words = ring_at(ring, place);
    struct record record = {0};
    uint64_t shape[2];

    if (place == load(&ring->ends->head) || ring_to_end(ring, place) == 0)
        return false;
    shape[0] = 0;
    shape[1] = load(words + WORD_SHAPE);
    memcpy(&record, shape, sizeof shape);
    *piece = (struct ring_piece){.place = place, .units = record.units, .kind = record.kind};
    if (piece->kind == RECORD_ENTRY && ring_to_end(ring, place) > 1)
        piece->key_hash = load(words + WORD_HASH);
    return true;
}

uint64_t ring_next(const struct ring *ring, const struct ring_piece *piece)
{
    return advance(ring, piece->place, piece->units);
}

static bool is_sound(const struct ring *ring, const struct ring_piece *piece)
{
    return (piece->kind == RECORD_ENTRY || piece->kind == RECORD_PAD) && piece->units > 0 &&
           piece->units <= ring_to_end(ring, piece->place) &&
           piece->units <= ring->units - ring_free(ring);
}

bool ring_oldest(struct ring *ring, struct ring_piece *piece)
{
    if (!ring_piece(ring, load(&ring->ends->tail), piece))
        return false;
    if (is_sound(ring, piece))
        return true;
    /* Cannot be, unless a wild write hit the segment: nothing in the ring can be walked then. */
    store(&ring->ends->tail, load(&ring->ends->head));
    return false;
}

void ring_drop(struct ring *ring, const struct ring_piece *piece)
{
    store(&ring->ends->tail, ring_next(ring, piece));
}

void words_write(_Atomic uint64_t *to, const void *from, size_t len)
{
    const uint8_t *bytes = from;
    uint64_t word;

    for (; len >= 8; len -= 8, bytes += 8) {
        memcpy(&word, bytes, 8);
        store(to++, word);
    }
    if (len > 0) {
        word = 0;
        memcpy(&word, bytes, len);
        store(to, word);
    }
}

/* Compilers neither join nor unroll atomic loads, so that is done by hand. */
static void read_word(uint8_t *to, const _Atomic uint64_t *from)
{
    uint64_t word = load(from);

    memcpy(to, &word, 8);
}

void words_read(void *to, const _Atomic uint64_t *from, size_t len)
{
    uint8_t *bytes = to;
    uint64_t word;

    for (; len >= 32; len -= 32, bytes += 32, from += 4) {
        read_word(bytes, from);
        read_word(bytes + 8, from + 1);
        read_word(bytes + 16, from + 2);
        read_word(bytes + 24, from + 3);
    }
    for (; len >= 8; len -= 8, bytes += 8)
        read_word(bytes, from++);
    if (len > 0) {
        word = load(from);
        memcpy(bytes, &word, len);
    }
}

void words_copy(_Atomic uint64_t *to, const _Atomic uint64_t *from, size_t words)
{
    while (words-- > 0)
        store(to++, load(from++));
}

bool words_equal(const _Atomic uint64_t *words, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t word;

    for (; len >= 8; len -= 8, at += 8) {
        memcpy(&word, at, 8);
        if (load(words++) != word)
            return false;
    }
    if (len == 0)
        return true;
    word = 0;
    memcpy(&word, at, len);
    return load(words) == word;
}
