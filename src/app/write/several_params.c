/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/handlers.h"

struct param_table remove_several_params(void)
{
    static const struct query_param params[] = {
        {.name = STR_INIT("ids"),
         .type = PARAM_PARTS,
         .op = PARAM_IDS,
         .min = 1,
         .max = QUERY_TEXT_MAX,
         .help = STR_INIT("1 to 100 ids, with commas or repeated: nothing else is deleted")}};

    return (struct param_table){params, 1};
}
