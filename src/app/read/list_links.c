/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/list.h"
#include "app/read/note.h"

enum {
    LINK_WORDS = 40,  /* what a link has besides path and query, at most */
    LINK_LEAVES = 300 /* of the head, for the headers that follow */
};

/* --- Link (RFC 8288) --- */

/* The links of one answer.  They have to fit into one buffer with the other headers: those that do
 * not are left out, so what leads on is put first. */
struct links {
    struct buf *head;
    struct str target; /* the path, with the parameters that all pages of the walk share */
    char joint;        /* between the target and one parameter more */
    bool begun;
};

static struct links links_of(const struct list_read *read, struct buf *head, struct arena *arena)
{
    struct str base = query_text(&read->query, read->plan->walk, arena);
    bool bare = base.len == 0;

    return (struct links){.head = head,
                          .target =
                              bare ? read->path : ARENA_JOIN(arena, read->path, STR("?"), base),
                          .joint = bare ? '?' : '&'};
}

/* name: with its "="; without a value, neither is put. */
static void links_put(struct links *links, struct str name, struct str value, struct str rel)
{
    struct buf *head = links->head;
    size_t size = links->target.len + value.len + LINK_WORDS;
    char *to = head->len + size <= RESPONSE_HEAD_MAX - LINK_LEAVES ? buf_reserve(head, size) : NULL;

    if (to == NULL)
        return;
    to = links->begun ? str_put(to, STR(", <")) : str_put(to, STR("Link: <"));
    to = str_put(to, links->target);
    if (value.len > 0) {
        *to++ = links->joint;
        to = str_put(to, name);
        to = str_put(to, value);
    }
    to = str_put(to, STR(">; rel=\""));
    to = str_put(to, rel);
    *to++ = '"';
    head->len = (size_t)(to - head->ptr);
    links->begun = true;
}

/* Page 1 is the default, which a canonical query leaves out. */
static struct str page_text(uint64_t page, char room[static DECIMAL_MAX])
{
    return page > 1 ? str_decimal(page, room) : STR("");
}

/* How many there are, and relative references. */
void list_links(struct response *response, const struct cache_lookup *lookup)
{
    const struct list_read *read = (const struct list_read *)lookup;
    struct request *request = lookup->context;
    uint64_t page = list_number(read, PARAM_PAGE);
    uint64_t reach = PAGE_REACH / list_number(read, PARAM_LIMIT);
    bool walking = list_value(read, PARAM_AFTER)->given;
    bool gzip = lookup->want_gzip && lookup->entry.gzip.len > 0 && lookup->source != CACHE_DATABASE;
    const struct note note = note_take(&lookup->entry, gzip);
    struct links links = links_of(read, &response->head, &request->arena);
    const struct str by_page = STR("page=");
    char room[DECIMAL_MAX];

    if (note.total.len > 0)
        response_header(response, STR("X-Total-Count"), note.total);
    if (!walking && page < note.pages && page < reach)
        links_put(&links, by_page, page_text(page + 1, room), STR("next"));
    else if (note.next.len > 0)
        links_put(&links, STR("after="), note.next, STR("next"));
    if (!walking && page > 1)
        links_put(&links, by_page, page_text(page - 1, room), STR("prev"));
    links_put(&links, STR(""), STR(""), STR("first"));
    if (note.pages > 0 && note.pages <= reach)
        links_put(&links, by_page, page_text(note.pages, room), STR("last"));
    if (links.begun)
        buf_literal(&response->head, "\r\n");
}
