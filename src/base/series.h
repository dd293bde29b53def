/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_BASE_SERIES_H
#define LARDER_BASE_SERIES_H

/* All series of the metrics: counters, gauges and histograms. */

/* name, label (or ""), help: the Prometheus series is larder_<name>_total{<label>}. */
#define METRIC_LIST(X)                                                                             \
    X(REQUESTS_2XX, "requests", "status=\"2xx\"", "Requests answered, by class of status")         \
    X(REQUESTS_3XX, "requests", "status=\"3xx\"", "")                                              \
    X(REQUESTS_4XX, "requests", "status=\"4xx\"", "")                                              \
    X(REQUESTS_5XX, "requests", "status=\"5xx\"", "")                                              \
    X(CONNECTIONS, "connections", "", "FastCGI connections accepted")                              \
    X(CONNECTIONS_REFUSED, "connections_refused", "", "Connections closed at the cap")             \
    X(PROTOCOL_ERRORS, "protocol_errors", "", "FastCGI connections closed for a protocol error")   \
    X(REQUESTS_ABORTED, "requests_aborted", "", "Requests whose client went away")                 \
    X(HIT_MEMORY, "cache_lookups", "result=\"memory\"", "Look-ups of the cache, by result")        \
    X(HIT_EDGE, "cache_lookups", "result=\"edge\"", "")                                            \
    X(HIT_REDIS, "cache_lookups", "result=\"redis\"", "")                                          \
    X(HIT_STALE, "cache_lookups", "result=\"stale\"", "")                                          \
    X(MISS, "cache_lookups", "result=\"miss\"", "")                                                \
    X(COLLAPSED, "cache_lookups", "result=\"collapsed\"", "")                                      \
    X(BYPASS_REDIS_DOWN, "cache_lookups", "result=\"redis-down\"", "")                             \
    X(BYPASS_FENCE, "cache_lookups", "result=\"write-fence\"", "")                                 \
    X(BYPASS_PENDING, "cache_lookups", "result=\"owed\"", "")                                      \
    X(BYPASS_YOUNG, "cache_lookups", "result=\"young-cache\"", "")                                 \
    X(STALE_IF_ERROR, "cache_lookups", "result=\"stale-if-error\"", "")                            \
    X(WAITS, "cache_waits", "", "Look-ups that waited for a write to end")                         \
    X(FILLS, "cache_fills", "", "Entries made from MongoDB")                                       \
    X(REFUSED, "cache_refused", "",                                                                \
      "Entries in Redis that are none: damaged, of another version, under another secret")         \
    X(STORES, "cache_stores", "", "Entries stored in Redis")                                       \
    X(STORE_REFUSED, "cache_store_refused", "", "Entries not stored: too large or Redis refused")  \
    X(WRITES_FENCED, "writes", "cache=\"fenced\"", "Writes, by how the cache was told")            \
    X(WRITES_PENDING, "writes", "cache=\"debt\"", "")                                              \
    X(WRITES_UNKNOWN, "writes", "cache=\"unknown\"", "")                                           \
    X(PENDING_SETTLED, "debts_paid", "", "Pending invalidations that were settled")                \
    X(MEMORY_VOIDED, "memory_voided", "", "Times that the whole shared memory was voided")         \
    X(INVALIDATIONS, "invalidations", "", "Tags that other hosts' writes moved")                   \
    X(REDIS_COMMANDS, "redis_commands", "", "Commands sent to Redis")                              \
    X(REDIS_TIMEOUTS, "redis_timeouts", "", "Commands that Redis did not answer in time")          \
    X(REDIS_CONNECTS, "redis_connects", "", "Connections to Redis that became ready")              \
    X(MONGO_OPERATIONS, "mongo_operations", "", "Operations sent to MongoDB")                      \
    X(MONGO_ERRORS, "mongo_errors", "", "Operations of MongoDB that failed")                       \
    X(MONGO_REFUSED, "mongo_refused", "",                                                          \
      "Operations refused at the queue's bound or the breaker")                                    \
    X(RATE_LIMITED, "rate_limited", "", "Requests refused by a rate limit")                        \
    X(SIGN_INS, "sign_ins", "result=\"ok\"", "Attempts to sign in, by result")                     \
    X(SIGN_INS_FAILED, "sign_ins", "result=\"refused\"", "")                                       \
    X(SIGN_INS_THROTTLED, "sign_ins", "result=\"throttled\"", "")                                  \
    X(STREAMS_REFUSED, "streams_refused", "", "Streams of live answers that were refused")         \
    X(EVENTS_CHANGE, "stream_events", "event=\"change\"", "Events sent to streams")                \
    X(EVENTS_GONE, "stream_events", "event=\"gone\"", "")                                          \
    X(EVENTS_UNCERTAIN, "stream_events", "event=\"uncertain\"", "")                                \
    X(EVENTS_ALIVE, "stream_events", "event=\"alive\"", "")                                        \
    X(EVENTS_SIGNED_OUT, "stream_events", "event=\"signed-out\"", "")                              \
    X(EVENTS_REFUSED, "stream_events", "event=\"refused\"", "")                                    \
    X(LOG_DROPPED, "log_dropped", "", "Lines of the log that nobody read in time")                 \
    X(RECLAIMED, "cache_reclaimed", "", "Keys removed from Redis in the background")

enum metric {
#define METRIC_ENUM(id, name, label, help) METRIC_##id,
    METRIC_LIST(METRIC_ENUM)
#undef METRIC_ENUM
        METRIC_COUNT
};

/* id, name, help: the Prometheus series is larder_<name>, summed over the workers that run. */
#define GAUGE_LIST(X)                                                                              \
    X(IN_FLIGHT, "requests_in_flight", "Requests begun and not yet answered")                      \
    X(QUEUE_LENGTH, "queue_length", "Operations of MongoDB that wait for a thread")                \
    X(THREADS_BUSY, "threads_busy", "Threads at work in MongoDB")                                  \
    X(THREADS, "threads", "Threads for MongoDB")                                                   \
    X(CONNECTIONS, "connections", "FastCGI connections that are open")                             \
    X(STREAMS, "streams", "Streams of live answers that are open")

/* The process's own figures, each shown by worker: id, name, type, help, how many are one unit. */
#define PROCESS_LIST(X)                                                                            \
    X(CPU_US, "cpu_seconds_total", "counter", "Processor time used", 1000000)                      \
    X(RSS, "resident_memory_bytes", "gauge", "Memory in use", 1)                                   \
    X(FDS, "open_fds", "gauge", "File descriptors that are open", 1)                               \
    X(MAX_FDS, "max_fds", "gauge", "File descriptors that may be open", 1)                         \
    X(START_MS, "start_time_seconds", "gauge", "When the worker started, since 1970", 1000)

enum gauge {
#define GAUGE_ENUM(id, name, help) GAUGE_##id,
    GAUGE_LIST(GAUGE_ENUM)
#undef GAUGE_ENUM
#define PROCESS_ENUM(id, name, type, help, unit) GAUGE_##id,
        PROCESS_LIST(PROCESS_ENUM)
#undef PROCESS_ENUM
            GAUGE_COUNT
};

/* id, family, label (or ""): the Prometheus series are larder_<family>_seconds_…{<label>}. */
#define HISTOGRAM_LIST(X)                                                                          \
    X(NONE, NONE, "")                                                                              \
    X(OTHER_2XX, REQUEST, "route=\"other\",method=\"other\",status=\"2xx\"")                       \
    X(OTHER_3XX, REQUEST, "route=\"other\",method=\"other\",status=\"3xx\"")                       \
    X(OTHER_4XX, REQUEST, "route=\"other\",method=\"other\",status=\"4xx\"")                       \
    X(OTHER_5XX, REQUEST, "route=\"other\",method=\"other\",status=\"5xx\"")                       \
    X(REDIS_OTHER, REDIS, "command=\"other\"")                                                     \
    X(REDIS_LOOKUP, REDIS, "command=\"look-up\"")                                                  \
    X(REDIS_FILL, REDIS, "command=\"fill\"")                                                       \
    X(REDIS_STORE, REDIS, "command=\"store\"")                                                     \
    X(REDIS_UNLOCK, REDIS, "command=\"unlock\"")                                                   \
    X(REDIS_FENCE, REDIS, "command=\"fence\"")                                                     \
    X(REDIS_RELEASE, REDIS, "command=\"release\"")                                                 \
    X(REDIS_INVALIDATE, REDIS, "command=\"invalidate\"")                                           \
    X(REDIS_AGE, REDIS, "command=\"age\"")                                                         \
    X(REDIS_COUNT, REDIS, "command=\"count\"")                                                     \
    X(REDIS_RECLAIM, REDIS, "command=\"reclaim\"")                                                 \
    X(MONGO_FIND, MONGO, "operation=\"find\"")                                                     \
    X(MONGO_INSERT, MONGO, "operation=\"insert\"")                                                 \
    X(MONGO_UPDATE, MONGO, "operation=\"update\"")                                                 \
    X(MONGO_DELETE, MONGO, "operation=\"delete\"")                                                 \
    X(MONGO_COUNT, MONGO, "operation=\"count\"")                                                   \
    X(MONGO_AGGREGATE, MONGO, "operation=\"aggregate\"")                                           \
    X(QUEUE_WAIT, QUEUE, "")                                                                       \
    X(LOOP_DELAY, LOOP, "")                                                                        \
    X(LOOP_HOLD, HOLD, "")

enum histogram {
#define HISTOGRAM_ENUM(id, family, label) HISTOGRAM_##id,
    HISTOGRAM_LIST(HISTOGRAM_ENUM)
#undef HISTOGRAM_ENUM
        HISTOGRAM_FIXED
};

enum {
    HISTOGRAM_BUCKETS = 16,      /* with a bound, 0.0001 to 10 s; one more has none */
    HISTOGRAM_ROUTES = 512,      /* places for what routes count; no more than 460 are used */
    HISTOGRAM_LABELS_SIZE = 128, /* of a route's labels, with their NUL */
};

#endif
