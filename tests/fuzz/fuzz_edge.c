/* SPDX-License-Identifier: BSD-2-Clause */
/* nginx' module without nginx: hostile requests for what lies in a segment that consists of
 * anything.  Nothing may end the process, and what is answered is whole.
 *
 *   tests/fuzz/fuzz_edge [COUNT SEED]    makes up so many inputs itself: in make check
 *   clang -DFUZZ_LIBFUZZER -fsanitize=fuzzer,address,undefined …    for libFuzzer (docs/edge.md)
 *
 * An input: how many words are damaged, flags, the damages, and the texts of a request, each up to
 * a NUL.  A damaged word is put back after it. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/idiom.h"
#include "edge_stand.h"
#include "memory/record.h"
#include "memory/stripe.h"

enum { DAMAGES_MAX = 15 };

/* Flags of an input. */
enum {
    IS_HEAD = 1,
    IS_SEALED = 2, /* the records' sums fit what was damaged */
    IS_LOOKED = 4, /* as nginx looks 20 times a second */
    IS_TAKEN = 8,  /* a worker takes the counts over */
};

struct damage {
    uint32_t where;
    uint64_t mask; /* of the bits that change */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- Damages --- */

static _Atomic uint64_t *damaged_word(uint32_t where)
{
    const struct place *place = &stand.places[where % stand.place_count];

    return &place->words[where / stand.place_count % place->count];
}

/* All that the sums of records are about may have changed. */
static void seal_record(_Atomic uint64_t *words, size_t count)
{
    struct record record;
    size_t fixed;

    words_read(&record, words, RECORD_WORDS * 8);
    fixed = RECORD_WORDS + (size_t)record.tag_count;
    if (record.tag_count > MEMORY_TAGS_MAX || fixed > count)
        return;
    words_read(record.tags, words + RECORD_WORDS, (size_t)record.tag_count * 8);
    for (int i = 0; i < MEMORY_PARTS; i++) {
        const _Atomic uint64_t *part = record_part(words, &record, (enum memory_part)i);

        if (part > words + count || words_of(record.lens[i]) > (size_t)(words + count - part))
            return;
        record.sums[i] = hash64((const void *)(uintptr_t)part, record.lens[i]);
    }
    record.sum = hash64((const uint8_t *)&record + 8, fixed * 8 - 8);
    words_write(words, &record, fixed * 8);
}

/* The first of each ring: there are fewer records than rings. */
static void seal_records(void)
{
    for (uint32_t i = 0; i < stand.memory->stripe_count; i++)
        seal_record(stand.memory->stripes[i].rings[RING_SMALL].words, LOOK_WORDS);
}

/* --- An input --- */

/* Texts of exactly their length, so that a byte too far is seen. */
static void read_texts(const uint8_t *data, size_t size, struct str texts[static TEXTS])
{
    struct str rest = str_make((const char *)data, size), text;

    for (size_t i = 0; i < TEXTS; i++) {
        char *copy;

        if (rest.len == 0 || !str_split(&rest, '\0', &text))
            text = STR("");
        copy = malloc(text.len > 0 ? text.len : 1);
        must(copy != NULL);
        memcpy(copy, text.ptr, text.len);
        texts[i] = str_make(copy, text.len);
    }
}

static void ask_damaged(unsigned flags, const struct damage *damages, size_t count,
                        const struct str texts[static TEXTS])
{
    static uint64_t rings[MEMORY_STRIPES_MAX][LOOK_WORDS];
    uint64_t before[DAMAGES_MAX];
    struct memory *m = stand.memory;

    for (uint32_t i = 0; i < m->stripe_count; i++)
        words_read(rings[i], m->stripes[i].rings[RING_SMALL].words, sizeof rings[i]);
    for (size_t i = 0; i < count; i++)
        before[i] = atomic_fetch_xor(damaged_word(damages[i].where), damages[i].mask);
    if ((flags & IS_SEALED) != 0)
        seal_records();
    if ((flags & IS_LOOKED) != 0)
        edge_host_look(&stand.host);
    (void)stand_ask((flags & IS_HEAD) != 0, texts);
    if ((flags & IS_TAKEN) != 0)
        stand_take();
    for (size_t i = count; i-- > 0;)
        atomic_store(damaged_word(damages[i].where), before[i]);
    for (uint32_t i = 0; i < m->stripe_count; i++)
        words_write(m->stripes[i].rings[RING_SMALL].words, rings[i], sizeof rings[i]);
    if ((flags & IS_LOOKED) != 0)
        edge_host_look(&stand.host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { DAMAGE_SIZE = 4 + 8 };
    struct damage damages[DAMAGES_MAX];
    struct str texts[TEXTS];
    size_t count, at = 2;

    if (stand.memory == NULL)
        stand_open();
    if (size < 2)
        return 0;
    count = data[0] % (DAMAGES_MAX + 1);
    if (size - at < count * DAMAGE_SIZE)
        count = (size - at) / DAMAGE_SIZE;
    for (size_t i = 0; i < count; i++, at += DAMAGE_SIZE) {
        memcpy(&damages[i].where, data + at, 4);
        memcpy(&damages[i].mask, data + at + 4, 8);
    }
    read_texts(data + at, size - at, texts);
    stand_renew();
    ask_damaged(data[1], damages, count, texts);
    for (size_t i = 0; i < TEXTS; i++)
        free((char *)(uintptr_t)texts[i].ptr);
    return 0;
}

#ifndef FUZZ_LIBFUZZER
/* --- Inputs that are made up --- */

enum { COUNT_DEFAULT = 20000, INPUT_MAX = 8192 };

/* xorshift64*: the same inputs for the same seed. */
static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (seed * UINT64_C(0x2545f4914f6cdd1d) >> 16) % below;
}

static uint64_t draw_mask(void)
{
    switch (draw(4)) {
    case 0: return UINT64_C(1) << draw(64);
    case 1: return draw(256) << 8 * draw(8);
    case 2: return UINT64_MAX;
    default: return draw(UINT64_C(1) << 48) << draw(16);
    }
}

static void put_noise(struct buf *input)
{
    static const char bytes[] = "%&=+,;/?#\"'\\ *:.-_~abfAZ0123459\x01\x7f\x80\xc3\xa4\xff\r\n";

    for (uint64_t len = draw(4) > 0 ? draw(24) : draw(900); len > 0; len--)
        buf_char(input, bytes[draw(sizeof bytes - 1)]);
}

/* One of those that are there or nearly, with noise behind it or not. */
static void put_one_of(struct buf *input, const char *const *texts, size_t count)
{
    buf_str(input, str_from(texts[draw(count)]));
    if (draw(8) == 0)
        put_noise(input);
    buf_char(input, '\0');
}

static void put_texts(struct buf *input)
{
    const char *const targets[] = {stand.item,
                                   stand.list,
                                   stand.item,
                                   stand.list,
                                   "/api/products",
                                   "/api/products?",
                                   "/api/posts/7",
                                   "/api/posts?sort=",
                                   "/api/products?fields=",
                                   "/api/%70roducts",
                                   "/api/products?after=",
                                   "/api/packages?",
                                   "/",
                                   "//",
                                   ""};
    const char *const accepts[] = {"", "*/*", "text/event-stream", "text/html;q=0.1, "};
    const char *const encodings[] = {"", "gzip", "gzip;q=0", "*", "br, gzip ;q=1.0"};
    const char *const known[] = {"",
                                 "*",
                                 "\"",
                                 "W/\"0123456789abcdef-fuzz\"",
                                 "\"0123456789abcdef-fuzz\"",
                                 "\"a\", \"0123456789abcdef-fuzz-gzip\""};
    const char *const ids[] = {"", "mine-1", "not {mine}"};

    put_one_of(input, targets, COUNT(targets));
    put_one_of(input, accepts, COUNT(accepts));
    put_one_of(input, encodings, COUNT(encodings));
    put_one_of(input, known, COUNT(known));
    put_one_of(input, ids, COUNT(ids));
}

static void put_input(struct buf *input)
{
    size_t damages = draw(2) > 0 ? draw(DAMAGES_MAX) : 0;

    buf_reset(input);
    buf_char(input, (char)damages);
    buf_char(input, (char)(draw(16) == 0 ? draw(16) : draw(4)));
    for (; damages > 0; damages--) {
        uint32_t where = (uint32_t)draw(UINT32_MAX);
        uint64_t mask = draw_mask();

        buf_str(input, str_make((const char *)&where, sizeof where));
        buf_str(input, str_make((const char *)&mask, sizeof mask));
    }
    put_texts(input);
}

static void must_answer(const char *target)
{
    const struct str texts[TEXTS] = {[TEXT_TARGET] = str_from(target)};

    stand_renew();
    edge_host_look(&stand.host);
    must(stand_ask(false, texts));
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : COUNT_DEFAULT;
    struct buf input = BUF_INIT(INPUT_MAX);

    seed = argc > 2 ? strtoull(argv[2], NULL, 10) | 1 : 1;
    stand_open();
    must_answer(stand.item);
    must_answer(stand.list);
    for (uint64_t i = 0; i < count; i++) {
        put_input(&input);
        LLVMFuzzerTestOneInput((const uint8_t *)input.ptr, input.len);
    }
    must_answer(stand.item);
    must_answer(stand.list);
    printf("%llu of %llu answered\n", (unsigned long long)stand.answered,
           (unsigned long long)count);
    buf_free(&input);
    return stand.answered > count / 20 ? 0 : 1;
}
#endif
