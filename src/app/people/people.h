/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_PEOPLE_PEOPLE_H
#define LARDER_APP_PEOPLE_PEOPLE_H

#include "app/app_state.h"
#include "app/people/auth.h"

/* Handlers of the routes about people, and what they share. */

/* A plan for writes of sessions, which have no resource. */
extern const struct plan sessions_plan;

/* Sends response.body as a private answer. */
void personal_send(struct request *request, unsigned status);

handler session_create_handle;  /* POST /api/sessions */
handler session_current_handle; /* GET /api/sessions/current */
handler session_remove_handle;  /* DELETE /api/sessions/current */
handler sessions_remove_handle; /* DELETE /api/sessions: everywhere */
handler user_create_handle;     /* POST /api/users */
handler users_handle;           /* GET /api/users */
handler user_handle;            /* GET /api/users/{id} */
handler user_update_handle;     /* PUT /api/users/{id} */
handler user_rights_handle;     /* PATCH /api/users/{id} */
handler user_remove_handle;     /* DELETE /api/users/{id} */
handler dashboard_handle;       /* GET /api/me/dashboard */

#endif
