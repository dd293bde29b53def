/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/read/scope.h"

#include "app/answer.h"
#include "app/layout.h"
#include "app/people/auth.h"
#include "app/people/users.h"

void scope_init(struct scope *scope, struct request *request, const struct route *route)
{
    const struct visitor *visitor = request_visitor(request);

    *scope = (struct scope){.owner = {.type = VALUE_NONE}};
    if ((route->flags & ROUTE_OWNED) == 0)
        return;
    scope->reader = answer_personal_name(STR(""), request, &request->arena);
    if (visitor->profile.role < ROLE_ADMIN)
        scope->owner = value_oid(visitor->profile.id);
}

/* One's own documents go with any write to what one owns. */
void scope_tags(const struct scope *scope, const struct app *app, const struct plan *plan,
                const struct query *query, struct arena *arena, struct cache_lookup *lookup)
{
    lookup->tag_count = 1;
    if (scope->owner.type != VALUE_NONE) {
        lookup->tag_count = 2;
        lookup->tags[0] = owner_tag(&scope->owner.oid, arena_alloc(arena, PROFILE_NAME_MAX));
        lookup->tags[1] = plan_all_partitions(plan, arena);
    } else if (layouts_agree(app->layouts, plan->resource)) {
        lookup->tag_count = plan_list_tags(plan, query, arena, lookup->tags);
    } else {
        lookup->tags[0] = plan->resource->name;
    }
}
