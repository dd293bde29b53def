/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/people/session.h"
#include "backend/backend.h"
#include "backend/pulse.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/descriptors.h"
#include "base/footprint.h"
#include "base/idiom.h"
#include "base/log.h"
#include "base/log_writer.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/notify.h"
#include "base/output.h"
#include "base/process.h"
#include "follow/follow.h"
#include "gateway/gateway.h"
#include "memory/memory.h"
#include "schema/schema.h"

/* One worker: settings, servers, the loop, and the way out. */

enum {
    UNASKED_MS = 6000,
    EXIT_USAGE = 2,
    LEAVE_MS = 9500,
    WATCH_MS = 500,
    SETTLE_MS = 3000,
    LAST_LINES_MS = 500
};

struct worker {
    struct config config;
    struct backend backend;
    struct schema *schema;
    struct app *app;
    struct follow *follow;
    struct gateway *gateway;
    uv_loop_t loop;
    uv_signal_t terminate, interrupt;
    uv_timer_t deadline, watch, settle;
    struct pulse pulse;
    bool leaving;
};

/* --- The command line --- */

struct options {
    const char *config, *listen;
    bool check;
};

static void print_help(void)
{
    struct buf help = BUF_INIT(CONFIG_FILE_MAX);

    config_help(&help);
    printf("usage: larderd [--config FILE] [--listen ADDRESS] [--check-config]\n\n"
           "A FastCGI worker that serves collections of MongoDB as JSON, through a cache.\n\n"
           "  --config FILE     settings, NAME=VALUE lines; the environment wins\n"
           "  --listen ADDRESS  unix:/path or host:port; else the socket that is handed over\n"
           "  --check-config    says what is wrong with settings and resources, and ends\n"
           "  -h, --help        this\n"
           "  -V, --version\n\n"
           "Settings:\n%.*s",
           (int)help.len, help.ptr);
    buf_free(&help);
}

/* Below 0: go on; else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"config", required_argument, NULL, 'c'}, {"listen", required_argument, NULL, 'l'},
        {"check-config", no_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {0}};
    int c;

    while ((c = getopt_long(argc, argv, "hV", known, NULL)) != -1) {
        switch (c) {
        case 'c': options->config = optarg; break;
        case 'l': options->listen = optarg; break;
        case 'k': options->check = true; break;
        case 'h': print_help(); return EXIT_SUCCESS;
        case 'V': puts("larderd " PACKAGE_VERSION); return EXIT_SUCCESS;
        default: fputs("larderd: --help says what there is\n", stderr); return EXIT_USAGE;
        }
    }
    if (optind == argc)
        return -1;
    if (strcmp(argv[optind], "help") == 0) {
        print_help();
        return EXIT_SUCCESS;
    }
    fprintf(stderr, "larderd: takes no argument such as \"%s\"\n", argv[optind]);
    return EXIT_USAGE;
}

/* --- Settings --- */

static enum err load_config(struct config *config, const struct options *options,
                            struct buf *problems, struct buf *notes)
{
    enum err err = config_load(config, options->config, environ, problems, notes);

    if (options->listen != NULL && config_set(config, CONFIG_LISTEN, str_from(options->listen),
                                              "--listen", problems) != ERR_OK)
        err = ERR_INVALID;
    return err;
}

static int check_config(enum err err, const struct buf *problems, const struct buf *notes)
{
    output_warnings(notes);
    if (err != ERR_OK)
        fwrite(problems->ptr, 1, problems->len, stderr);
    else
        puts("configuration ok");
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A line of the log each: it may be all that is seen of a worker that does not start. */
static void log_lines(enum log_level level, const char *message, const struct buf *lines)
{
    struct str rest = buf_view(lines), line;

    while (str_split(&rest, '\n', &line))
        if (line.len > 0)
            log_event(level, "larderd", message, LOG_STR("why", line));
}

/* What ends other programs, or makes them read their settings anew: there is nothing to be read
 * anew here, and a worker that leaves does so by SIGTERM or SIGINT. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2};

    for (size_t i = 0; i < COUNT(ignored); i++)
        signal(ignored[i], SIG_IGN);
}

/* A cache without a secret works; an operator should know what is open. */
static void warn_of_settings(const struct config *config)
{
    if (*config_text(config, CONFIG_SECRET) == '\0')
        log_warn("larderd", "LARDER_SECRET is not set: who can write to Redis can forge answers");
}

static void set_up_process(const struct config *config)
{
    char threads[16];

    log_setup((enum log_level)config_number(config, CONFIG_LOG_LEVEL),
              (enum log_format)config_number(config, CONFIG_LOG));
    ignore_signals();
    process_schedule_in_batches();
    footprint_bound();
    snprintf(threads, sizeof threads, "%u", backend_threads(config));
    setenv("UV_THREADPOOL_SIZE", threads, 1);
}

/* --- Leaving: the gateway first, then the servers --- */

static void on_backend_closed(void *context)
{
    struct worker *worker = context;

    uv_close((uv_handle_t *)&worker->terminate, NULL);
    uv_close((uv_handle_t *)&worker->interrupt, NULL);
    uv_close((uv_handle_t *)&worker->deadline, NULL);
    uv_close((uv_handle_t *)&worker->watch, NULL);
    uv_close((uv_handle_t *)&worker->settle, NULL);
    pulse_stop(&worker->pulse);
}

static void on_app_stopped(void *context)
{
    struct worker *worker = context;

    log_debug("larderd", "no request is left");
    backend_close(&worker->backend, on_backend_closed, worker);
}

static void on_follow_stopped(void *context)
{
    struct worker *worker = context;

    app_stop(worker->app, on_app_stopped, worker);
}

static void on_drained(void *context)
{
    struct worker *worker = context;

    follow_stop(worker->follow, on_follow_stopped, worker);
}

static void leave_at_once(void)
{
    log_writer_stop(LAST_LINES_MS);
    _exit(EXIT_FAILURE);
}

static void on_deadline(uv_timer_t *timer)
{
    (void)timer;
    log_error("larderd", "could not leave in good order in time");
    leave_at_once();
}

static void begin_leaving(struct worker *worker)
{
    worker->leaving = true;
    notify_manager("STOPPING=1");
    uv_timer_start(&worker->deadline, on_deadline, LEAVE_MS, 0);
    app_drain(worker->app);
    gateway_drain(worker->gateway, on_drained, worker);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct worker *worker = handle->data;

    if (worker->leaving) {
        log_warn("larderd", "left at once", LOG_INT("signal", number));
        leave_at_once();
    }
    log_info("larderd", "leaving", LOG_INT("signal", number),
             LOG_INT("connections", gateway_connections(worker->gateway)));
    begin_leaving(worker);
}

/* What is wrong with what the workers share, or NULL.  Those that start after a name was taken away
 * share another segment, of whose writes this one would learn as late as another host; and none can
 * start while the one that has the name cannot be read. */
static const char *find_damage(struct worker *worker)
{
    struct memory *memory = worker->backend.memory;

    if (!memory_is_linked(memory))
        return "the shared memory was removed from /dev/shm";
    if (!memory_is_sound(memory)) {
        memory_put_aside(memory, worker->backend.name);
        return "the shared memory was overwritten, and is put aside";
    }
    return metrics_are_linked() ? NULL : "the shared counters were removed from /dev/shm";
}

static void on_watch(uv_timer_t *timer)
{
    struct worker *worker = timer->data;
    const char *damage = worker->leaving ? NULL : find_damage(worker);

    if (damage == NULL)
        return;
    log_error("larderd", "leaving, to be replaced", LOG_CSTR("why", damage));
    begin_leaving(worker);
}

/* --- Starting --- */

static void on_settled(uv_timer_t *timer)
{
    (void)timer;
    footprint_trim();
}

static void watch_signals(struct worker *worker)
{
    uv_signal_init(&worker->loop, &worker->terminate);
    uv_signal_init(&worker->loop, &worker->interrupt);
    uv_timer_init(&worker->loop, &worker->deadline);
    uv_timer_init(&worker->loop, &worker->watch);
    uv_timer_init(&worker->loop, &worker->settle);
    pulse_start(&worker->pulse, &worker->loop);
    worker->watch.data = worker;
    worker->terminate.data = worker->interrupt.data = worker;
    uv_signal_start(&worker->terminate, on_signal, SIGTERM);
    uv_signal_start(&worker->interrupt, on_signal, SIGINT);
}

static const char *listen_why(enum err err)
{
    return err == ERR_NOT_FOUND
               ? "no socket was handed over: use spawn-fcgi or systemd, or set LARDER_LISTEN"
               : err_text(err);
}

static enum err listen_on(struct worker *worker)
{
    const char *address = config_text(&worker->config, CONFIG_LISTEN);
    enum err err = gateway_listen(worker->gateway, *address != '\0' ? address : NULL);

    if (err != ERR_OK)
        log_error("larderd", "cannot listen", LOG_CSTR("address", address),
                  LOG_CSTR("why", listen_why(err)));
    return err;
}

static bool signup_is_open(const struct config *config)
{
    enum { AUTO, OPEN };
    uint64_t choice = config_number(config, CONFIG_SIGNUP);

    return choice == OPEN || (choice == AUTO && config_number(config, CONFIG_WRITES) != 0);
}

static bool is_connecting(const struct redis *redis)
{
    return redis_is(redis, REDIS_CONNECTING) || redis_is(redis, REDIS_PREPARING);
}

/* Waits, while both servers answer, until all who keep answers of this database are known to keep
 * them in one place, and until writes can be marked in Redis: the first ones would be pending
 * without need.  Without the servers a worker starts, and finds out later. */
static enum err await_agreement(struct worker *worker, struct buf *problems)
{
    int64_t until_ms = clock_mono_ms() + UNASKED_MS;
    enum cache_agreement agreement = CACHE_UNASKED;
    struct redis *redis = worker->backend.redis;
    struct str why;

    redis_wake(redis);
    while (!worker->leaving &&
           (agreement == CACHE_WAITING ||
            ((agreement == CACHE_UNASKED || is_connecting(redis)) && clock_mono_ms() < until_ms))) {
        uv_run(&worker->loop, UV_RUN_ONCE);
        agreement = cache_agreement(worker->backend.cache);
    }
    why = cache_apart(worker->backend.cache);
    if (agreement != CACHE_APART || cache_is_changing(worker->backend.cache)) {
        cache_join(worker->backend.cache);
        return ERR_OK;
    }
    buf_str(problems, why);
    buf_literal(problems, ": name the same servers and prefix (docs/existing.md)\n");
    return ERR_CONFLICT;
}

/* Listening is last. */
static enum err open_all(struct worker *worker, struct buf *problems)
{
    const struct config *config = &worker->config;
    struct backend *backend = &worker->backend;
    struct app_config app = {
        .writes_open = config_number(config, CONFIG_WRITES) != 0,
        .signup_open = signup_is_open(config),
        .prefix = str_from(config_text(config, CONFIG_PREFIX)),
        .origins = str_from(config_text(config, CONFIG_ORIGINS)),
        .proxies = str_from(config_text(config, CONFIG_PROXIES)),
        .streams = (uint32_t)descriptors_for_streams(config_number(config, CONFIG_STREAMS),
                                                     config_number(config, CONFIG_CONNECTIONS)),
        .streams_per_client = (uint32_t)config_number(config, CONFIG_STREAMS_PER_CLIENT),
        .logs = config_number(config, CONFIG_ACCESS_LOG) != 0,
        .memory_name = backend->name,
        .edge_group = backend->edge_group,
        .rate = (uint32_t)config_number(config, CONFIG_RATE),
        .indexes = (enum indexes_policy)config_number(config, CONFIG_INDEXES)};
    const struct follow_config follow = {.on = config_number(config, CONFIG_FOLLOW) == FOLLOW_AUTO,
                                         .prefix = app.prefix};
    struct gateway_config gateway = {
        .max_connections = config_number(config, CONFIG_CONNECTIONS),
        .slow_ms = (uint32_t)config_number(config, CONFIG_SLOW_MS),
        .log_share = (uint32_t)config_number(config, CONFIG_ACCESS_LOG),
        .answering = app_answering,
    };
    enum err err;

    backend->sessions = sessions.collection;
    err = backend_open(backend, config, BACKEND_WORKER, &worker->loop, problems);
    if (err != ERR_OK)
        return err;
    worker->app = app_new(&worker->loop, &app, worker->schema, backend->cache, backend->mongo,
                          backend->redis, backend->memory);
    worker->follow = follow_new(&worker->loop, &follow, worker->schema, worker->app, backend->cache,
                                backend->mongo, backend->redis);
    gateway.answering_context = worker->app;
    err = await_agreement(worker, problems);
    if (err != ERR_OK)
        return err;
    worker->gateway = gateway_new(&worker->loop, &gateway, app_handle, worker->app);
    return listen_on(worker);
}

static void leave(struct worker *worker)
{
    worker->leaving = true;
    if (worker->gateway != NULL)
        gateway_drain(worker->gateway, on_drained, worker);
    else if (worker->app != NULL)
        on_drained(worker);
    else
        on_backend_closed(worker);
}

static enum err serve(struct worker *worker, struct buf *problems)
{
    enum err err;

    if (uv_loop_init(&worker->loop) != 0)
        return ERR_INTERNAL;
    watch_signals(worker);
    err = open_all(worker, problems);
    if (err == ERR_OK) {
        log_info("larderd", "ready", LOG_CSTR("version", PACKAGE_VERSION),
                 LOG_CSTR("address", gateway_address(worker->gateway)));
        uv_timer_start(&worker->watch, on_watch, WATCH_MS, WATCH_MS);
        uv_timer_start(&worker->settle, on_settled, SETTLE_MS, 0);
        redis_wake(worker->backend.redis);
        app_start(worker->app);
        follow_start(worker->follow);
        notify_manager("READY=1");
    } else {
        leave(worker);
    }
    uv_run(&worker->loop, UV_RUN_DEFAULT);
    uv_loop_close(&worker->loop);
    gateway_free(worker->gateway);
    follow_free(worker->follow);
    app_free(worker->app);
    return err;
}

static void count_in_common(const struct worker *worker)
{
    char name[MEMORY_NAME_MAX + 16];
    enum err err;

    snprintf(name, sizeof name, "/%s-metrics", worker->backend.name);
    err = metrics_open(name);
    if (err != ERR_OK)
        log_warn("metrics", "this worker's are not in the common sum", LOG_ERR(err));
}

static int larderd_run(struct worker *worker)
{
    struct buf problems = BUF_INIT(CONFIG_FILE_MAX);
    enum err err = backend_attach(&worker->backend, &worker->config, BACKEND_WORKER, &problems);

    if (err == ERR_OK) {
        count_in_common(worker);
        err = serve(worker, &problems);
    }
    log_lines(LOG_ERROR, "cannot start", &problems);
    backend_detach(&worker->backend);
    metrics_close();
    if (err == ERR_OK)
        log_info("larderd", "left");
    buf_free(&problems);
    return err == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct worker *worker;
    struct buf problems = BUF_INIT(CONFIG_FILE_MAX), notes = BUF_INIT(CONFIG_FILE_MAX);
    int status;
    enum err err;

    descriptors_fill();
    status = parse_options(argc, argv, &options);
    if (status >= 0)
        return output_end("larderd", status);
    worker = mem_zalloc(sizeof *worker);
    config_init(&worker->config);
    err = load_config(&worker->config, &options, &problems, &notes);
    set_up_process(&worker->config);
    /* Also after an error, so that all problems are printed together. */
    if (backend_check(&worker->config, &problems) != ERR_OK ||
        schema_load(config_text(&worker->config, CONFIG_RESOURCES), &worker->schema, &problems) !=
            ERR_OK)
        err = ERR_INVALID;
    if (options.check) {
        status = check_config(err, &problems, &notes);
    } else {
        log_in_background();
        log_lines(LOG_WARN, "settings", &notes);
        log_lines(LOG_ERROR, "settings", &problems);
        warn_of_settings(&worker->config);
        status = err == ERR_OK ? larderd_run(worker) : EXIT_FAILURE;
        log_writer_stop(LAST_LINES_MS);
    }
    buf_free(&problems);
    buf_free(&notes);
    schema_free(worker->schema);
    config_free(&worker->config);
    free(worker);
    return output_end("larderd", status);
}
