/* SPDX-License-Identifier: BSD-2-Clause */
/* nginx' module without nginx: hostile requests for what lies in a segment that consists of
 * anything.  Nothing may end the process, and what is answered is whole.
 *
 *   tests/fuzz/fuzz_edge [COUNT SEED]    makes up so many inputs itself: in make check
 *   clang -DFUZZ_LIBFUZZER -fsanitize=fuzzer,address,undefined …    for libFuzzer (docs/edge.md)
 *
 * An input: how many words are damaged, flags, the damages, and the texts of a request, each up to
 * a NUL.  A damaged word is put back after it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/edge.h"
#include "app/edge_host.h"
#include "app/plan.h"
#include "app/read/list.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "cache/entry.h"
#include "cache/key.h"
#include "memory/feedback_layout.h"
#include "memory/index.h"
#include "memory/record.h"
#include "schema/schema.h"

enum {
    DAMAGES_MAX = 15,
    TTL_MS = 3600000,
    LOOK_WORDS = 512, /* of the beginning of each ring */
    PLACES_MAX = 64,
    TEXT_MAX = 2048, /* of a target: nginx/module/larder_request.c */
};

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

/* Words that are worth damaging. */
struct place {
    _Atomic uint64_t *words;
    size_t count;
};

static struct stand {
    char name[64];
    struct memory *memory; /* the workers' */
    struct memory_lease lease;
    struct feedback_file *file;
    struct edge_host host;
    struct schema *schema;
    struct edge *edge;
    struct place places[PLACES_MAX];
    size_t place_count;
    struct request request;
    char arena[512 << 10];
    char item[128], list[128]; /* targets of what is there */
    uint64_t answered;
} stand;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* --- What is there --- */

static void stand_put(struct str name, struct str plain)
{
    struct str packed = STR("\x1f\x8b not looked at");
    struct entry entry = {.status = 200,
                          .created_ms = clock_wall_ms(),
                          .etag = STR("\"0123456789abcdef-fuzz\""),
                          .plain = plain,
                          .gzip = packed};
    struct buf head = BUF_INIT(ENTRY_HEAD_MAX);
    struct memory_snapshot snapshot;
    struct memory_item item;
    uint32_t slots[] = {memory_slot(STR("one")), memory_slot(STR("two"))};
    char room[KEY_HASHED_MAX];

    entry.fresh_until_ms = entry.stale_until_ms = entry.created_ms + TTL_MS;
    entry_encode(&entry, &head);
    memory_snapshot(stand.memory, slots, COUNT(slots), clock_mono_ns(), &snapshot);
    item = (struct memory_item){.key = memory_key(key_name(name, room)),
                                .parts = {buf_view(&head), plain, packed},
                                .expires_ms = entry.fresh_until_ms};
    must(memory_put(stand.memory, &item, &snapshot, clock_mono_ns()) == ERR_OK);
    buf_free(&head);
}

/* An item and a list of each resource, with bodies that end as a list's do. */
static void stand_fill(const struct resource *resource)
{
    struct str body = STR("{\"success\":true,\"source\":\"cache\",\"data\":[]}");
    struct str id = resource->id == ID_INTEGER ? STR("7") : STR("0123456789abcdef01234567");
    struct list_read read = {.path = resource->path};
    struct problem problem;
    struct arena arena;
    struct plan plan;
    char room[ITEM_NAME_MAX];

    arena_init(&arena, NULL, 0);
    problem_init(&problem, &arena);
    plan_init(&plan, resource, &arena);
    read.plan = &plan;
    stand_put(plan_item_name(&plan, id, room), body);
    must(list_parse(&read, STR("limit=5"), NULL, &arena, &problem) == ERR_OK);
    stand_put(list_name(&read, &arena), body);
    if (resource->read == ACCESS_ANYONE && resource->views) {
        snprintf(stand.item, sizeof stand.item, "%.*s/%.*s", (int)resource->path.len,
                 resource->path.ptr, (int)id.len, id.ptr);
        snprintf(stand.list, sizeof stand.list, "%.*s?limit=5", (int)resource->path.len,
                 resource->path.ptr);
    }
    arena_reset(&arena);
}

static void stand_add_place(void *words, size_t bytes)
{
    must(stand.place_count < PLACES_MAX);
    stand.places[stand.place_count++] = (struct place){words, bytes / 8};
}

/* The file that nginx counts in, as the process that fills it has it. */
static void stand_add_counts(void)
{
    char path[FEEDBACK_PATH_MAX];
    char *counts;
    int fd;

    must(feedback_path(stand.name, path));
    fd = shm_open(path, O_RDWR, 0);
    must(fd >= 0);
    counts = mmap(NULL, (size_t)FEEDBACK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(counts != MAP_FAILED);
    (void)close(fd);
    stand_add_place(counts, sizeof(struct feedback_head));
    stand_add_place(counts + feedback_at(0), sizeof(struct feedback_slot));
}

static void stand_add_places(void)
{
    struct memory *m = stand.memory;

    stand_add_place(m->segment, offsetof(struct segment, writers));
    stand_add_place(&m->tags[memory_slot(STR("one"))], sizeof m->tags[0]);
    for (uint32_t i = 0; i < m->stripe_count; i++) {
        struct stripe *stripe = &m->stripes[i];

        stand_add_place(stripe->line, sizeof stripe->line->ends);
        stand_add_place(stripe->rings[RING_SMALL].words, LOOK_WORDS * 8);
        for (uint32_t j = 0; j < stripe->bucket_count; j++)
            if (atomic_load(&stripe->buckets[j].entries[0]) != 0)
                stand_add_place(&stripe->buckets[j], sizeof stripe->buckets[j]);
    }
    stand_add_counts();
}

static void stand_clean(void)
{
    char path[FEEDBACK_PATH_MAX];

    (void)memory_unlink(stand.name);
    if (feedback_path(stand.name, path))
        (void)shm_unlink(path);
}

static void stand_open(void)
{
    struct memory_config config = {.name = stand.name, .bytes = MEMORY_BYTES_MIN};
    const char *folder = getenv("LARDER_RESOURCES");
    struct buf problems = BUF_INIT(1 << 16);
    struct memory_opened opened;

    snprintf(stand.name, sizeof stand.name, "larder-fuzz-%d", (int)getpid());
    stand_clean();
    (void)atexit(stand_clean);
    must(schema_load(folder != NULL ? folder : FUZZ_RESOURCES, &stand.schema, &problems) == ERR_OK);
    buf_free(&problems);
    must(memory_open(&config, &stand.memory, &opened) == ERR_OK);
    must(memory_lease_acquire(stand.memory, clock_mono_ns(), INT64_C(1000000000), &stand.lease));
    must(feedback_file_open(stand.name, (gid_t)-1, FEEDBACK_ANSWERS, &stand.file) == ERR_OK);
    for (size_t i = 0; i < schema_count(stand.schema); i++)
        stand_fill(schema_resource(stand.schema, i));
    must(edge_host_init(&stand.host, stand.name) == ERR_OK);
    edge_host_look(&stand.host);
    must(edge_host_is_ready(&stand.host));
    stand_add_places();
    stand.edge = edge_new(stand.schema);
    arena_init(&stand.request.arena, stand.arena, sizeof stand.arena);
    response_init(&stand.request.response);
}

/* Nothing is answered without it. */
static void stand_renew(void)
{
    must(memory_lease_renew(stand.memory, &stand.lease, clock_mono_ns() + INT64_C(900000000)));
}

/* --- A request --- */

static void look_at(struct str bytes)
{
    volatile char sum = 0;

    for (size_t i = 0; i < bytes.len; i++)
        sum = (char)(sum + bytes.ptr[i]);
}

static void look_at_answer(const struct response *response)
{
    struct str head = buf_view(&response->head);
    char room[RESPONSE_VARY_MAX];

    must(response->status == 200 || response->status == 304);
    must(response->part_count <= RESPONSE_PARTS);
    must(head.len > 2 && head.len <= RESPONSE_HEAD_MAX && head.ptr[head.len - 1] == '\n');
    look_at(head);
    must(response_put_vary(response, room) <= room + sizeof room);
    for (size_t i = 0; i < response->part_count; i++)
        look_at(response->parts[i]);
}

/* The texts are the target and the headers, in this order (nginx/module/larder_request.c). */
enum { TEXT_TARGET, TEXT_ACCEPT, TEXT_ENCODING, TEXT_IF_NONE_MATCH, TEXT_ID, TEXTS };

static bool ask(unsigned flags, const struct str texts[static TEXTS])
{
    struct request *request = &stand.request;
    const struct param params[] = {
        {STR("REQUEST_METHOD"), (flags & IS_HEAD) != 0 ? STR("HEAD") : STR("GET")},
        {STR("REQUEST_URI"), texts[TEXT_TARGET]},
        {STR("HTTP_ACCEPT"), texts[TEXT_ACCEPT]},
        {STR("HTTP_ACCEPT_ENCODING"), texts[TEXT_ENCODING]},
        {STR("HTTP_IF_NONE_MATCH"), texts[TEXT_IF_NONE_MATCH]},
        {STR("HTTP_X_REQUEST_ID"), texts[TEXT_ID]},
    };
    bool answered = false;

    request->accept = STR("");
    request->params = params;
    request->param_count = COUNT(params);
    if (texts[TEXT_TARGET].len <= TEXT_MAX && request_target(request) == ERR_OK) {
        request->arrived_ms = clock_wall_ms();
        request->began_ns = clock_mono_ns();
        request->id = STR("0123456789abcdef");
        request_take_id(request);
        look_at(request->id);
        answered = edge_host_is_ready(&stand.host) && edge_answer(stand.edge, &stand.host, request);
    }
    if (answered)
        look_at_answer(&request->response);
    arena_reset(&request->arena);
    response_reset(&request->response, ENTRY_SIZE_MAX);
    stand.answered += answered;
    return answered;
}

static void must_answer(const char *target)
{
    const struct str texts[TEXTS] = {[TEXT_TARGET] = str_from(target)};

    stand_renew();
    edge_host_look(&stand.host);
    must(ask(0, texts));
}

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

/* --- What a worker takes over --- */

static void on_hit(void *context, uint64_t key_hash, unsigned times)
{
    (void)context;
    memory_used(stand.memory, key_hash, times);
}

static void on_count(void *context, enum feedback_count count, uint64_t by)
{
    (void)context, (void)by;
    must(count < FEEDBACK_COUNTS);
}

static void on_view(void *context, struct str name, uint64_t by)
{
    (void)context, (void)by;
    must(name.len <= FEEDBACK_VIEW_MAX);
    look_at(name);
}

static void on_time(void *context, struct str pattern, unsigned kind, const uint64_t *buckets)
{
    (void)context, (void)buckets;
    must(kind < FEEDBACK_KINDS && pattern.len <= FEEDBACK_ROUTE_MAX);
    look_at(pattern);
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
    static const struct feedback_events events = {on_hit, on_count, on_view, on_time};
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
    (void)ask(flags, texts);
    if ((flags & IS_TAKEN) != 0)
        feedback_take(stand.file, &events, NULL);
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
