/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/person.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/email.h"
#include "base/idiom.h"
#include "base/mem.h"
#include "mongo/collection.h"

enum { NAME_CHARS_MAX = 100 };

bool person_name_is_good(struct str s)
{
    if (s.len == 0 || !str_is_utf8(s) || str_chars(s) > NAME_CHARS_MAX)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
            return false;
    return true;
}

/* --- The terminal, without an echo --- */

static const int endings[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { ENDINGS = COUNT(endings) };

static struct termios as_found;

/* Gives the terminal back; the signal itself takes effect when this returns. */
static void on_ending(int number)
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_found);
    signal(number, SIG_DFL);
    raise(number);
}

/* All signals are held back in the handler: in the background, one would stop tcsetattr. */
static void silence_begin(struct sigaction before[static ENDINGS])
{
    struct sigaction action = {.sa_handler = on_ending};
    struct termios silent = as_found;

    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < ENDINGS; i++) {
        sigaction(endings[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(endings[i], &action, NULL);
    }
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
}

static void silence_end(const struct sigaction before[static ENDINGS])
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &as_found);
    for (size_t i = 0; i < ENDINGS; i++)
        sigaction(endings[i], &before[i], NULL);
}

/* --- Input --- */

enum { LINE_SIZE = PASSWORD_MAX + 2 };

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
    bool terminal = tcgetattr(STDIN_FILENO, &as_found) == 0, ok;
    struct sigaction before[ENDINGS];

    if (terminal) {
        fputs(text, stderr);
        silence_begin(before);
    }
    ok = read_line(line);
    if (terminal) {
        silence_end(before);
        fputc('\n', stderr);
    }
    return ok;
}

static bool person_ask(char password[static LINE_SIZE])
{
    char again[LINE_SIZE];
    bool same = true, ok = prompt("Password: ", password);

    if (!ok || password_acceptable(str_from(password)) != ERR_OK) {
        ctl_error("the password must have %d characters or more, at most %d bytes, and no control "
                  "characters",
                  PASSWORD_MIN, PASSWORD_MAX);
        return false;
    }
    if (isatty(STDIN_FILENO)) {
        same = prompt("Once more: ", again) && strcmp(again, password) == 0;
        mem_wipe(again, sizeof again);
    }
    if (!same)
        ctl_error("the two are not the same");
    return same;
}

bool person_password(char hash[static PASSWORD_HASH_SIZE])
{
    char password[LINE_SIZE];
    bool ok = person_ask(password);

    if (ok && password_hash(str_from(password), hash) != ERR_OK) {
        ctl_error("the password cannot be hashed");
        ok = false;
    }
    mem_wipe(password, sizeof password);
    return ok;
}

/* --- Adding --- */

struct new_person {
    struct str email, name, role;
    char hash[PASSWORD_HASH_SIZE];
};

static enum err person_insert(struct mongo_db *db, void *context)
{
    const struct new_person *person = context;
    int64_t now_ms = clock_wall_ms();
    const struct assignment fields[] = {
        {STR("_id"), ASSIGN_SET, value_oid(oid_new())},
        {STR("name"), ASSIGN_SET, value_string(person->name)},
        {STR("email"), ASSIGN_SET, value_string(person->email)},
        {STR("passwordHash"), ASSIGN_SET, value_string(str_from(person->hash))},
        {STR("role"), ASSIGN_SET, value_string(person->role)},
        {STR("loginCount"), ASSIGN_SET, value_int(0)},
        {STR("sessionEpoch"), ASSIGN_SET, value_int(0)},
        {STR("createdAt"), ASSIGN_SET, value_date(now_ms)},
        {STR("updatedAt"), ASSIGN_SET, value_date(now_ms)},
        {STR("version"), ASSIGN_SET, value_int(1)},
        {STR("madeBy"), ASSIGN_SET, value_string(STR("operator"))},
    };
    const struct document document = {fields, COUNT(fields)};
    enum err err = users_one_per_email(db);

    return err == ERR_OK ? collection_insert(db, users.collection, &document) : err;
}

static int ctl_person_add(struct ctl *ctl, struct new_person *person)
{
    enum err err;

    if (!person_password(person->hash) || !ctl_open_mongo(ctl))
        return CTL_FAILED;
    err = mongo_run(ctl->backend.mongo, person_insert, person);
    if (err == ERR_EXISTS)
        ctl_error("%.*s exists already", (int)person->email.len, person->email.ptr);
    else if (err == ERR_UNSUPPORTED)
        ctl_error("%.*s was not added: MongoDB refuses the index by which each email is one's; two "
                  "documents of %.*s may have the same",
                  (int)person->email.len, person->email.ptr, (int)users.collection.len,
                  users.collection.ptr);
    else if (err != ERR_OK)
        ctl_error("%.*s was not added: MongoDB: %s", (int)person->email.len, person->email.ptr,
                  err_text(err));
    else
        printf("%.*s added as %.*s\n", (int)person->email.len, person->email.ptr,
               (int)person->role.len, person->role.ptr);
    return err == ERR_OK ? CTL_OK : err == ERR_EXISTS ? CTL_EXISTS : CTL_FAILED;
}

int person_add(struct ctl *ctl, const char *email, const char *name, enum role role)
{
    struct new_person person = {.name = str_from(name), .role = role_name(role)};
    char room[EMAIL_MAX];

    if (email == NULL || email_normalise(str_from(email), room, &person.email) != ERR_OK)
        return ctl_usage("--email must be an address such as ada@example.org");
    if (!person_name_is_good(str_from(name)))
        return ctl_usage("--name must have 1 to %d characters", NAME_CHARS_MAX);
    return ctl_person_add(ctl, &person);
}
