/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/idiom.h"
#include "base/json_writer.h"
#include "base/mem.h"
#include "base/network.h"

enum type {
    TYPE_URL,      /* limit: its schemes, in any case; shown with the password masked */
    TYPE_NAME,     /* letters, digits, '.', '_' and '-' */
    TYPE_SIZE,     /* bytes: 0 or min to max */
    TYPE_UINT,     /* min to max */
    TYPE_CHOICE,   /* limit: the words; its number is the index of the word */
    TYPE_LISTEN,   /* an address, or empty */
    TYPE_SECRET,   /* empty, or min to max characters that show; never shown */
    TYPE_NETWORKS, /* addresses and networks with commas between, or none */
    TYPE_ORIGINS,  /* web origins (RFC 6454), or *, with commas between; or empty */
    TYPE_SHARE,    /* limit: words for nothing and all, or 0 to 1; its number is a millionth */
    TYPE_FOLDER,   /* a path */
};

struct setting {
    struct str name;
    enum type type;
    const char *initial;
    uint64_t min, max;
    const char *limit, *help;
};

static const struct setting settings[CONFIG_COUNT] = {
#define CONFIG_ROW(id, name_, type_, initial_, min_, max_, limit_, help_)                          \
    [CONFIG_##id] = {.name = STR_INIT(name_),                                                      \
                     .type = TYPE_##type_,                                                         \
                     .initial = (initial_),                                                        \
                     .min = (min_),                                                                \
                     .max = (max_),                                                                \
                     .limit = (limit_),                                                            \
                     .help = (help_)},
    CONFIG_LIST(CONFIG_ROW)
#undef CONFIG_ROW
};

/* --- Checks, one a type --- */

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool only_of(struct str s, const char *more)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '\0' || (!is_letter_or_digit(s.ptr[i]) && !strchr(more, s.ptr[i])))
            return false;
    return true;
}

/* Index of the word in "a|b|c", or -1. */
static int word_index(const char *words, struct str word, bool (*equal)(struct str a, struct str b))
{
    struct str rest = str_from(words), part;

    for (int i = 0; str_split(&rest, '|', &part); i++)
        if (equal(part, word))
            return i;
    return -1;
}

static bool check_url(const struct setting *setting, struct str value, uint64_t *number)
{
    size_t colon = str_find(value, ':');
    struct str rest = str_from_offset(value, colon);

    (void)number;
    return word_index(setting->limit, str_make(value.ptr, colon), str_eq_nocase) >= 0 &&
           str_starts(rest, STR("://")) && rest.len > 3;
}

static bool check_name(const struct setting *setting, struct str value, uint64_t *number)
{
    (void)number;
    return value.len >= setting->min && value.len <= setting->max && only_of(value, "._-");
}

static bool check_size(const struct setting *setting, struct str value, uint64_t *number)
{
    return str_size(value, 0, setting->max, number) == ERR_OK &&
           (*number == 0 || *number >= setting->min);
}

static bool check_uint(const struct setting *setting, struct str value, uint64_t *number)
{
    return str_uint(value, setting->min, setting->max, number) == ERR_OK;
}

static bool check_choice(const struct setting *setting, struct str value, uint64_t *number)
{
    int index = word_index(setting->limit, value, str_eq);

    *number = index >= 0 ? (uint64_t)index : 0;
    return index >= 0;
}

static bool check_share(const struct setting *setting, struct str value, uint64_t *number)
{
    int index = word_index(setting->limit, value, str_eq);
    double share = 0;

    *number = index == 1 ? setting->max : 0;
    if (index >= 0)
        return true;
    if (str_double(value, 0, 1, &share) != ERR_OK)
        return false;
    *number = (uint64_t)(share * (double)setting->max + 0.5);
    return true;
}

/* The part behind the last colon is a port. */
static bool has_port(struct str value, size_t *host_len)
{
    uint64_t port;
    size_t at = value.len;

    while (at > 0 && value.ptr[at - 1] != ':')
        at--;
    *host_len = at > 0 ? at - 1 : 0;
    return at > 0 && str_uint(str_from_offset(value, at), 1, 65535, &port) == ERR_OK;
}

static bool check_listen(const struct setting *setting, struct str value, uint64_t *number)
{
    size_t host_len;

    (void)setting;
    (void)number;
    if (value.len == 0)
        return true;
    if (str_starts(value, STR("unix:")))
        return value.len > 6 && value.len < 5 + 108 && value.ptr[5] == '/';
    return has_port(value, &host_len) && only_of(str_make(value.ptr, host_len), ".-_:[]");
}

/* As a browser sends it: without the scheme's own port. */
static bool is_origin(struct str origin)
{
    static const struct scheme {
        struct str begin, port;
    } schemes[] = {{STR_INIT("https://"), STR_INIT(":443")},
                   {STR_INIT("http://"), STR_INIT(":80")}};
    const struct scheme *scheme = schemes;
    struct str host;
    size_t host_len;

    while (!str_starts(origin, scheme->begin))
        if (++scheme == schemes + COUNT(schemes))
            return false;
    host = str_from_offset(origin, scheme->begin.len);
    if (str_find(host, ':') < host.len && host.ptr[host.len - 1] != ']') {
        if (!has_port(host, &host_len) || str_eq(str_from_offset(host, host_len), scheme->port))
            return false;
        host.len = host_len;
    }
    return host.len > 0 && only_of(host, ".-_:[]");
}

static bool check_origins(const struct setting *setting, struct str value, uint64_t *number)
{
    struct str rest = value, part;

    (void)number;
    if (value.len == 0)
        return true;
    while (str_split(&rest, ',', &part))
        if (!str_eq(str_trim(part), STR("*")) && !is_origin(str_trim(part)))
            return false;
    return value.len <= setting->max;
}

static bool check_folder(const struct setting *setting, struct str value, uint64_t *number)
{
    (void)number;
    return value.len > 0 && value.len <= setting->max;
}

static bool check_secret(const struct setting *setting, struct str value, uint64_t *number)
{
    (void)number;
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] <= ' ' || value.ptr[i] > '~')
            return false;
    return value.len == 0 || (value.len >= setting->min && value.len <= setting->max);
}

static bool check_networks(const struct setting *setting, struct str value, uint64_t *number)
{
    struct network networks[NETWORKS_MAX];
    size_t count;

    (void)number;
    return value.len <= setting->max && networks_parse(value, networks, &count) == ERR_OK;
}

static bool (*const checks[])(const struct setting *, struct str, uint64_t *) = {
    [TYPE_URL] = check_url,           [TYPE_NAME] = check_name,     [TYPE_SIZE] = check_size,
    [TYPE_UINT] = check_uint,         [TYPE_CHOICE] = check_choice, [TYPE_LISTEN] = check_listen,
    [TYPE_NETWORKS] = check_networks, [TYPE_SECRET] = check_secret, [TYPE_ORIGINS] = check_origins,
    [TYPE_FOLDER] = check_folder,     [TYPE_SHARE] = check_share,
};

/* --- Messages --- */

enum config_id config_find(struct str name)
{
    int i = 0;

    while (i < CONFIG_COUNT && !str_eq(settings[i].name, name))
        i++;
    return (enum config_id)i;
}

const char *config_name(enum config_id id)
{
    return settings[id].name.ptr;
}

static void put_size(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    size_t unit = 0;

    while (unit < 3 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    buf_uint(out, bytes);
    buf_str(out, str_from(units[unit]));
}

/* "a, b or c", each with something behind it. */
static void put_words(struct buf *out, const char *words, const char *behind)
{
    struct str rest = str_from(words), part;

    for (bool first = true; str_split(&rest, '|', &part); first = false) {
        if (!first)
            buf_str(out, rest.ptr == NULL ? STR(" or ") : STR(", "));
        buf_str(out, part);
        buf_str(out, str_from(behind));
    }
}

void config_allowed(enum config_id id, struct buf *out)
{
    const struct setting *setting = &settings[id];

    switch (setting->type) {
    case TYPE_URL: put_words(out, setting->limit, "://"); break;
    case TYPE_NAME:
        buf_printf(out, "%d to %d letters, digits, '.', '_' and '-'", (int)setting->min,
                   (int)setting->max);
        break;
    case TYPE_SIZE:
        buf_literal(out, "0 or ");
        put_size(out, setting->min);
        buf_literal(out, " to ");
        put_size(out, setting->max);
        break;
    case TYPE_UINT:
        buf_uint(out, setting->min);
        buf_literal(out, " to ");
        buf_uint(out, setting->max);
        break;
    case TYPE_CHOICE: put_words(out, setting->limit, ""); break;
    case TYPE_NETWORKS:
        buf_literal(out, "none, or up to 64 addresses and networks with commas between");
        break;
    case TYPE_SECRET:
        buf_printf(out, "empty, or %d to %d characters without blanks", (int)setting->min,
                   (int)setting->max);
        break;
    case TYPE_SHARE: buf_literal(out, "off, all or 0 to 1"); break;
    case TYPE_LISTEN: buf_literal(out, "empty, unix:/path or host:port"); break;
    case TYPE_ORIGINS:
        buf_literal(out, "empty, or http(s)://host[:port] or *, with commas between");
        break;
    case TYPE_FOLDER: buf_literal(out, "a path"); break;
    }
}

void config_help(struct buf *out)
{
    for (int i = 0; i < CONFIG_COUNT; i++) {
        buf_printf(out, "  %s=%s\n      %s\n      (", settings[i].name.ptr, settings[i].initial,
                   settings[i].help);
        config_allowed((enum config_id)i, out);
        buf_literal(out, ")\n");
    }
}

/* Control characters and quotes of the value come out escaped. */
static void put_value(struct buf *out, enum config_id id, struct str value)
{
    struct buf masked = BUF_INIT(CONFIG_FILE_MAX);

    if (settings[id].type == TYPE_URL) {
        config_mask_url(value, &masked);
        value = buf_view(&masked);
    } else if (settings[id].type == TYPE_SECRET) {
        value = STR("***");
    }
    if (value.len > 200) {
        value.len = 200;
        json_put_string(out, value);
        buf_literal(out, "...");
    } else {
        json_put_string(out, value);
    }
    buf_free(&masked);
}

/* --- Setting --- */

static void store(struct config_value *to, struct str value, uint64_t number)
{
    if (to->text != NULL)
        mem_wipe(to->text, strlen(to->text));
    free(to->text);
    to->text = mem_strndup(value.len > 0 ? value.ptr : "", value.len);
    to->number = number;
}

enum err config_set(struct config *config, enum config_id id, struct str value, const char *place,
                    struct buf *problems)
{
    const struct setting *setting = &settings[id];
    uint64_t number = 0;

    if (value.len <= CONFIG_VALUE_MAX && (value.len == 0 || !memchr(value.ptr, '\0', value.len)) &&
        checks[setting->type](setting, value, &number)) {
        store(&config->values[id], value, number);
        return ERR_OK;
    }
    buf_printf(problems, "%s: %s is ", place, setting->name.ptr);
    put_value(problems, id, value);
    buf_literal(problems, "; allowed: ");
    config_allowed(id, problems);
    buf_char(problems, '\n');
    return ERR_INVALID;
}

void config_init(struct config *config)
{
    memset(config, 0, sizeof *config);
    for (int i = 0; i < CONFIG_COUNT; i++) {
        struct str value = str_from(settings[i].initial);
        uint64_t number = 0;

        if (!checks[settings[i].type](&settings[i], value, &number))
            abort();
        store(&config->values[i], value, number);
    }
}

void config_free(struct config *config)
{
    for (int i = 0; i < CONFIG_COUNT; i++) {
        if (config->values[i].text != NULL)
            mem_wipe(config->values[i].text, strlen(config->values[i].text));
        free(config->values[i].text);
    }
    memset(config, 0, sizeof *config);
}
