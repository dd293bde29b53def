/* SPDX-License-Identifier: BSD-2-Clause */
#include "redis/redis_tls.h"

#ifdef HAVE_HIREDIS_SSL

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/mem.h"
#include "redis/redis_url.h"

struct redis_tls {
    SSL_CTX *context;
    char *host;
};

struct redis_tls *redis_tls_new(const char *host)
{
    struct redis_tls *tls = mem_zalloc(sizeof *tls);

    tls->host = mem_strdup(host);
    tls->context = SSL_CTX_new(TLS_client_method());
    if (tls->context == NULL || SSL_CTX_set_default_verify_paths(tls->context) != 1 ||
        SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1) {
        redis_tls_free(tls);
        return NULL;
    }
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    return tls;
}

void redis_tls_free(struct redis_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    free(tls->host);
    free(tls);
}

/* hiredis' own context checks no names, so the session is made here. */
bool redis_tls_start(struct redis_tls *tls, redisContext *context)
{
    SSL *ssl = SSL_new(tls->context);
    bool named;

    if (ssl == NULL)
        return false;
    if (redis_url_is_address(tls->host))
        named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), tls->host) == 1;
    else
        named = SSL_set_tlsext_host_name(ssl, tls->host) == 1 && SSL_set1_host(ssl, tls->host) == 1;
    if (named && redisInitiateSSL(context, ssl) == REDIS_OK)
        return true;
    SSL_free(ssl);
    return false;
}

void redis_tls_forget_errors(void)
{
    ERR_clear_error();
}

#else

struct redis_tls *redis_tls_new(const char *host)
{
    (void)host;
    return NULL;
}

void redis_tls_free(struct redis_tls *tls)
{
    (void)tls;
}

bool redis_tls_start(struct redis_tls *tls, redisContext *context)
{
    (void)tls, (void)context;
    return false;
}

void redis_tls_forget_errors(void)
{
}

#endif
