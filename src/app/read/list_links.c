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
    struct str path, base; /* base: the parameters that all pages of the walk share */
    bool begun;
};

static void put_link(struct links *links, const char *name, struct str value, const char *rel)
{
    struct buf *head = links->head;
    size_t size = links->path.len + links->base.len + value.len + LINK_WORDS;

    if (head->len + size > RESPONSE_HEAD_MAX - LINK_LEAVES)
        return;
    buf_str(head, links->begun ? STR(", <") : STR("Link: <"));
    links->begun = true;
    buf_str(head, links->path);
    if (links->base.len > 0 || value.len > 0)
        buf_char(head, '?');
    buf_str(head, links->base);
    if (value.len > 0) {
        if (links->base.len > 0)
            buf_char(head, '&');
        buf_str(head, str_from(name));
        buf_char(head, '=');
        buf_str(head, value);
    }
    buf_literal(head, ">; rel=\"");
    buf_str(head, str_from(rel));
    buf_char(head, '"');
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
    struct links links = {.head = &response->head,
                          .path = read->path,
                          .base = query_text(&read->query, read->plan->walk, &request->arena)};
    char room[DECIMAL_MAX];

    if (note.total.len > 0)
        response_header(response, STR("X-Total-Count"), note.total);
    if (!walking && page < note.pages && page < reach)
        put_link(&links, "page", page_text(page + 1, room), "next");
    else if (note.next.len > 0)
        put_link(&links, "after", note.next, "next");
    if (!walking && page > 1)
        put_link(&links, "page", page_text(page - 1, room), "prev");
    put_link(&links, "", STR(""), "first");
    if (note.pages > 0 && note.pages <= reach)
        put_link(&links, "page", page_text(note.pages, room), "last");
    if (links.begun)
        buf_literal(&response->head, "\r\n");
}
