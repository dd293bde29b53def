/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/depends.h"

#include "cache/key.h"
#include "live/tagset.h"

void depends_on(struct request *request, const struct cache_lookup *lookup)
{
    if (request->tags == NULL)
        return;
    for (size_t i = 0; i < lookup->tag_count; i++)
        tagset_add(request->tags, key_slot(lookup->tags[i]));
}
