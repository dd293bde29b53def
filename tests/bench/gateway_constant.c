/* SPDX-License-Identifier: BSD-2-Clause */
/* The gateway with a handler that always answers the same: what the gateway itself costs, next to
 * constant.c.
 *
 *   gateway_constant SOCKET BYTES */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/gateway.h"

static struct str body;

static void handle(void *context, struct request *request)
{
    (void)context;
    request->response.status = 200;
    response_header_lit(&request->response, "Content-Type", "application/json");
    response_part(&request->response, body);
    request_finish(request);
}

static void on_done(void *context)
{
    gateway_free(context);
}

static void on_term(uv_signal_t *signal, int number)
{
    (void)number;
    gateway_drain(signal->data, on_done, signal->data);
    uv_close((uv_handle_t *)signal, NULL);
}

int main(int argc, char **argv)
{
    const struct gateway_config config = {.max_connections = 20000};
    struct gateway *gateway;
    uv_signal_t term;
    size_t size = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    char address[256], *bytes = mem_alloc(size);

    memset(bytes, 'x', size);
    body = str_make(bytes, size);
    if (argc != 3) {
        fprintf(stderr, "usage: gateway_constant SOCKET BYTES\n");
        return 2;
    }
    snprintf(address, sizeof address, "unix:%s", argv[1]);
    gateway = gateway_new(uv_default_loop(), &config, handle, NULL);
    uv_signal_init(uv_default_loop(), &term);
    term.data = gateway;
    uv_signal_start(&term, on_term, SIGTERM);
    if (gateway_listen(gateway, address) != ERR_OK)
        return 1;
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    uv_loop_close(uv_default_loop());
    free(bytes);
    return 0;
}
