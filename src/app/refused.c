/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/refused.h"

bool refused_is(enum err err)
{
    return err == ERR_EXISTS || err == ERR_REFUSED;
}

void refused_errors(const struct refusal *refusal, struct problem *problem)
{
    for (size_t i = 0; i < refusal->count; i++) {
        const struct refused_field *field = &refusal->fields[i];
        struct str name = arena_str(problem->arena, str_from(field->name));
        if (field->has_limit)
            problem_addf(problem, name, "%s %.15g", field->what, field->limit);
        else
            problem_add(problem, name, str_from(field->what));
    }
}

void refused_send(struct request *request, enum err err, const struct refusal *refusal)
{
    struct problem problem;

    problem_init(&problem, &request->arena);
    refused_errors(refusal, &problem);
    if (err == ERR_EXISTS)
        problem_send(request, 409, STR("Exists already"), &problem);
    else
        problem_send(request, 400, STR("Refused by a rule of the database"), &problem);
}
