/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/descriptors.h"
#include "base/idiom.h"
#include "base/log.h"
#include "base/output.h"
#include "ctl/ctl.h"

static const struct command *const commands[] = {
    &command_load,          &command_export,      &command_resource_check, &command_resource_infer,
    &command_resource_list, &command_reindex,     &command_admin_add,      &command_user_add,
    &command_user_list,     &command_user_passwd, &command_user_role,      &command_user_disable,
    &command_user_enable,   &command_user_delete, &command_key_add,        &command_key_list,
    &command_key_revoke,    &command_cache_list,  &command_cache_show,     &command_cache_ttl,
    &command_cache_stats,   &command_cache_warm,  &command_cache_expire,   &command_cache_persist,
    &command_cache_purge,   &command_cache_touch, &command_redis_ping,     &command_installation,
    &command_restored,
};
enum { COMMANDS = COUNT(commands) };

static void print_name(FILE *to, const struct command *command)
{
    fprintf(to, "%s%s%s\n", command->name, command->args[0] != '\0' ? " " : "", command->args);
}

/* The second word of a command that begins with this one and has two; else empty. */
static struct str second_word(const struct command *command, const char *word)
{
    struct str rest = str_from(command->name), first;

    if (!str_split(&rest, ' ', &first) || !str_eq(first, str_from(word)))
        return (struct str){0};
    return rest;
}

/* Of those that begin with the word (NULL: of all); false when there is none. */
static bool print_commands(FILE *to, const char *word)
{
    bool any = false;

    for (size_t i = 0; i < COMMANDS; i++) {
        if (word != NULL && second_word(commands[i], word).len == 0)
            continue;
        fprintf(to, "%s  ", any ? "" : "usage: larderctl [--config FILE] COMMAND ...\n\n");
        print_name(to, commands[i]);
        fprintf(to, "      %s\n", commands[i]->summary);
        any = true;
    }
    return any;
}

static void print_usage(FILE *to)
{
    print_commands(to, NULL);
    fputs("\n  --config FILE  settings, NAME=VALUE lines; the environment wins\n"
          "  -h, --help     this, or what COMMAND does; so does help [COMMAND]\n"
          "  -V, --version\n\n"
          "The settings are those of larderd; larderd --help lists them.\n",
          to);
}

static void print_help(const struct command *command)
{
    fputs("usage: larderctl [--config FILE] ", stdout);
    print_name(stdout, command);
    printf("\n%s.\n%s", command->summary, command->help);
}

/* The command whose one or two words the arguments begin with; *words says how many. */
static const struct command *larderctl_find(int argc, char **argv, int *words)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        struct str rest = str_from(commands[i]->name), word = {NULL, 0};

        *words = 0;
        while (*words < argc && str_split(&rest, ' ', &word) &&
               str_eq(word, str_from(argv[*words])))
            (*words)++;
        if (rest.ptr == NULL && *words > 0 && str_eq(word, str_from(argv[*words - 1])))
            return commands[i];
    }
    return NULL;
}

/* What there is that begins with the first word, or that there is nothing. */
static int larderctl_refuse(const char *word)
{
    struct buf known = BUF_INIT(1024);
    struct str second;
    int status;

    for (size_t i = 0; i < COMMANDS; i++) {
        second = second_word(commands[i], word);
        if (second.len == 0)
            continue;
        buf_str(&known, known.len > 0 ? STR(", ") : STR(""));
        buf_str(&known, second);
    }
    status = known.len > 0 ? ctl_usage("%s takes one of: %.*s", word, (int)known.len, known.ptr)
                           : ctl_usage("there is no command \"%s\"", word);
    buf_free(&known);
    return status;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (is_help(argv[i]))
            return true;
    return false;
}

/* help [COMMAND], or the first word of several. */
static int help(int argc, char **argv)
{
    const struct command *command;
    int words;

    if (argc == 0) {
        print_usage(stdout);
        return CTL_OK;
    }
    command = larderctl_find(argc, argv, &words);
    if (command != NULL)
        print_help(command);
    else if (!print_commands(stdout, argv[0]))
        return larderctl_refuse(argv[0]);
    return CTL_OK;
}

/* The log is for what goes wrong: a tool says the rest itself. */
static void set_up(const struct config *config)
{
    uint64_t level = config_number(config, CONFIG_LOG_LEVEL);
    char threads[16];

    log_setup(level == LOG_INFO ? LOG_WARN : (enum log_level)level, LOG_TEXT);
    signal(SIGPIPE, SIG_IGN);
    snprintf(threads, sizeof threads, "%u", backend_threads(config));
    setenv("UV_THREADPOOL_SIZE", threads, 1);
}

static int larderctl_run(const struct command *command, const char *file, int argc, char **argv)
{
    struct config config;
    struct ctl ctl = {.config = &config};
    struct buf problems = BUF_INIT(CONFIG_FILE_MAX), notes = BUF_INIT(CONFIG_FILE_MAX);
    int status = CTL_FAILED;
    enum err err;

    config_init(&config);
    err = config_load(&config, file, environ, &problems, &notes);
    output_warnings(&notes);
    if (err == ERR_OK) {
        set_up(&config);
        status = command->run(&ctl, argc, argv);
        ctl_close(&ctl);
    } else {
        fwrite(problems.ptr, 1, problems.len, stderr);
    }
    buf_free(&problems);
    buf_free(&notes);
    config_free(&config);
    return status;
}

static int obey(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {0}};
    const struct command *command;
    static char name[] = "larderctl";
    const char *file = NULL;
    int c, words;

    descriptors_fill();
    while ((c = getopt_long(argc, argv, "+hV", options, NULL)) != -1) {
        switch (c) {
        case 'c': file = optarg; break;
        case 'h': print_usage(stdout); return CTL_OK;
        case 'V': puts("larderctl " PACKAGE_VERSION); return CTL_OK;
        default: return ctl_usage("usage: larderctl [--config FILE] COMMAND ...");
        }
    }
    argc -= optind;
    argv += optind;
    if (argc == 0) {
        print_usage(stderr);
        return CTL_USAGE;
    }
    if (strcmp(argv[0], "help") == 0)
        return help(argc - 1, argv + 1);
    command = larderctl_find(argc, argv, &words);
    if (command == NULL && argc == 2 && is_help(argv[1]))
        return help(1, argv);
    if (command == NULL)
        return larderctl_refuse(argv[0]);
    argv[words - 1] = name; /* before its arguments, where getopt looks for whom to name */
    if (wants_help(argc - words, argv + words)) {
        print_help(command);
        return CTL_OK;
    }
    return larderctl_run(command, file, argc - words, argv + words);
}

int main(int argc, char **argv)
{
    return output_end("larderctl", obey(argc, argv));
}
