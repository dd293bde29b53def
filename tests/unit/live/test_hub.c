/* SPDX-License-Identifier: BSD-2-Clause */
#include "http/request.h"
#include "live/live.h"

#include "../memory/segment.h"
#include "base/clock.h"
#include "live/tagset.h"

/* A hub whose looks and clients are this test. */

enum { STREAMS_MAX = 4, WAIT_MS = 5000 };

struct client {
    struct flow flow;
    struct buf in; /* what it has received */
    size_t waiting;
    bool open, cut;
};

static struct {
    struct fixture memory;
    uv_loop_t loop;
    struct hub *hub;
    struct client clients[STREAMS_MAX];
    size_t count;
    struct watch *looking[STREAMS_MAX]; /* whose look was not answered; the first comes first */
    size_t looking_count, looks;
    enum doubt doubt;
    uint32_t slot;
    bool stopped;
} t;

static enum err on_send(struct flow *flow, struct str bytes)
{
    buf_str(&((struct client *)flow)->in, bytes);
    return ERR_OK;
}

static size_t on_waiting(const struct flow *flow)
{
    return ((const struct client *)flow)->waiting;
}

static void on_end(struct flow *flow)
{
    ((struct client *)flow)->open = false;
}

static void on_cut(struct flow *flow)
{
    ((struct client *)flow)->cut = true;
    on_end(flow);
}

static struct flow *on_flow(struct request *request, const struct flow_owner *owner)
{
    static const struct flow_calls calls = {on_send, on_waiting, on_end, on_cut};
    struct client *client = &t.clients[t.count++];

    (void)request;
    client->flow = (struct flow){.calls = &calls, .owner = *owner};
    client->in = BUF_INIT(1 << 20);
    client->open = true;
    return &client->flow;
}

static void on_look(void *context, struct watch *watch, struct str target, struct str etag)
{
    (void)context, (void)target, (void)etag;
    t.looking[t.looking_count++] = watch;
    t.looks++;
}

static enum doubt on_doubt(void *context)
{
    (void)context;
    return t.doubt;
}

static int set_up(void **state)
{
    struct hub_config config = {
        .streams = STREAMS_MAX, .per_client = 3, .look = on_look, .doubt = on_doubt};

    (void)state;
    memset(&t, 0, sizeof t);
    fixture_open(&t.memory, 0);
    uv_loop_init(&t.loop);
    t.slot = memory_slot(STR("products"));
    config.memory = t.memory.a;
    t.hub = hub_new(&t.loop, &config);
    return 0;
}

static void on_stopped(void *context)
{
    (void)context;
    t.stopped = true;
}

static int tear_down(void **state)
{
    (void)state;
    hub_drain(t.hub);
    hub_stop(t.hub, on_stopped, NULL);
    uv_run(&t.loop, UV_RUN_DEFAULT);
    assert_true(t.stopped);
    hub_free(t.hub);
    assert_int_equal(uv_loop_close(&t.loop), 0);
    for (size_t i = 0; i < t.count; i++)
        buf_free(&t.clients[i].in);
    fixture_close(&t.memory);
    return 0;
}

#define WAIT_FOR(condition)                                                                        \
    do {                                                                                           \
        int64_t end_ms = clock_mono_ms() + WAIT_MS;                                                \
        while (!(condition) && clock_mono_ms() < end_ms) {                                         \
            uv_run(&t.loop, UV_RUN_NOWAIT);                                                        \
            usleep(500);                                                                           \
        }                                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

static void pass_ms(int64_t ms)
{
    int64_t end_ms = clock_mono_ms() + ms;

    while (clock_mono_ms() < end_ms) {
        uv_run(&t.loop, UV_RUN_NOWAIT);
        usleep(500);
    }
}

static void take(struct tagset *tags)
{
    tagset_init(tags, t.memory.a);
    tagset_add(tags, t.slot);
}

static struct client *open_one(const char *etag, bool known)
{
    struct request request = {.on_flow = on_flow};
    struct tagset tags;
    struct seen seen = {200, str_from(etag), true, 0, &tags};

    take(&tags);
    assert_int_equal(hub_admit(t.hub, 1), 0);
    hub_open(t.hub, &request, 1, STR("target"), &seen, known);
    return &t.clients[t.count - 1];
}

static struct client *open_paths(void)
{
    const struct hub_path paths[] = {{STR("\"/a\""), STR("target"), 0},
                                     {STR("\"/b\""), STR("other"), 0},
                                     {STR("\"/c\""), STR(""), 404}};
    struct request request = {.on_flow = on_flow};

    assert_int_equal(hub_admit(t.hub, 1), 0);
    hub_open_paths(t.hub, &request, 1, paths, 3);
    return &t.clients[t.count - 1];
}

static void answer(unsigned status, const char *etag, struct tagset *tags)
{
    struct watch *watch = t.looking[0];

    t.looking_count--;
    memmove(t.looking, t.looking + 1, t.looking_count * sizeof(struct watch *));
    hub_seen(t.hub, watch, &(struct seen){status, str_from(etag), true, 0, tags});
}

static void look_finds(unsigned status, const char *etag)
{
    struct tagset tags;

    WAIT_FOR(t.looking_count > 0);
    take(&tags);
    answer(status, etag, &tags);
}

/* How often its client has received the text. */
static size_t received(const struct client *client, const char *text)
{
    size_t found = 0;

    for (size_t i = 0; i + strlen(text) <= client->in.len; i++)
        found += memcmp(client->in.ptr + i, text, strlen(text)) == 0;
    return found;
}

static void a_stream_begins_with_the_answer(void **state)
{
    struct client *one = open_one("\"a\"", false), *known = open_one("\"a\"", true);

    (void)state;
    assert_true(str_starts(buf_view(&one->in), STR("retry: ")));
    assert_int_equal(received(one, "event: change\nid: \"a\"\ndata: {\"etag\":\"\\\"a\\\"\"}\n\n"),
                     1);
    assert_int_equal(received(known, "event:"), 0);
    assert_int_equal(t.looks, 0);
}

static void changes_that_follow_each_other_are_one(void **state)
{
    struct client *one = open_one("\"a\"", false), *two = open_one("\"a\"", false);

    (void)state;
    memory_bump(t.memory.b, t.slot);
    pass_ms(50);
    assert_int_equal(t.looks, 0);
    memory_bump(t.memory.b, t.slot);
    look_finds(200, "\"b\"");
    pass_ms(200);
    assert_int_equal(t.looks, 1);
    assert_int_equal(received(one, "id: \"b\""), 1);
    assert_int_equal(received(two, "id: \"b\""), 1);
}

static void what_stays_the_same_is_not_told(void **state)
{
    struct client *one = open_one("\"a\"", false);

    (void)state;
    memory_bump(t.memory.b, t.slot);
    look_finds(304, "\"a\"");
    assert_int_equal(received(one, "event: change"), 1);
    memory_bump(t.memory.b, memory_slot(STR("posts")));
    pass_ms(200);
    assert_int_equal(t.looks, 1);
}

static void what_moves_during_a_look_is_looked_at_again(void **state)
{
    struct client *one = open_one("\"a\"", false);
    struct tagset tags;

    (void)state;
    memory_bump(t.memory.b, t.slot);
    WAIT_FOR(t.looking_count > 0);
    take(&tags);
    memory_bump(t.memory.b, t.slot);
    answer(200, "\"b\"", &tags);
    look_finds(200, "\"c\"");
    assert_int_equal(received(one, "id: \"b\""), 1);
    assert_int_equal(received(one, "id: \"c\""), 1);
}

static void what_is_found_under_a_fence_is_looked_at_again(void **state)
{
    int64_t now_ns = clock_mono_ns();
    struct client *one = open_one("\"a\"", false);

    (void)state;
    memory_fence(t.memory.b, t.slot, memory_token(t.memory.b), now_ns, now_ns + 500 * MS);
    look_finds(200, "\"a\""); /* its writer is killed now */
    look_finds(200, "\"b\"");
    assert_int_equal(received(one, "id: \"b\""), 1);
}

static void all_is_void_and_looked_at(void **state)
{
    (void)state;
    (void)open_one("\"a\"", false);
    memory_void(t.memory.b);
    look_finds(200, "\"a\"");
}

static void a_doubt_is_told_and_then_the_answer(void **state)
{
    struct client *one = open_one("\"a\"", false), *many = open_paths();

    (void)state;
    look_finds(200, "\"x\"");
    t.doubt = DOUBT_REDIS;
    WAIT_FOR(received(one, "event: uncertain\ndata: {\"reason\":\"redis\"}\n\n") == 1);
    assert_int_equal(received(many, "{\"path\":\"/b\",\"reason\":\"redis\"}"), 1);
    memory_bump(t.memory.b, t.slot);
    pass_ms(200);
    assert_int_equal(t.looks, 1);
    t.doubt = DOUBT_NONE;
    look_finds(200, "\"a\"");
    look_finds(200, "\"a\"");
    assert_int_equal(received(one, "event: change"), 2);
}

static void mongo_that_does_not_answer_is_a_doubt(void **state)
{
    struct client *one = open_one("\"a\"", false);

    (void)state;
    memory_bump(t.memory.b, t.slot);
    look_finds(503, "");
    assert_int_equal(received(one, "{\"reason\":\"mongo\"}"), 1);
    look_finds(200, "\"a\"");
    assert_int_equal(received(one, "event: change"), 2);
}

static void paths_end_one_by_one(void **state)
{
    struct client *many = open_paths();

    (void)state;
    assert_int_equal(received(many, "event: refused\ndata: {\"path\":\"/c\",\"status\":404}\n\n"),
                     1);
    look_finds(200, "\"a\"");
    assert_int_equal(received(many, "event: change\ndata: {\"path\":\"/"), 1);
    look_finds(404, "");
    assert_int_equal(received(many, "event: refused"), 2);
    assert_true(many->open);
    memory_bump(t.memory.b, t.slot);
    look_finds(404, "");
    assert_int_equal(received(many, "event: gone\ndata: {\"path\":\"/"), 1);
    assert_false(many->open);
}

static void who_does_not_read_is_dropped(void **state)
{
    struct client *one = open_one("\"a\"", false);

    (void)state;
    one->waiting = (64 << 10) + 1;
    memory_bump(t.memory.b, t.slot);
    look_finds(200, "\"b\"");
    assert_true(one->cut);
}

static void there_are_so_many_streams(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        (void)open_one("\"a\"", false);
    assert_int_equal(hub_admit(t.hub, 1), 429);
    assert_int_equal(hub_admit(t.hub, 2), 0);
    hub_drain(t.hub);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(received(&t.clients[i], "retry: "), 2);
        assert_false(t.clients[i].open);
    }
    assert_int_equal(hub_admit(t.hub, 1), 503);
}

static void who_leaves_is_forgotten(void **state)
{
    struct client *one = open_one("\"a\"", false);

    (void)state;
    memory_bump(t.memory.b, t.slot);
    WAIT_FOR(t.looking_count > 0);
    one->flow.owner.gone(one->flow.owner.context);
    look_finds(200, "\"b\"");
    assert_int_equal(received(one, "id: \"b\""), 0);
}

#define with_hub(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_hub(a_stream_begins_with_the_answer),
        with_hub(changes_that_follow_each_other_are_one),
        with_hub(what_stays_the_same_is_not_told),
        with_hub(what_moves_during_a_look_is_looked_at_again),
        with_hub(what_is_found_under_a_fence_is_looked_at_again),
        with_hub(all_is_void_and_looked_at),
        with_hub(a_doubt_is_told_and_then_the_answer),
        with_hub(mongo_that_does_not_answer_is_a_doubt),
        with_hub(paths_end_one_by_one),
        with_hub(who_does_not_read_is_dropped),
        with_hub(there_are_so_many_streams),
        with_hub(who_leaves_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
