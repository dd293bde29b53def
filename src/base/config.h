/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_CONFIG_H
#define LARDER_BASE_CONFIG_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The settings of both programs.  One table yields the enum, the names, the defaults, the checks,
 * the help text, and the list that docs/configuration.md is tested against.  Settings come from the
 * environment and from a file of KEY=VALUE lines; the environment wins, and an empty variable
 * counts as not set. */

/* X(id, name, type, default, min, max, limit, help); the types are config.c's, the words of
 * LARDER_LOG and LARDER_LOG_LEVEL are in the order of the enums of base/log.h. */
#define CONFIG_LIST(X)                                                                             \
    X(REDIS_URL, "REDIS_URL", URL, "redis://127.0.0.1:6379/0", 0, 0,                               \
      "redis|rediss|valkey|valkeys|unix|redis+unix|redis-socket",                                  \
      "Redis or Valkey: redis://[[user]:password@][host][:port][/db], rediss:// for TLS, or "      \
      "unix:///path")                                                                              \
    X(MONGODB_URI, "MONGODB_URI", URL, "mongodb://127.0.0.1:27017/larder", 0, 0,                   \
      "mongodb|mongodb+srv", "MongoDB, with the database's name as the path")                      \
    X(PREFIX, "LARDER_PREFIX", NAME, "larder", 1, 32, "",                                          \
      "first part of every name in Redis and of the shared memory's name")                         \
    X(MEMORY, "LARDER_MEMORY", SIZE, "64MiB", 4194304, 68719476736, "",                            \
      "shared memory for answers, once a host; 0 keeps none there")                                \
    X(EDGE_GROUP, "LARDER_EDGE_GROUP", NAME, "", 0, 32, "",                                        \
      "group of the web server, when nginx answers from the shared memory (docs/edge.md)")         \
    X(RESOURCES, "LARDER_RESOURCES", FOLDER, LARDER_RESOURCES_DIR, 0, 4095, "",                    \
      "folder whose *.json files say which collections are served, and how")                       \
    X(INDEXES, "LARDER_INDEXES", CHOICE, "own", 0, 0, "own|all|none",                              \
      "on which collections indexes are made at start; own: on those found empty")                 \
    X(FOLLOW, "LARDER_FOLLOW", CHOICE, "auto", 0, 0, "auto|off",                                   \
      "whether writes of other programs are followed; auto: by the best that the server has")      \
    X(WRITES, "LARDER_WRITES", CHOICE, "closed", 0, 0, "closed|open",                              \
      "whether documents may be written without signing in")                                       \
    X(WORKERS, "LARDER_WORKERS", UINT, "0", 0, 256, "",                                            \
      "workers that larder.target and scripts/up start; 0: one a core")                            \
    X(SIGNUP, "LARDER_SIGNUP", CHOICE, "auto", 0, 0, "auto|open|closed",                           \
      "whether anybody may make an account for themselves; auto: as LARDER_WRITES")                \
    X(THREADS, "LARDER_THREADS", UINT, "4", 1, 64, "",                                             \
      "operations that a worker runs in MongoDB at the same time")                                 \
    X(QUEUE, "LARDER_QUEUE", UINT, "256", 1, 65536, "",                                            \
      "operations that may wait for one of these; beyond it 503")                                  \
    X(CONNECTIONS, "LARDER_CONNECTIONS", UINT, "4096", 1, 65536, "",                               \
      "FastCGI connections that a worker keeps")                                                   \
    X(STREAMS, "LARDER_STREAMS", UINT, "10000", 0, 30000, "",                                      \
      "streams of live answers that a worker keeps besides; 0: none")                              \
    X(STREAMS_PER_CLIENT, "LARDER_STREAMS_PER_CLIENT", UINT, "100", 1, 30000, "",                  \
      "streams that one client may have, over all workers of the host")                            \
    X(LISTEN, "LARDER_LISTEN", LISTEN, "", 0, 0, "",                                               \
      "unix:/path or host:port; empty: the socket that was handed over (spawn-fcgi, systemd)")     \
    X(LOG, "LARDER_LOG", CHOICE, "auto", 0, 0, "auto|json|text",                                   \
      "form of the log on standard error; auto: text on a terminal, else JSON")                    \
    X(LOG_LEVEL, "LARDER_LOG_LEVEL", CHOICE, "info", 0, 0, "debug|info|warn|error|off",            \
      "the least serious event that is logged")                                                    \
    X(SLOW_MS, "LARDER_SLOW_MS", UINT, "500", 0, 3600000, "",                                      \
      "a request that takes more milliseconds is logged; 0: none")                                 \
    X(ACCESS_LOG, "LARDER_ACCESS_LOG", SHARE, "off", 0, 1000000, "off|all",                        \
      "requests that are logged in any case: off, all, or a share such as 0.01")                   \
    X(ORIGINS, "LARDER_ORIGINS", ORIGINS, "", 0, 1024, "",                                         \
      "web origins whose pages may use the API, such as https://shop.example; *: all may read")    \
    X(PROXIES, "LARDER_PROXIES", NETWORKS, "127.0.0.1,::1", 0, 1024, "",                           \
      "proxies before nginx whose X-Forwarded-For and X-Forwarded-Proto are believed")             \
    X(SECRET, "LARDER_SECRET", SECRET, "", 16, 256, "",                                            \
      "what entries in Redis are sealed with, the same for all workers; empty: anybody who can "   \
      "write to Redis can forge answers")                                                          \
    X(RATE, "LARDER_RATE", UINT, "0", 0, 1000000, "",                                              \
      "requests a second that one client may make; 0: any number")

enum config_id {
#define CONFIG_ENUM(id, name, type, initial, min, max, limit, help) CONFIG_##id,
    CONFIG_LIST(CONFIG_ENUM)
#undef CONFIG_ENUM
        CONFIG_COUNT
};

enum { CONFIG_FILE_MAX = 64 << 10, CONFIG_VALUE_MAX = 4096 };

struct config {
    struct config_value {
        char *text;      /* never NULL after config_init */
        uint64_t number; /* of SIZE, UINT and CHOICE */
    } values[CONFIG_COUNT];
};

/* All defaults. */
void config_init(struct config *config);
/* Wipes and frees; a zeroed struct is allowed. */
void config_free(struct config *config);

/* Reads the file (NULL: none), then the environment (a NULL-terminated vector such as environ).
 * Appends a line to problems for each error, with the values that are allowed, and never a
 * password.  Appends warnings to notes (may be NULL): unknown LARDER_ names in the environment.
 * ERR_IO when the file cannot be read, ERR_INVALID for any other problem. */
enum err config_load(struct config *config, const char *file, char *const environment[],
                     struct buf *problems, struct buf *notes);
/* Sets one setting; the place ("--listen") is named in messages.  ERR_INVALID: see problems. */
enum err config_set(struct config *config, enum config_id id, struct str value, const char *place,
                    struct buf *problems);

static inline const char *config_text(const struct config *config, enum config_id id)
{
    return config->values[id].text;
}
static inline uint64_t config_number(const struct config *config, enum config_id id)
{
    return config->values[id].number;
}

/* The setting so named, or CONFIG_COUNT. */
enum config_id config_find(struct str name);
/* Static. */
const char *config_name(enum config_id id);
/* The allowed values as text for people: "1 to 64". */
void config_allowed(enum config_id id, struct buf *out);
/* All settings with default, limits and meaning, for --help. */
void config_help(struct buf *out);
/* The URL for logs, without secrets: a password, the options, and every malformed part are replaced
 * by ***. */
void config_mask_url(struct str url, struct buf *out);

#endif
