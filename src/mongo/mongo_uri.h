/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_MONGO_MONGO_URI_H
#define LARDER_MONGO_MONGO_URI_H

#include "mongo/driver.h"

/* Inside of mongo/: parses a URI and adds Larder's settings; see mongo_new. The caller destroys
 * *out. */
enum err mongo_uri_parse(const char *text, mongoc_uri_t **out, const char **why);

#endif
