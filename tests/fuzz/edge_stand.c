/* SPDX-License-Identifier: BSD-2-Clause */
#include "edge_stand.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/edge.h"
#include "app/plan.h"
#include "app/read/list.h"
#include "base/clock.h"
#include "base/idiom.h"
#include "cache/entry.h"
#include "cache/key.h"
#include "memory/feedback_layout.h"
#include "memory/index.h"
#include "memory/stripe.h"
#include "schema/schema.h"

enum { TTL_MS = 3600000 };

struct stand stand;

static struct {
    char name[64];
    struct memory_lease lease;
    struct schema *schema;
    struct edge *edge;
    struct request request;
    char arena[512 << 10];
} one;

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

    must(feedback_path(one.name, path));
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

    (void)memory_unlink(one.name);
    if (feedback_path(one.name, path))
        (void)shm_unlink(path);
}

void stand_open(void)
{
    struct memory_config config = {.name = one.name, .bytes = MEMORY_BYTES_MIN};
    const char *folder = getenv("LARDER_RESOURCES");
    struct buf problems = BUF_INIT(1 << 16);
    struct memory_opened opened;

    snprintf(one.name, sizeof one.name, "larder-fuzz-%d", (int)getpid());
    stand_clean();
    (void)atexit(stand_clean);
    must(schema_load(folder != NULL ? folder : FUZZ_RESOURCES, &one.schema, &problems) == ERR_OK);
    buf_free(&problems);
    must(memory_open(&config, &stand.memory, &opened) == ERR_OK);
    must(memory_lease_acquire(stand.memory, clock_mono_ns(), INT64_C(1000000000), &one.lease));
    must(feedback_file_open(one.name, (gid_t)-1, FEEDBACK_ANSWERS, &stand.file) == ERR_OK);
    for (size_t i = 0; i < schema_count(one.schema); i++)
        stand_fill(schema_resource(one.schema, i));
    must(edge_host_init(&stand.host, one.name) == ERR_OK);
    edge_host_look(&stand.host);
    must(edge_host_is_ready(&stand.host));
    stand_add_places();
    one.edge = edge_new(one.schema);
    arena_init(&one.request.arena, one.arena, sizeof one.arena);
    response_init(&one.request.response);
}

void stand_renew(void)
{
    must(memory_lease_renew(stand.memory, &one.lease, clock_mono_ns() + INT64_C(900000000)));
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
    must(response->part_count <= (response->status == 200 ? 1 : 0));
    for (size_t i = 0; i < response->part_count; i++)
        must(response->parts[i].ptr >= response->body.ptr &&
             response->parts[i].ptr + response->parts[i].len <=
                 response->body.ptr + response->body.len);
    must(head.len > 2 && head.len <= RESPONSE_HEAD_MAX && head.ptr[head.len - 1] == '\n');
    look_at(head);
    must(response_put_vary(response, room) <= room + sizeof room);
    for (size_t i = 0; i < response->part_count; i++)
        look_at(response->parts[i]);
}

bool stand_ask(bool head, const struct str texts[static TEXTS])
{
    struct request *request = &one.request;
    const struct param params[] = {
        {STR("REQUEST_METHOD"), head ? STR("HEAD") : STR("GET")},
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
    if (texts[TEXT_TARGET].len <= TARGET_MAX && request_target(request) == ERR_OK) {
        request->arrived_ms = clock_wall_ms();
        request->began_ns = clock_mono_ns();
        request->id = STR("0123456789abcdef");
        request_take_id(request);
        look_at(request->id);
        answered = edge_host_is_ready(&stand.host) && edge_answer(one.edge, &stand.host, request);
    }
    if (answered)
        look_at_answer(&request->response);
    arena_reset(&request->arena);
    response_reset(&request->response, ENTRY_SIZE_MAX);
    stand.answered += answered;
    return answered;
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

void stand_take(void)
{
    static const struct feedback_events events = {on_hit, on_count, on_view, on_time};

    feedback_take(stand.file, &events, NULL);
}
