/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/key.h"

#include "base/hash.h"
#include "memory/memory.h"

enum err key_epoch(struct str info, struct str *epoch)
{
    struct str line, name = STR("run_id:");

    while (str_split(&info, '\n', &line)) {
        if (!str_starts(line, name))
            continue;
        *epoch = str_from_offset(line, name.len);
        epoch->len = str_find(*epoch, '\r');
        return epoch->len > 0 && epoch->len <= EPOCH_MAX ? ERR_OK : ERR_PROTOCOL;
    }
    return ERR_PROTOCOL;
}

struct str key_name(struct str name, char room[static KEY_HASHED_MAX])
{
    static const struct str infix = STR_INIT(":sha256:");
    unsigned char digest[SHA256_SIZE];
    size_t word;

    if (name.len <= KEY_NAME_MAX)
        return name;
    word = str_find(name, ':');
    if (word > KEY_HASHED_MAX - infix.len - 2 * SHA256_SIZE)
        word = 0;
    sha256(name, digest);
    memcpy(room, name.ptr, word);
    memcpy(room + word, infix.ptr, infix.len);
    hex_encode(digest, sizeof digest, room + word + infix.len);
    return str_make(room, word + infix.len + 2 * SHA256_SIZE);
}

uint32_t key_slot(struct str tag)
{
    char room[KEY_HASHED_MAX];

    return memory_slot(key_name(tag, room));
}

struct str key_make(struct arena *arena, struct str base, struct str kind, struct str name)
{
    char room[KEY_HASHED_MAX];
    struct str bounded = key_name(name, room);
    char *to = arena_alloc(arena, base.len + kind.len + bounded.len + 1);

    memcpy(to, base.ptr, base.len);
    memcpy(to + base.len, kind.ptr, kind.len);
    memcpy(to + base.len + kind.len, bounded.ptr, bounded.len);
    return str_make(to, base.len + kind.len + bounded.len);
}
