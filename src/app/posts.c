/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/posts.h"

#include "base/idiom.h"

static const struct field fields[] = {
    {.name = STR_INIT("_id"), .type = FIELD_ID, .flags = FIELD_SERVER, .help = "24 hex digits"},
    {.name = STR_INIT("title"),
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 200,
     .example = "\"How to oil a chair\""},
    {.name = STR_INIT("body"),
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 20000,
     .example = "\"Sand it, then oil it twice.\""},
    {.name = STR_INIT("category"),
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 100,
     .example = "\"garden\""},
    {.name = STR_INIT("author"), .type = FIELD_STRING, .min = 1, .max = 100, .example = "\"Ada\""},
    {.name = STR_INIT("tags"),
     .type = FIELD_STRINGS,
     .min = 1,
     .max = 50,
     .items_max = 20,
     .example = "[\"wood\", \"care\"]"},
    {.name = STR_INIT("date"),
     .type = FIELD_TIME,
     .initial = "now",
     .example = "\"2026-11-23T17:00:00.000Z\""},
    {.name = STR_INIT("createdAt"), .type = FIELD_TIME, .flags = FIELD_SERVER},
    {.name = STR_INIT("updatedAt"), .type = FIELD_TIME, .flags = FIELD_SERVER},
    {.name = STR_INIT("ownerId"), .type = FIELD_ID, .flags = FIELD_SERVER | FIELD_HIDDEN},
    {.name = STR_INIT("version"), .type = FIELD_INT, .flags = FIELD_SERVER | FIELD_HIDDEN},
};

static const struct str sorts[] = {STR_INIT("-date"), STR_INIT("date")};

/* Sorted by name: the order of the canonical text. */
static const struct query_param params[] = {
    {.name = STR_INIT("after"),
     .type = PARAM_CURSOR,
     .op = PARAM_AFTER,
     .max = 2000,
     .help = "The next of the page before"},
    {.name = STR_INIT("author"),
     .type = PARAM_STRING,
     .op = PARAM_EQ,
     .field = STR_INIT("author"),
     .min = 1,
     .max = 100},
    {.name = STR_INIT("category"),
     .type = PARAM_STRING,
     .op = PARAM_EQ,
     .field = STR_INIT("category"),
     .min = 1,
     .max = 100},
    {.name = STR_INIT("limit"),
     .type = PARAM_UINT,
     .op = PARAM_LIMIT,
     .min = 1,
     .max = 100,
     .initial = STR_INIT("20")},
    {.name = STR_INIT("page"),
     .type = PARAM_UINT,
     .op = PARAM_PAGE,
     .min = 1,
     .max = 1e9,
     .initial = STR_INIT("1")},
    {.name = STR_INIT("sort"),
     .type = PARAM_CHOICE,
     .op = PARAM_SORT,
     .initial = STR_INIT("-date"),
     .choices = sorts,
     .choice_count = COUNT(sorts)},
    {.name = STR_INIT("tag"),
     .type = PARAM_STRING,
     .op = PARAM_EQ,
     .field = STR_INIT("tags"),
     .min = 1,
     .max = 50},
};

static const struct index indexes[] = {
    {.name = "date", .keys = "-date,-_id"},
    {.name = "category_date", .keys = "category,-date,-_id"},
    {.name = "author_date", .keys = "author,-date,-_id"},
    {.name = "tags_date", .keys = "tags,-date,-_id"},
    {.name = "owner_created", .keys = "ownerId,-createdAt,-_id"},
};

static const struct cache_class item_class = {
    .ttl_ms = 600000, .refresh_ms = 60000, .error_ms = 3600000, .negative = true};
static const struct cache_class list_class = {
    .ttl_ms = 300000, .refresh_ms = 60000, .error_ms = 3600000};

const struct resource posts = {
    .name = STR_INIT("posts"),
    .singular = STR_INIT("post"),
    .title = STR_INIT("Post"),
    .absent = STR_INIT("Post not found"),
    .path = STR_INIT("/api/posts"),
    .scope = STR_INIT("category"),
    .fields = fields,
    .field_count = COUNT(fields),
    .params = params,
    .param_count = COUNT(params),
    .indexes = indexes,
    .index_count = COUNT(indexes),
    .item_class = &item_class,
    .list_class = &list_class,
};
