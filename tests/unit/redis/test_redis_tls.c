/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis_server.h"

#include <netinet/in.h>

#include "base/log.h"

/* TLS to a redis-server of the test's own, where hiredis has it; skipped elsewhere. */

struct fixture {
    struct server server;
    uv_loop_t loop;
    char certificate[96], key[96];
    unsigned refused;
};

static void on_state(void *context, struct redis *redis, enum redis_state state)
{
    struct fixture *fixture = context;

    (void)redis;
    fixture->refused += state == REDIS_BACKOFF;
}

static unsigned free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static void make_certificate(struct fixture *fixture, const char *name)
{
    char command[512];

    snprintf(fixture->certificate, sizeof fixture->certificate, "%s/cert", fixture->server.folder);
    snprintf(fixture->key, sizeof fixture->key, "%s/key", fixture->server.folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
             "-subj /CN=test -addext subjectAltName=%s -keyout %s -out %s 2>/dev/null",
             name, fixture->key, fixture->certificate);
    assert_int_equal(system(command), 0);
}

/* A server whose certificate has this name, and whether a client becomes ready that trusts the file
 * of authorities (NULL: the certificate itself). */
static bool connects(const char *name, const char *authorities)
{
    struct fixture fixture = {.refused = 0};
    unsigned number = free_port();
    struct redis *redis;
    char port[8];
    bool ready;

    log_setup(LOG_OFF, LOG_TEXT);
    server_init(&fixture.server);
    make_certificate(&fixture, name);
    snprintf(port, sizeof port, "%u", number);
    server_start(&fixture.server,
                 (const char *const[]){"--tls-port", port, "--tls-auth-clients", "no",
                                       "--tls-cert-file", fixture.certificate, "--tls-key-file",
                                       fixture.key, "--tls-ca-cert-file", fixture.certificate,
                                       NULL});
    snprintf(fixture.server.url, sizeof fixture.server.url, "rediss://127.0.0.1:%s", port);
    setenv("SSL_CERT_FILE", authorities != NULL ? authorities : fixture.certificate, 1);
    redis = client_make(&fixture.server, &fixture.loop,
                        (struct redis_config){.on_state = on_state, .context = &fixture});
    redis_wake(redis);
    wait_until(&fixture.loop, redis_ready(redis) || fixture.refused > 0);
    ready = redis_ready(redis);
    client_end(redis, &fixture.loop);
    unlink(fixture.certificate);
    unlink(fixture.key);
    server_free(&fixture.server);
    return ready;
}

static void test_a_certificate_of_that_address_is_taken(void **state)
{
    (void)state;
    assert_true(connects("IP:127.0.0.1", NULL));
}

static void test_a_certificate_of_another_name_is_refused(void **state)
{
    (void)state;
    assert_false(connects("DNS:other.example", NULL));
    assert_false(connects("IP:127.0.0.2", NULL));
}

static void test_a_certificate_of_an_unknown_authority_is_refused(void **state)
{
    (void)state;
    assert_false(connects("IP:127.0.0.1", "/dev/null"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_certificate_of_that_address_is_taken),
        cmocka_unit_test(test_a_certificate_of_another_name_is_refused),
        cmocka_unit_test(test_a_certificate_of_an_unknown_authority_is_refused),
    };

#ifndef HAVE_HIREDIS_SSL
    return 77; /* automake: skipped */
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
