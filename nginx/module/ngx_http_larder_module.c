/* SPDX-License-Identifier: BSD-2-Clause */
#include "larder_module.h"

#include "base/buf.h"
#include "schema/schema.h"

/* Hits answered inside nginx (docs/edge.md):
 *
 *     larder_memory PATH;       the workers' segment, /dev/shm/larder-…: http, server
 *     larder_resources FOLDER;  their resource files: http, server
 *     larder_edge on;           http, server, location
 */

enum { LOOK_MS = 50, PROBLEMS_MAX = 64 << 10 };

typedef struct {
    ngx_array_t hosts; /* of struct edge_host *: each segment once */
} larder_main_t;

typedef struct {
    struct edge_host *host;
    struct schema *schema;
    struct edge *edge;
} larder_server_t;

typedef struct {
    ngx_flag_t on;
    larder_server_t *server;
} larder_location_t;

static char *larder_set_memory(ngx_conf_t *cf, ngx_command_t *command, void *conf);
static char *larder_set_resources(ngx_conf_t *cf, ngx_command_t *command, void *conf);

static ngx_command_t larder_commands[] = {
    {ngx_string("larder_memory"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_CONF_TAKE1,
     larder_set_memory, NGX_HTTP_SRV_CONF_OFFSET, 0, NULL},
    {ngx_string("larder_resources"), NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_CONF_TAKE1,
     larder_set_resources, NGX_HTTP_SRV_CONF_OFFSET, 0, NULL},
    {ngx_string("larder_edge"),
     NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_CONF_FLAG,
     ngx_conf_set_flag_slot, NGX_HTTP_LOC_CONF_OFFSET, offsetof(larder_location_t, on), NULL},
    ngx_null_command};

static ngx_int_t larder_begin_http(ngx_conf_t *cf);
static void *larder_make_main(ngx_conf_t *cf);
static void *larder_make_server(ngx_conf_t *cf);
static char *larder_merge_server(ngx_conf_t *cf, void *outer, void *inner);
static void *larder_make_location(ngx_conf_t *cf);
static char *larder_merge_location(ngx_conf_t *cf, void *outer, void *inner);
static ngx_int_t larder_begin_process(ngx_cycle_t *cycle);
static void larder_end_process(ngx_cycle_t *cycle);

static ngx_http_module_t larder_context = {
    .postconfiguration = larder_begin_http,
    .create_main_conf = larder_make_main,
    .create_srv_conf = larder_make_server,
    .merge_srv_conf = larder_merge_server,
    .create_loc_conf = larder_make_location,
    .merge_loc_conf = larder_merge_location,
};

ngx_module_t ngx_http_larder_module = {NGX_MODULE_V1,
                                       &larder_context,
                                       larder_commands,
                                       NGX_HTTP_MODULE,
                                       NULL,
                                       NULL,
                                       larder_begin_process,
                                       NULL,
                                       NULL,
                                       larder_end_process,
                                       NULL,
                                       NGX_MODULE_V1_PADDING};

/* What nginx looks for in a dynamic module. */
#define LARDER_SHOWN __attribute__((visibility("default")))
extern LARDER_SHOWN ngx_module_t *ngx_modules[];
extern LARDER_SHOWN char *ngx_module_names[];
extern LARDER_SHOWN char *ngx_module_order[];
ngx_module_t *ngx_modules[] = {&ngx_http_larder_module, NULL};
char *ngx_module_names[] = {(char *)(uintptr_t) "ngx_http_larder_module", NULL};
char *ngx_module_order[] = {NULL};

/* --- Configuration --- */

static void *larder_make_main(ngx_conf_t *cf)
{
    larder_main_t *all = ngx_pcalloc(cf->pool, sizeof *all);

    if (all == NULL ||
        ngx_array_init(&all->hosts, cf->pool, 1, sizeof(struct edge_host *)) != NGX_OK)
        return NULL;
    return all;
}

static void *larder_make_server(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(larder_server_t));
}

static void *larder_make_location(ngx_conf_t *cf)
{
    larder_location_t *location = ngx_pcalloc(cf->pool, sizeof *location);

    if (location != NULL)
        location->on = NGX_CONF_UNSET;
    return location;
}

static struct edge_host *larder_find_host(const larder_main_t *all, const char *name)
{
    struct edge_host **hosts = all->hosts.elts;

    for (ngx_uint_t i = 0; i < all->hosts.nelts; i++)
        if (ngx_strcmp(hosts[i]->name, name) == 0)
            return hosts[i];
    return NULL;
}

static char *larder_set_memory(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    larder_main_t *all = ngx_http_conf_get_module_main_conf(cf, ngx_http_larder_module);
    larder_server_t *server = conf;
    ngx_str_t *words = cf->args->elts;
    struct edge_host *host, **place;

    (void)command;
    if (server->host != NULL)
        return (char *)(uintptr_t) "is duplicate";
    host = ngx_pcalloc(cf->pool, sizeof *host);
    if (host == NULL)
        return NGX_CONF_ERROR;
    if (edge_host_init(host, (const char *)words[1].data) != ERR_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no segment of shared memory: it is named "
                           "as /dev/shm/larder-...",
                           &words[1]);
        return NGX_CONF_ERROR;
    }
    server->host = larder_find_host(all, host->name);
    if (server->host != NULL)
        return NGX_CONF_OK;
    place = ngx_array_push(&all->hosts);
    if (place == NULL)
        return NGX_CONF_ERROR;
    *place = server->host = host;
    return NGX_CONF_OK;
}

static void larder_free_server(void *data)
{
    larder_server_t *server = data;

    edge_free(server->edge);
    schema_free(server->schema);
}

static void larder_log_problems(ngx_conf_t *cf, const struct buf *problems)
{
    struct str rest = buf_view(problems), line;

    while (rest.len > 0 && str_split(&rest, '\n', &line))
        if (line.len > 0)
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "larder_resources: %*s", line.len, line.ptr);
}

/* Files that are wrong are named as larderd names them. */
static char *larder_set_resources(ngx_conf_t *cf, ngx_command_t *command, void *conf)
{
    larder_server_t *server = conf;
    ngx_str_t folder = ((ngx_str_t *)cf->args->elts)[1];
    ngx_pool_cleanup_t *cleanup;
    struct buf problems = BUF_INIT(PROBLEMS_MAX);

    (void)command;
    if (server->schema != NULL)
        return (char *)(uintptr_t) "is duplicate";
    cleanup = ngx_pool_cleanup_add(cf->pool, 0);
    if (cleanup == NULL || ngx_conf_full_name(cf->cycle, &folder, 1) != NGX_OK)
        return NGX_CONF_ERROR;
    if (schema_load((const char *)folder.data, &server->schema, &problems) != ERR_OK) {
        larder_log_problems(cf, &problems);
        buf_free(&problems);
        return NGX_CONF_ERROR;
    }
    buf_free(&problems);
    cleanup->handler = larder_free_server;
    cleanup->data = server;
    server->edge = edge_new(server->schema);
    return NGX_CONF_OK;
}

static char *larder_merge_server(ngx_conf_t *cf, void *outer, void *inner)
{
    const larder_server_t *from = outer;
    larder_server_t *to = inner;

    (void)cf;
    if (to->host == NULL)
        to->host = from->host;
    if (to->edge == NULL)
        to->edge = from->edge;
    return NGX_CONF_OK;
}

static char *larder_merge_location(ngx_conf_t *cf, void *outer, void *inner)
{
    larder_location_t *from = outer, *to = inner;

    ngx_conf_merge_value(to->on, from->on, 0);
    to->server = ngx_http_conf_get_module_srv_conf(cf, ngx_http_larder_module);
    if (to->on && (to->server->host == NULL || to->server->edge == NULL)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "larder_edge needs larder_memory and larder_resources");
        return NGX_CONF_ERROR;
    }
    return NGX_CONF_OK;
}

/* --- A request --- */

/* After the phases in which nginx limits and refuses, before a worker is asked. */
static ngx_int_t larder_handle(ngx_http_request_t *r)
{
    const larder_location_t *location = ngx_http_get_module_loc_conf(r, ngx_http_larder_module);
    struct request *request;
    ngx_int_t rc;

    if (!location->on || !edge_host_is_ready(location->server->host))
        return NGX_DECLINED;
    request = larder_request_take(r);
    if (request == NULL)
        return NGX_DECLINED;
    if (!edge_answer(location->server->edge, location->server->host, request)) {
        larder_request_put(request);
        return NGX_DECLINED;
    }
    rc = larder_reply(r, request);
    larder_request_put(request);
    ngx_http_finalize_request(r, rc);
    return NGX_DONE;
}

static ngx_int_t larder_begin_http(ngx_conf_t *cf)
{
    ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    ngx_http_handler_pt *handler =
        ngx_array_push(&core->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);

    if (handler == NULL)
        return NGX_ERROR;
    *handler = larder_handle;
    return NGX_OK;
}

/* --- A process --- */

static ngx_event_t larder_timer;
static ngx_connection_t larder_timer_data; /* nginx' debug log asks each event for a connection */

/* A line when it is ready, and when it is not any more or for another reason. */
static void larder_look(ngx_log_t *log, struct edge_host *host)
{
    bool was_ready = edge_host_is_ready(host);
    enum err before = host->err;
    ngx_uint_t level;

    edge_host_look(host);
    level = host->err == ERR_OK || host->err == ERR_NOT_FOUND ? NGX_LOG_NOTICE : NGX_LOG_WARN;
    if (edge_host_is_ready(host) == was_ready && host->err == before)
        return;
    if (edge_host_is_ready(host)) {
        ngx_log_error(level, log, 0, "larder: hits are answered from /dev/shm/%s", host->name);
    } else {
        ngx_log_error(level, log, 0, "larder: workers answer: /dev/shm/%s: %s", host->name,
                      err_text(host->err));
    }
}

static void larder_look_at_all(ngx_event_t *event)
{
    const ngx_connection_t *connection = event->data;
    const larder_main_t *all = connection->data;
    struct edge_host **hosts = all->hosts.elts;

    for (ngx_uint_t i = 0; i < all->hosts.nelts; i++)
        larder_look(event->log, hosts[i]);
    ngx_add_timer(event, LOOK_MS);
}

static ngx_int_t larder_begin_process(ngx_cycle_t *cycle)
{
    larder_main_t *all = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_larder_module);

    if ((ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE) || all == NULL ||
        all->hosts.nelts == 0)
        return NGX_OK;
    larder_requests_begin();
    larder_timer_data.fd = (ngx_socket_t)-1;
    larder_timer_data.data = all;
    larder_timer = (ngx_event_t){.handler = larder_look_at_all,
                                 .data = &larder_timer_data,
                                 .log = cycle->log,
                                 .cancelable = 1};
    larder_look_at_all(&larder_timer);
    return NGX_OK;
}

static void larder_end_process(ngx_cycle_t *cycle)
{
    larder_main_t *all = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_larder_module);
    struct edge_host **hosts;

    if (larder_timer.handler == NULL)
        return;
    hosts = all->hosts.elts;
    for (ngx_uint_t i = 0; i < all->hosts.nelts; i++)
        edge_host_close(hosts[i]);
    larder_requests_end();
}
