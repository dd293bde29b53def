/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/seal.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/keyed.h"
#include "base/le.h"
#include "base/mem.h"
#include "cache/entry.h"
#include "cache/key.h"

/* What is hashed: the name's length in a byte, the name, the bytes. */
enum { KEPT = 128, KEPT_MAX = 16 << 10 };
_Static_assert(KEY_NAME_MAX <= UINT8_MAX, "a name's length fits into a byte");

struct kept {
    char *text;
    size_t len, size; /* len 0: nothing */
    uint64_t hash;
};

struct seal {
    unsigned char key[KEYED_KEY_SIZE];
    struct kept kept[KEPT]; /* at the place that their hash says */
    struct kept large;      /* room for one that is not kept */
};

struct seal *seal_new(struct str prefix, struct str secret)
{
    struct seal *seal = mem_zalloc(sizeof *seal);
    struct arena arena;

    arena_init(&arena, NULL, 0);
    keyed_key(ARENA_JOIN(&arena, STR("larder entry:"), prefix), secret, seal->key);
    arena_reset(&arena);
    return seal;
}

void seal_free(struct seal *seal)
{
    if (seal == NULL)
        return;
    for (size_t i = 0; i < KEPT; i++)
        free(seal->kept[i].text);
    free(seal->large.text);
    mem_wipe(seal->key, sizeof seal->key);
    free(seal);
}

/* Copies what is to be hashed. */
static struct str write_text(struct kept *to, struct str name, struct str bytes)
{
    to->len = 1 + name.len + bytes.len;
    if (to->len > to->size) {
        free(to->text);
        to->text = mem_alloc(to->len);
        to->size = to->len;
    }
    to->text[0] = (char)name.len;
    memcpy(to->text + 1, name.ptr, name.len);
    memcpy(to->text + 1 + name.len, bytes.ptr, bytes.len);
    return str_make(to->text, to->len);
}

static bool is_kept(const struct kept *kept, struct str name, struct str bytes)
{
    return kept->len == 1 + name.len + bytes.len && kept->text[0] == (char)name.len &&
           memcmp(kept->text + 1, name.ptr, name.len) == 0 &&
           memcmp(kept->text + 1 + name.len, bytes.ptr, bytes.len) == 0;
}

void seal_make(struct seal *seal, struct str name, struct str bytes, char *to)
{
    char room[KEY_HASHED_MAX];
    struct str text = write_text(&seal->large, key_name(name, room), bytes);

    le_put(to, keyed_hash(seal->key, text), SEAL_SIZE);
}

enum err seal_open(struct seal *seal, struct str name, struct str sealed, struct str *bytes)
{
    char room[KEY_HASHED_MAX];
    struct kept *kept;
    uint64_t hash;
    bool good;

    if (sealed.len <= SEAL_SIZE || sealed.len > ENTRY_SIZE_MAX + SEAL_SIZE)
        return ERR_SYNTAX;
    name = key_name(name, room);
    *bytes = str_make(sealed.ptr, sealed.len - SEAL_SIZE);
    hash = le_get(sealed.ptr + bytes->len, SEAL_SIZE);
    kept = &seal->kept[hash % KEPT];
    if (kept->hash == hash && is_kept(kept, name, *bytes))
        return ERR_OK;
    if (1 + name.len + bytes->len > KEPT_MAX)
        kept = &seal->large;
    kept->hash = hash;
    good = keyed_hash(seal->key, write_text(kept, name, *bytes)) == hash;
    if (!good)
        kept->len = 0;
    return good ? ERR_OK : ERR_SYNTAX;
}
