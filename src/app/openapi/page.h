/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_APP_OPENAPI_PAGE_H
#define LARDER_APP_OPENAPI_PAGE_H

#include <jansson.h>

#include "base/buf.h"

/* An OpenAPI document as one HTML page: no script, no picture, nothing from anywhere else. */

/* Appends the page. */
void openapi_page(const json_t *document, struct buf *out);
/* The content of its one style element. */
struct str openapi_style(void);
/* For json_dump_callback: its context is the buf to append to. */
int openapi_append(const char *text, size_t len, void *context);

#endif
