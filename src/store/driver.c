/* SPDX-License-Identifier: BSD-2-Clause */
#include "store/driver.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"

static _Thread_local bool is_silent;

void driver_silence(bool silent)
{
    is_silent = silent;
}

static void on_log(mongoc_log_level_t level, const char *domain, const char *message, void *context)
{
    (void)context;
    if (level <= MONGOC_LOG_LEVEL_WARNING && !is_silent)
        log_warn("mongo", "driver", LOG_CSTR("part", domain), LOG_CSTR("reason", message));
}

void driver_start(void)
{
    char name[32];

    mongoc_init();
    mongoc_log_set_handler(on_log, NULL);
    /* MONGOC_DISABLE_SHM is of no use here: Debian's driver reads it before main begins. */
    snprintf(name, sizeof name, "/mongoc-%ld", (long)getpid());
    shm_unlink(name);
}

mongoc_client_pool_t *driver_pool(const mongoc_uri_t *uri, unsigned threads)
{
    mongoc_client_pool_t *pool = mongoc_client_pool_new(uri);

    if (pool == NULL)
        return NULL;
    mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2);
    if (!mongoc_uri_has_option(uri, MONGOC_URI_MAXPOOLSIZE))
        mongoc_client_pool_max_size(pool, threads);
    return pool;
}
