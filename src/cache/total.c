/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/total.h"

#include "base/clock.h"
#include "base/mem.h"

struct carried *totals_new(const struct cache_write *write)
{
    struct carried *carried = mem_array(write->total_count + 1, sizeof *carried);

    for (size_t i = 0; i < write->total_count; i++)
        carried[i].value = -1;
    return carried;
}

/* {version, entry} of each: what the tag was before the fence, and what lay there; or nothing. */
static void total_take(struct carried *carried, struct seal *seal, const struct cache_total *total,
                       struct str version, struct str sealed)
{
    struct entry entry;
    struct str bytes;
    uint64_t before;
    int64_t now_ms = clock_wall_ms();

    if (cache_parse_version(version, &before) != ERR_OK ||
        seal_open(seal, total->name, sealed, &bytes) != ERR_OK ||
        entry_decode(bytes, &entry) != ERR_OK || entry_is_ahead(&entry, now_ms) || entry.brief ||
        entry.status != 200 || entry.tag_count == 0 || entry.versions[0] != before ||
        !entry_is_fresh(&entry, now_ms) ||
        str_int(entry.plain, 0, INT64_MAX, &carried->value) != ERR_OK)
        return;
    entry.etag = entry.plain = entry.gzip = STR("");
    carried->entry = entry;
}

void totals_take(struct carried *carried, struct seal *seal, const struct cache_write *write,
                 const struct redis_value *reply)
{
    for (size_t i = 0; i < write->total_count; i++)
        total_take(&carried[i], seal, &write->totals[i], redis_str(redis_item(reply, 2 * i)),
                   redis_str(redis_item(reply, 2 * i + 1)));
}

bool total_after(const struct carried *carried, struct seal *seal, const struct cache_total *total,
                 uint64_t version, struct arena *arena, struct str *sealed, int64_t *life_ms)
{
    struct entry entry = carried->entry;
    struct buf text = BUF_INIT(ENTRY_HEAD_MAX + DECIMAL_MAX + SEAL_SIZE);
    char room[DECIMAL_MAX], ending[SEAL_SIZE];

    *life_ms = entry.stale_until_ms - clock_wall_ms();
    if (carried->value < 0 || carried->value + total->delta < 0 || *life_ms <= 0)
        return false;
    entry.plain = str_decimal((uint64_t)(carried->value + total->delta), room);
    entry.versions[0] = version;
    entry_encode(&entry, &text);
    buf_str(&text, entry.plain);
    seal_make(seal, total->name, buf_view(&text), ending);
    buf_append(&text, ending, sizeof ending);
    *sealed = arena_str(arena, buf_view(&text));
    buf_free(&text);
    return true;
}
