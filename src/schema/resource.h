/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_RESOURCE_H
#define LARDER_SCHEMA_RESOURCE_H

#include "base/id.h"
#include "http/query.h"
#include "schema/field.h"

/* A served collection, as described by its resource file. Validation, queries, JSON output, indexes
 * and the OpenAPI document all derive from it. Unused strings are empty. */

/* Access rights. Each of the first four includes those after it; OWNER: signed-in users for their
 * own documents, and administrators for all. */
enum access { ACCESS_ANYONE, ACCESS_READER, ACCESS_EDITOR, ACCESS_ADMIN, ACCESS_OWNER };

/* Names of the fields that the server keeps; empty: not kept. */
struct kept_fields {
    struct str version, created, updated, owner;
};

/* mongoose's counter, which mongoose increments when an array changes. */
#define MONGOOSE_VERSION STR("__v")

struct index {
    struct str name; /* "category_createdAt": of ours */
    struct str keys; /* "category,-createdAt,-_id"; "text:name,steps.text" */
    bool unique, sparse;
    int64_t expire_after_s; /* 0: never; only on a time */
};

/* A list with some parameters set: /api/<name>/<list>. */
struct list_param {
    size_t param;    /* index in the resource's */
    struct str text; /* canonical */
};
struct named_list {
    struct str name, description, path;
    const struct list_param *params;
    size_t param_count;
};

/* The query parameters of a path. */
struct param_table {
    const struct query_param *params; /* sorted by name */
    size_t count;                     /* at most QUERY_PARAMS_MAX */
};

struct resource {
    size_t index;            /* in its schema */
    struct str name;         /* "recipes" */
    struct str singular;     /* "recipe" */
    struct str title;        /* "Recipe" */
    struct str absent;       /* "Recipe not found" */
    struct str removed;      /* "Recipe deleted" */
    struct str path;         /* "/api/recipes" */
    struct str item_path;    /* "/api/recipes/{id}" */
    struct str popular_path; /* "/api/recipes/popular" */
    struct str stats_path;   /* "/api/recipes/{id}/stats" */
    struct str facets_path;  /* "/api/recipes/facets" */
    struct str export_path;  /* "/api/recipes/export" */
    struct str touch_path;   /* "/api/recipes/touch" */
    struct str description;
    struct str collection; /* of MongoDB */
    enum id_type id;
    const struct field *document; /* FIELD_OBJECT: the fields that clients may set and see */
    const struct str *fields;     /* allowed values of `fields`: _id first, then all paths */
    size_t field_count;
    struct kept_fields kept;
    const struct query_param *params; /* sorted by name */
    size_t param_count;               /* at most QUERY_PARAMS_MAX */
    struct param_table facets, export;
    const struct named_list *lists;
    size_t list_count;
    const struct index *indexes;
    size_t index_count;
    struct str partition;             /* field whose values have a tag each */
    size_t partition_param;           /* the filter for equality with it, or param_count: none */
    int64_t item_ttl_ms, list_ttl_ms; /* 0: not kept */
    int64_t others_ms;                /* upper limit of both while no follower runs; 0: no limit */
    struct {
        struct str field; /* that each writer sets to the time; empty: none */
        int64_t every_ms, overlap_ms;
    } follow;
    enum access read, create, update, remove;
    bool searchable; /* has a text index */
    bool views;
    char hash[8]; /* hash of all that shapes answers, in hex; no NUL */
};

/* A collection of Larder's own, and its indexes. */
struct bookkeeping {
    struct str collection;
    const struct index *indexes;
    size_t index_count;
};

#endif
