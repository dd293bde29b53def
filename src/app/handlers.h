/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_HANDLERS_H
#define LARDER_APP_HANDLERS_H

#include "app/app_state.h"

/* Handlers, by the table in routes.c. */
typedef void handler(void *context, struct request *request, const struct route *route,
                     struct str id);
handler export_handle, list_handle, facets_handle, item_handle, create_handle, update_handle,
    remove_handle;
/* Query parameters of a DELETE of several items. */
struct param_table remove_several_params(void);
handler patch_several_handle, remove_several_handle, touch_handle;
handler files_schema_handle;
handler popular_handle, stats_handle, live_handle;
handler healthz_handle, readyz_handle, metrics_handle;
handler home_handle, status_handle, purge_handle;
/* purge.c: the schema of a purge's body; made once a process. */
const struct resource *purge_form(void);

#endif
