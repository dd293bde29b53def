/* SPDX-License-Identifier: BSD-2-Clause */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/password.h"
#include "ctl/ctl.h"
#include "store/collection.h"

/* larderctl admin add: a person with the role admin.  The password comes from a prompt or from
 * standard input, never from the command line, where others could read it. */

enum { EMAIL_MAX = 254, NAME_CHARS_MAX = 100, LINE_SIZE = PASSWORD_MAX + 2 };

struct admin {
    char email[EMAIL_MAX + 1]; /* lower case */
    const char *name;
    char password[LINE_SIZE], again[LINE_SIZE];
    char hash[PASSWORD_HASH_SIZE];
};

/* --- Input --- */

/* "local@domain" of printable ASCII (RFC 5321's mailbox without quoting), into lower case. */
static bool take_email(const char *text, char to[static EMAIL_MAX + 1])
{
    size_t len = strlen(text), ats = 0;

    if (len < 3 || len > EMAIL_MAX || text[0] == '@' || text[len - 1] == '@')
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        ats += c == '@';
        if (c <= ' ' || c == 0x7f || (unsigned char)c >= 0x80 || strchr("\"(),:;<>[\\]", c))
            return false;
        to[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    to[len] = '\0';
    return ats == 1;
}

static bool is_name(const char *name)
{
    struct str s = str_from(name);

    if (s.len == 0 || !str_is_utf8(s) || str_chars(s) > NAME_CHARS_MAX)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
            return false;
    return true;
}

static bool read_line(char line[static LINE_SIZE])
{
    size_t len = 0;
    char c;

    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
        if (len + 1 == LINE_SIZE)
            return false;
        line[len++] = c;
    }
    if (len > 0 && line[len - 1] == '\r')
        len--;
    line[len] = '\0';
    return true;
}

/* Without an echo where there is a terminal. */
static bool prompt(const char *text, char line[static LINE_SIZE])
{
    struct termios saved, silent;
    bool terminal = tcgetattr(STDIN_FILENO, &saved) == 0, ok;

    if (terminal) {
        fputs(text, stderr);
        silent = saved;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    ok = read_line(line);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
        fputc('\n', stderr);
    }
    return ok;
}

static bool read_password(struct admin *admin)
{
    bool ok = prompt("Password: ", admin->password);

    if (!ok || password_acceptable(str_from(admin->password)) != ERR_OK) {
        ctl_error("the password must have %d characters or more, at most %d bytes, and no control "
                  "characters",
                  PASSWORD_MIN, PASSWORD_MAX);
        return false;
    }
    if (isatty(STDIN_FILENO) &&
        (!prompt("Once more: ", admin->again) || strcmp(admin->again, admin->password) != 0)) {
        ctl_error("the two are not the same");
        return false;
    }
    return true;
}

/* --- Storing --- */

static enum err insert(struct mongo_db *db, void *context)
{
    static const struct index_key email_key = {STR_INIT("email"), 1};
    static const struct index_spec index = {
        .name = "email", .keys = &email_key, .key_count = 1, .unique = true};
    const struct admin *admin = context;
    int64_t now_ms = clock_wall_ms();
    const struct assignment fields[] = {
        {STR("_id"), ASSIGN_SET, value_oid(oid_new())},
        {STR("name"), ASSIGN_SET, value_string(str_from(admin->name))},
        {STR("email"), ASSIGN_SET, value_string(str_from(admin->email))},
        {STR("passwordHash"), ASSIGN_SET, value_string(str_from(admin->hash))},
        {STR("role"), ASSIGN_SET, value_string(STR("admin"))},
        {STR("loginCount"), ASSIGN_SET, value_int(0)},
        {STR("createdAt"), ASSIGN_SET, value_date(now_ms)},
        {STR("updatedAt"), ASSIGN_SET, value_date(now_ms)},
        {STR("version"), ASSIGN_SET, value_int(1)},
    };
    const struct document document = {fields, sizeof fields / sizeof *fields};
    unsigned refused = 0;
    enum err err = collection_create_indexes(db, STR("users"), &index, 1, &refused);

    if (err == ERR_OK && refused > 0)
        err = ERR_UNSUPPORTED; /* without it two people could have one email */
    return err == ERR_OK ? collection_insert(db, STR("users"), &document, NULL) : err;
}

static int add(struct ctl *ctl, struct admin *admin)
{
    enum err err;

    if (!read_password(admin) || !ctl_open_mongo(ctl))
        return CTL_FAILED;
    err = password_hash(str_from(admin->password), admin->hash);
    if (err == ERR_OK)
        err = mongo_run(ctl->backend.mongo, insert, admin);
    if (err == ERR_EXISTS)
        ctl_error("%s exists already", admin->email);
    else if (err != ERR_OK)
        ctl_error("%s was not added: MongoDB: %s", admin->email, err_text(err));
    else
        printf("%s added as admin\n", admin->email);
    return err == ERR_OK ? CTL_OK : err == ERR_EXISTS ? CTL_EXISTS : CTL_FAILED;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
    static const struct option options[] = {
        {"email", required_argument, NULL, 'e'}, {"name", required_argument, NULL, 'n'}, {0}};
    struct admin *admin = mem_zalloc(sizeof *admin);
    const char *email = NULL;
    int c, status;

    admin->name = "Administrator";
    optind = 0;
    while ((c = getopt_long(argc + 1, argv - 1, "", options, NULL)) != -1) {
        if (c == 'e')
            email = optarg;
        else if (c == 'n')
            admin->name = optarg;
        else
            break;
    }
    if (c != -1 || optind != argc + 1)
        status = ctl_usage("admin add takes --email and --name only");
    else if (email == NULL || !take_email(email, admin->email))
        status = ctl_usage("admin add needs --email with an address such as ada@example.org");
    else if (!is_name(admin->name))
        status = ctl_usage("--name must have 1 to %d characters", NAME_CHARS_MAX);
    else
        status = add(ctl, admin);
    mem_wipe(admin, sizeof *admin);
    free(admin);
    return status;
}

const struct command command_admin_add = {
    .name = "admin add",
    .args = "--email EMAIL [--name NAME]",
    .summary = "makes a person who may do everything",
    .help = "Asks for the password on a terminal, twice, and else reads one line from standard "
            "input.\nExits 3 and changes nothing when the email is known already.\n",
    .run = run,
};
