/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_CTL_CTL_H
#define LARDER_CTL_CTL_H

#include "backend/backend.h"
#include "base/config.h"
#include "schema/schema.h"

/* What a subcommand of larderctl is, and what it works with.  A command is one file and one const
 * entry of the table in larderctl.c; it waits for each answer before it goes on. */

enum { CTL_OK = 0, CTL_FAILED = 1, CTL_USAGE = 2, CTL_EXISTS = 3 }; /* exit statuses */

struct ctl {
    const struct config *config;
    uv_loop_t loop;
    uv_timer_t tick; /* so that a wait with a deadline ends */
    struct backend backend;
    struct schema *schema; /* NULL before ctl_load_schema */
    bool loop_open, backend_open;
};

struct command {
    const char *name; /* one word or two: "cache list" */
    const char *args; /* "[PATTERN]" */
    const char *summary;
    const char *help; /* lines for --help */
    /* argv are the words behind the name; gives the exit status. */
    int (*run)(struct ctl *ctl, int argc, char **argv);
};

extern const struct command command_admin_add;
extern const struct command command_cache_expire;
extern const struct command command_cache_list;
extern const struct command command_cache_persist;
extern const struct command command_cache_purge;
extern const struct command command_cache_show;
extern const struct command command_cache_stats;
extern const struct command command_cache_touch;
extern const struct command command_cache_ttl;
extern const struct command command_cache_warm;
extern const struct command command_export;
extern const struct command command_installation;
extern const struct command command_key_add;
extern const struct command command_key_list;
extern const struct command command_key_revoke;
extern const struct command command_load;
extern const struct command command_redis_ping;
extern const struct command command_reindex;
extern const struct command command_resource_check;
extern const struct command command_resource_infer;
extern const struct command command_resource_list;
extern const struct command command_restored;
extern const struct command command_user_add;
extern const struct command command_user_delete;
extern const struct command command_user_disable;
extern const struct command command_user_enable;
extern const struct command command_user_list;
extern const struct command command_user_passwd;
extern const struct command command_user_role;

/* "larderctl: ..." on standard error. */
void ctl_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, with "--help says more"; gives CTL_USAGE. */
int ctl_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The word that goes with the number. */
static inline const char *ctl_noun(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

/* Opens what a command needs; on failure says why and gives false.  Everything is closed by
 * ctl_close. */
bool ctl_open_all(struct ctl *ctl);
bool ctl_open_servers(struct ctl *ctl); /* both, without the cache over them */
bool ctl_open_redis(struct ctl *ctl);
bool ctl_open_mongo(struct ctl *ctl);
void ctl_close(struct ctl *ctl);
/* Reads the files of LARDER_RESOURCES, once; on failure says all that is wrong and gives false. */
bool ctl_load_schema(struct ctl *ctl);
/* One of its resources; NULL and a message when there is none of this name. */
const struct resource *ctl_resource(struct ctl *ctl, const char *name);

/* Runs the loop until *flag. */
void ctl_wait(struct ctl *ctl, const bool *flag);
/* Runs the loop until Redis is ready, has refused, or some seconds have passed. */
bool ctl_redis_ready(struct ctl *ctl);
/* Sends a command and waits for its answer; on_reply (may be NULL) sees it when it is no error. */
enum err ctl_redis(struct ctl *ctl, size_t argc, const struct str argv[],
                   void (*on_reply)(void *context, const struct redis_value *reply), void *context);
/* An on_reply whose context is the int64_t to write to. */
void ctl_take_int(void *context, const struct redis_value *reply);

#endif
