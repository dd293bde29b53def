/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_UNIT_APP_THINGS_H
#define LARDER_UNIT_APP_THINGS_H

#include "../unit.h"

#include <stdlib.h>

#include "app/plan.h"

/* The resource "things", with the partition "category", and a fixture that holds its plan. */
static const struct field things_fields[] = {
    {.name = STR_INIT("category"), .path = STR_INIT("category"), .type = FIELD_STRING}};
static const struct field things_document = {
    .type = FIELD_OBJECT, .fields = things_fields, .field_count = 1};
static const struct query_param things_params[] = {{.name = STR_INIT("category"),
                                                    .type = PARAM_STRING,
                                                    .op = PARAM_EQ,
                                                    .field = STR_INIT("category"),
                                                    .max = 100}};
static const struct resource things = {
    .name = STR_INIT("things"),
    .singular = STR_INIT("thing"),
    .collection = STR_INIT("things"),
    .id = ID_STRING,
    .document = &things_document,
    .kept = {.version = STR_INIT("version"), .updated = STR_INIT("updatedAt")},
    .params = things_params,
    .param_count = 1,
    .partition = STR_INIT("category"),
    .partition_param = 0,
    .item_ttl_ms = 600000,
    .list_ttl_ms = 1000,
    .hash = {'0', '1', '2', '3', '4', '5', '6', '7'}};

struct fixture {
    struct arena arena;
    struct plan plan;
    char text[1024];
};

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    arena_init(&fixture->arena, NULL, 0);
    plan_init(&fixture->plan, &things, &fixture->arena);
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;

    arena_reset(&fixture->arena);
    free(fixture);
    return 0;
}

#endif
