/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/products.h"

#include <float.h>

#include "base/idiom.h"

static const struct field fields[] = {
    {.name = STR_INIT("_id"), .type = FIELD_ID, .flags = FIELD_SERVER, .help = "24 hex digits"},
    {.name = STR_INIT("name"),
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 200,
     .example = "\"Folding chair\""},
    {.name = STR_INIT("price"),
     .type = FIELD_NUMBER,
     .flags = FIELD_REQUIRED,
     .max = DBL_MAX,
     .example = "39.5"},
    {.name = STR_INIT("category"),
     .type = FIELD_STRING,
     .flags = FIELD_REQUIRED,
     .min = 1,
     .max = 100,
     .example = "\"garden\""},
    {.name = STR_INIT("description"),
     .type = FIELD_STRING,
     .max = 5000,
     .example = "\"Oak, folds flat.\""},
    {.name = STR_INIT("inStock"), .type = FIELD_BOOL, .initial = "true", .example = "true"},
    {.name = STR_INIT("featured"), .type = FIELD_BOOL, .initial = "false", .example = "false"},
    {.name = STR_INIT("createdAt"), .type = FIELD_TIME, .flags = FIELD_SERVER},
    {.name = STR_INIT("updatedAt"), .type = FIELD_TIME, .flags = FIELD_SERVER},
    {.name = STR_INIT("ownerId"), .type = FIELD_ID, .flags = FIELD_SERVER | FIELD_HIDDEN},
    {.name = STR_INIT("version"), .type = FIELD_INT, .flags = FIELD_SERVER | FIELD_HIDDEN},
};

static const struct str sorts[] = {
    STR_INIT("-createdAt"), STR_INIT("createdAt"), STR_INIT("price"),     STR_INIT("-price"),
    STR_INIT("name"),       STR_INIT("-name"),     STR_INIT("updatedAt"), STR_INIT("-updatedAt"),
};

static const struct str shown[] = {
    STR_INIT("_id"),      STR_INIT("name"),        STR_INIT("price"),
    STR_INIT("category"), STR_INIT("description"), STR_INIT("inStock"),
    STR_INIT("featured"), STR_INIT("createdAt"),   STR_INIT("updatedAt"),
};

/* Sorted by name: the order of the canonical text. */
static const struct query_param params[] = {
    {.name = STR_INIT("after"),
     .type = PARAM_CURSOR,
     .op = PARAM_AFTER,
     .max = 2000,
     .help = "The next of the page before"},
    {.name = STR_INIT("category"),
     .type = PARAM_STRING,
     .op = PARAM_EQ,
     .field = STR_INIT("category"),
     .min = 1,
     .max = 100},
    {.name = STR_INIT("featured"),
     .type = PARAM_BOOL,
     .op = PARAM_EQ,
     .field = STR_INIT("featured")},
    {.name = STR_INIT("fields"),
     .type = PARAM_CHOICES,
     .op = PARAM_SHOW,
     .choices = shown,
     .choice_count = COUNT(shown),
     .help = "Only these fields, and _id"},
    {.name = STR_INIT("ids"),
     .type = PARAM_IDS,
     .op = PARAM_PICK,
     .max = QUERY_IDS_MAX,
     .help = "These products, in this order; one asked twice is given once"},
    {.name = STR_INIT("inStock"), .type = PARAM_BOOL, .op = PARAM_EQ, .field = STR_INIT("inStock")},
    {.name = STR_INIT("limit"),
     .type = PARAM_UINT,
     .op = PARAM_LIMIT,
     .min = 1,
     .max = 100,
     .initial = STR_INIT("20")},
    {.name = STR_INIT("maxPrice"),
     .type = PARAM_NUMBER,
     .op = PARAM_MAX,
     .field = STR_INIT("price"),
     .max = DBL_MAX},
    {.name = STR_INIT("minPrice"),
     .type = PARAM_NUMBER,
     .op = PARAM_MIN,
     .field = STR_INIT("price"),
     .max = DBL_MAX},
    {.name = STR_INIT("page"),
     .type = PARAM_UINT,
     .op = PARAM_PAGE,
     .min = 1,
     .max = 1e9,
     .initial = STR_INIT("1")},
    {.name = STR_INIT("q"),
     .type = PARAM_TEXT,
     .op = PARAM_MATCH,
     .min = 1,
     .max = 200,
     .help = "Words in name or description"},
    {.name = STR_INIT("sort"),
     .type = PARAM_CHOICE,
     .op = PARAM_SORT,
     .initial = STR_INIT("-createdAt"),
     .choices = sorts,
     .choice_count = COUNT(sorts)},
};

/* One for each sort, alone and behind each filter by equality. */
static const struct index indexes[] = {
    {.name = "created", .keys = "-createdAt,-_id"},
    {.name = "price", .keys = "price,_id"},
    {.name = "name", .keys = "name,_id"},
    {.name = "updated", .keys = "updatedAt,_id"},
    {.name = "category_created", .keys = "category,-createdAt,-_id"},
    {.name = "category_price", .keys = "category,price,_id"},
    {.name = "category_name", .keys = "category,name,_id"},
    {.name = "category_updated", .keys = "category,updatedAt,_id"},
    {.name = "featured_created", .keys = "featured,-createdAt,-_id"},
    {.name = "featured_price", .keys = "featured,price,_id"},
    {.name = "inStock_created", .keys = "inStock,-createdAt,-_id"},
    {.name = "inStock_price", .keys = "inStock,price,_id"},
    {.name = "owner_created", .keys = "ownerId,-createdAt,-_id"},
    {.name = "words", .keys = "text:name,description"},
};

static const struct cache_class item_class = {
    .ttl_ms = 600000, .refresh_ms = 60000, .error_ms = 3600000, .negative = true};
static const struct cache_class list_class = {
    .ttl_ms = 300000, .refresh_ms = 60000, .error_ms = 3600000};

const struct resource products = {
    .name = STR_INIT("products"),
    .singular = STR_INIT("product"),
    .title = STR_INIT("Product"),
    .absent = STR_INIT("Product not found"),
    .path = STR_INIT("/api/products"),
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
